import type {
  EmbeddingPart,
  EmbeddingPurpose,
  EmbeddingRequest,
  EncodeContext,
  JsonObject,
} from '@headgate/sdk';

/** What the Gemini API and Vertex AI have in common in embeddings, https://ai.google.dev/api/embeddings. */

const TASKS: Readonly<Record<string, EmbeddingPurpose>> = {
  RETRIEVAL_QUERY: 'query',
  RETRIEVAL_DOCUMENT: 'document',
  SEMANTIC_SIMILARITY: 'similarity',
  CLASSIFICATION: 'classification',
  CLUSTERING: 'clustering',
  CODE_RETRIEVAL_QUERY: 'code-query',
  QUESTION_ANSWERING: 'question',
  FACT_VERIFICATION: 'fact',
};
const WORDS = new Map(Object.entries(TASKS).map(([word, purpose]) => [purpose, word]));

export function purposeOf(task: string): EmbeddingPurpose | undefined {
  return Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;
}

/** Google's word for the purpose. `own`: the client speaks one of Google's formats, so its own word is right. */
export function taskWord(request: EmbeddingRequest, own: boolean): string | undefined {
  if (own && request.purposeRaw !== undefined) return request.purposeRaw;
  return request.purpose === undefined ? undefined : WORDS.get(request.purpose);
}

/** Google's vectors come as floats in JSON, which is no loss: base64 of these is made here. */
export function warnUnsaid(request: EmbeddingRequest, { warn }: EncodeContext): void {
  if (request.encodings.some(({ type }) => type !== 'float'))
    warn('encoding_format', "Google's vectors are floats");
  if (request.normalize !== undefined) warn('normalize', 'Google decides itself');
  if (request.user !== undefined) warn('user', 'Google does not ask for end users');
}

const DATA_URL = /^data:([^;,]+)[^,]*;base64,/;

/** A part of Google's contents. */
export function contentPart(part: EmbeddingPart): JsonObject {
  if (part.type === 'text') return { text: part.text };
  const mimeType = DATA_URL.exec(part.url)?.[1];
  return mimeType === undefined
    ? { fileData: { fileUri: part.url } }
    : { inlineData: { mimeType, data: part.url.slice(part.url.indexOf(',') + 1) } };
}
