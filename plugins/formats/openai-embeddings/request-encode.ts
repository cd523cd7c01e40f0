import type { EmbeddingRequest, EncodeContext, JsonObject, JsonValue } from '@headgate/sdk';
import { encodingAmong, partsOf, textsOf } from '../shared/embedding-inputs.js';
import { JINA_TYPES, OPENAI_EMBEDDINGS, OPENAI_TYPES, PURPOSES, VOYAGE_TYPES } from './types.js';

/** What only the family's own clients say. */
function started(request: EmbeddingRequest, input: JsonValue, { model }: EncodeContext): JsonObject {
  const extra = request.origin === OPENAI_EMBEDDINGS ? request.extra : undefined;
  return { ...extra, model, input };
}

/** One text stands alone, as most clients write it. */
function oneOrAll<T extends JsonValue>(inputs: T[]): JsonValue {
  return inputs.length === 1 ? (inputs[0] as T) : inputs;
}

/**
 * OpenAI itself has no word for the purpose, for what is cut off, or for other types than floats: but its own clients may
 * say them, for a server that has.
 */
export function encodeOpenai(request: EmbeddingRequest, context: EncodeContext): JsonObject {
  const { warn } = context;
  const inputs = request.inputs.map((input): JsonValue => {
    if (input.type === 'tokens') return input.tokens;
    const parts = partsOf(input, 'OpenAI embeddings');
    const [only] = parts;
    if (parts.length === 1 && only?.type === 'text') return only.text;
    return textsOf({ ...request, inputs: [input] }, 'OpenAI embeddings');
  });
  const body = started(request, oneOrAll(inputs), context);
  if (request.dimensions !== undefined) body['dimensions'] = request.dimensions;
  const encoding = encodingAmong(request, OPENAI_TYPES, warn, 'encoding_format');
  if (encoding !== undefined) body['encoding_format'] = encoding.base64 ? 'base64' : 'float';
  if (request.user !== undefined) body['user'] = request.user;
  if (request.origin === OPENAI_EMBEDDINGS && request.purposeRaw !== undefined)
    body['input_type'] = request.purposeRaw;
  else if (request.purpose !== undefined) warn('input_type', 'OpenAI has no word for the purpose of vectors');
  if (request.truncate !== undefined && request.truncate !== 'none')
    warn('truncate', 'OpenAI refuses what is too long');
  if (request.title !== undefined) warn('title', 'OpenAI has no titles');
  if (request.normalize === false) warn('normalize', "OpenAI's vectors always have length 1");
  return body;
}

/** `POST /v1/embeddings` of Voyage, https://docs.voyageai.com/reference/embeddings-api. */
export function encodeVoyage(request: EmbeddingRequest, context: EncodeContext): JsonObject {
  const { warn } = context;
  const body = started(request, oneOrAll(textsOf(request, 'Voyage embeddings')), context);
  const { purpose, dimensions, truncate } = request;
  if (purpose === 'query' || purpose === 'document') body['input_type'] = purpose;
  else if (purpose === 'code-query' || purpose === 'question') body['input_type'] = 'query';
  else if (purpose !== undefined || request.purposeRaw !== undefined)
    warn('input_type', 'Voyage knows queries and documents only');
  if (dimensions !== undefined) body['output_dimension'] = dimensions;
  const encoding = encodingAmong(request, VOYAGE_TYPES, warn, 'encoding_format');
  if (encoding !== undefined && encoding.type !== 'float') body['output_dtype'] = encoding.type;
  if (encoding?.base64 === true) body['encoding_format'] = 'base64';
  if (truncate !== undefined) body['truncation'] = truncate !== 'none';
  if (truncate === 'start') warn('truncate', 'Voyage cuts off the end');
  if (request.title !== undefined) warn('title', 'Voyage has no titles');
  if (request.normalize === false) warn('normalize', "Voyage's vectors always have length 1");
  if (request.user !== undefined) warn('user', 'Voyage does not ask for end users');
  return body;
}

/** `POST /v1/embeddings` of Jina, https://api.jina.ai/redoc. */
export function encodeJina(request: EmbeddingRequest, context: EncodeContext): JsonObject {
  const { warn } = context;
  const inputs = request.inputs.map((input): JsonValue => {
    const parts = partsOf(input, 'Jina embeddings').map(
      (part): JsonObject => (part.type === 'text' ? { text: part.text } : { image: bare(part.url) }),
    );
    const [only] = parts;
    if (parts.length > 1 || only === undefined) return { content: parts };
    return typeof only['text'] === 'string' ? only['text'] : only;
  });
  const body = started(request, inputs, context);
  const word = PURPOSES.find(({ purpose }) => purpose === request.purpose)?.words[0];
  if (word !== undefined) body['task'] = word;
  else if (request.origin === OPENAI_EMBEDDINGS && request.purposeRaw !== undefined)
    body['task'] = request.purposeRaw;
  else if (request.purpose !== undefined) warn('input_type', 'Jina has no word for that purpose');
  if (request.dimensions !== undefined) body['dimensions'] = request.dimensions;
  const encoding = encodingAmong(request, JINA_TYPES, warn, 'encoding_format');
  if (encoding !== undefined) body['embedding_type'] = encoding.base64 ? 'base64' : encoding.type;
  if (request.truncate !== undefined) body['truncate'] = request.truncate !== 'none';
  if (request.normalize !== undefined) body['normalized'] = request.normalize;
  if (request.title !== undefined) warn('title', 'Jina has no titles');
  if (request.user !== undefined) warn('user', 'Jina does not ask for end users');
  return body;
}

/** Jina takes addresses and bare base64. */
function bare(url: string): string {
  return url.startsWith('data:') ? url.slice(url.indexOf(',') + 1) : url;
}
