import type { EmbeddingPurpose, VectorType } from '@headgate/sdk';

/** Wire format id of `POST /v1/embeddings`. */
export const OPENAI_EMBEDDINGS = 'openai-embeddings';

/** In which each can give vectors. */
export const OPENAI_TYPES: readonly VectorType[] = ['float'];
export const VOYAGE_TYPES: readonly VectorType[] = ['float', 'int8', 'uint8', 'binary', 'ubinary'];
export const JINA_TYPES: readonly VectorType[] = ['float', 'binary', 'ubinary'];

export const VECTOR_TYPES: ReadonlySet<string> = new Set(VOYAGE_TYPES);

/** Members of the family that the hub has a name for; all others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'dimensions',
  'output_dimension',
  'encoding_format',
  'output_dtype',
  'embedding_type',
  'input_type',
  'task',
  'truncation',
  'truncate',
  'normalized',
  'user',
]);

/** Voyage and Jina have words for the purpose, and so has NVIDIA; the first is Jina's. */
export const PURPOSES: readonly { purpose: EmbeddingPurpose; words: readonly string[] }[] = [
  { purpose: 'query', words: ['retrieval.query', 'query', 'search_query'] },
  { purpose: 'document', words: ['retrieval.passage', 'document', 'passage', 'search_document'] },
  { purpose: 'similarity', words: ['text-matching'] },
  { purpose: 'classification', words: ['classification'] },
  { purpose: 'clustering', words: ['separation', 'clustering'] },
  { purpose: 'code-query', words: ['code.query', 'nl2code.query'] },
  { purpose: 'question', words: [] },
  { purpose: 'fact', words: [] },
];
