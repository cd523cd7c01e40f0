/** Wire format id of `POST /v1/rerank`, as most servers have it. */
export const RERANK = 'rerank';
/** Wire format id of Cohere's `POST /v2/rerank`. */
export const COHERE_RERANK = 'cohere-rerank';
