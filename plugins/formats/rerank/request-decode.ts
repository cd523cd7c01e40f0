import {
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type RerankDocument,
  type RerankRequest,
} from '@headgate/sdk';
import * as read from '../shared/read-json.js';

/** Members that the hub has a name for; all others travel in `extra`. */
const REQUEST_KEYS = new Set([
  'model',
  'query',
  'documents',
  'texts',
  'top_n',
  'top_k',
  'return_documents',
  'return_text',
  'rank_fields',
  'max_tokens_per_doc',
  'max_chunks_per_doc',
  'truncation',
  'truncate',
  'user',
  'api_version',
]);

/** Clients of the whole family ask at one path, so all spellings are read: Cohere's, Jina's, Voyage's and TEI's. */
export function decodeRerank(body: JsonObject, origin: string, model: string): RerankRequest {
  const request: RerankRequest = {
    operation: 'rerank',
    origin,
    model,
    query: queryFrom(body['query']),
    documents: documentsFrom(body),
  };
  const set = <K extends keyof RerankRequest>(key: K, value: RerankRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  set('top', read.optInteger(body, 'top_n', '') ?? read.optInteger(body, 'top_k', ''));
  set(
    'returnDocuments',
    read.optBoolean(body, 'return_documents', '') ?? read.optBoolean(body, 'return_text', ''),
  );
  set('rankFields', read.optStrings(body, 'rank_fields', ''));
  set('maxTokensPerDocument', read.optInteger(body, 'max_tokens_per_doc', ''));
  set('maxChunksPerDocument', read.optInteger(body, 'max_chunks_per_doc', ''));
  set('truncate', read.optBoolean(body, 'truncation', '') ?? read.optBoolean(body, 'truncate', ''));
  set('user', read.optString(body, 'user', ''));
  set('extra', read.extraOf(body, REQUEST_KEYS));
  return request;
}

/** Jina also takes `{ text }`. */
function queryFrom(value: JsonValue | undefined): string {
  const text = read.isObject(value) ? value['text'] : value;
  if (typeof text !== 'string') throw new MalformedBody("'query' must be a string", 'query');
  return text;
}

function documentsFrom(body: JsonObject): RerankDocument[] {
  const key = body['documents'] === undefined && body['texts'] !== undefined ? 'texts' : 'documents';
  const list = read.needArray(body, key, '');
  if (list.length === 0) throw new MalformedBody(`'${key}' must not be empty`, key);
  return list.map((one, i) => {
    const found = documentFrom(one);
    if (found === undefined)
      throw new MalformedBody(`'${key}[${i}]' must be a string or an object`, `${key}[${i}]`);
    return found;
  });
}

export function documentFrom(value: JsonValue | undefined): RerankDocument | undefined {
  if (typeof value === 'string') return { text: value };
  if (!read.isObject(value)) return undefined;
  const { text } = value;
  return typeof text === 'string' && Object.keys(value).length === 1 ? { text } : { fields: value };
}
