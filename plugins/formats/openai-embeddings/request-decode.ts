import {
  type EmbeddingInput,
  type EmbeddingPart,
  type EmbeddingPurpose,
  type EmbeddingRequest,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type VectorEncoding,
  type VectorType,
} from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { OPENAI_EMBEDDINGS, PURPOSES, REQUEST_KEYS, VECTOR_TYPES } from './types.js';

/** Clients of the whole family ask at one path, so all of its spellings are read: Voyage's, Jina's, NVIDIA's too. */
export function decodeRequest(body: JsonObject): EmbeddingRequest {
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin: OPENAI_EMBEDDINGS,
    model: read.needString(body, 'model', ''),
    inputs: inputsFrom(body['input']),
    encodings: encodingsFrom(body),
  };
  const set = <K extends keyof EmbeddingRequest>(key: K, value: EmbeddingRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  const word = read.optString(body, 'task', '') ?? read.optString(body, 'input_type', '');
  set('purposeRaw', word);
  set('purpose', word === undefined ? undefined : purposeOf(word));
  set('dimensions', read.optInteger(body, 'dimensions', '') ?? read.optInteger(body, 'output_dimension', ''));
  set('truncate', truncateFrom(body));
  set('normalize', read.optBoolean(body, 'normalized', ''));
  set('user', read.optString(body, 'user', ''));
  set('extra', read.extraOf(body, REQUEST_KEYS));
  return request;
}

function purposeOf(word: string): EmbeddingPurpose | undefined {
  const found = PURPOSES.find(({ words }) => words.includes(word.toLowerCase()));
  return found?.purpose;
}

/** A text, a list of texts, a list of tokens, or a list of any of these; Jina also has objects. */
function inputsFrom(input: JsonValue | undefined): EmbeddingInput[] {
  if (typeof input === 'string') return [{ type: 'text', text: input }];
  if (!Array.isArray(input) || input.length === 0)
    throw new MalformedBody("'input' must be a string or a list that is not empty", 'input');
  if (typeof input[0] === 'number') return [{ type: 'tokens', tokens: tokensFrom(input, 'input') }];
  return input.map((one, i) => inputFrom(one, `input[${i}]`));
}

function inputFrom(value: JsonValue, where: string): EmbeddingInput {
  if (typeof value === 'string') return { type: 'text', text: value };
  if (Array.isArray(value)) return { type: 'tokens', tokens: tokensFrom(value, where) };
  if (!read.isObject(value))
    throw new MalformedBody(`'${where}' must be a text, a list of tokens or an object`, where);
  const parts = value['content'];
  if (Array.isArray(parts))
    return {
      type: 'mixed',
      parts: parts.map((_, i) =>
        partFrom(read.objectAt(parts, i, `${where}.content`), `${where}.content[${i}]`),
      ),
    };
  return partFrom(value, where);
}

/** `{ text }`, `{ image }` with an address or bare base64 (Jina), or the parts of OpenAI's messages (Cohere, Voyage). */
function partFrom(value: JsonObject, where: string): EmbeddingPart {
  const text = read.optString(value, 'text', where);
  if (text !== undefined) return { type: 'text', text };
  const nested = read.isObject(value['image_url']) ? value['image_url']['url'] : value['image_url'];
  const image = value['image'] ?? value['image_base64'] ?? nested;
  if (typeof image === 'string') return { type: 'image', url: urlOf(image) };
  throw new MalformedBody(`'${where}' must hold a text or an image`, where);
}

function urlOf(image: string): string {
  return /^(https?:|data:)/.test(image) ? image : `data:image/png;base64,${image}`;
}

function tokensFrom(list: JsonValue[], where: string): number[] {
  for (const token of list)
    if (!Number.isSafeInteger(token))
      throw new MalformedBody(`'${where}' must be a list of whole numbers`, where);
  return list as number[];
}

/** OpenAI's `encoding_format`, Voyage's and Mistral's `output_dtype`, Jina's `embedding_type`. */
function encodingsFrom(body: JsonObject): VectorEncoding[] {
  const format = read.optString(body, 'encoding_format', '');
  if (format !== undefined && format !== 'float' && format !== 'base64')
    throw new MalformedBody("'encoding_format' must be float or base64", 'encoding_format');
  const base64 = format === 'base64';
  const words =
    read.optStrings(body, 'embedding_type', '') ?? read.optStrings(body, 'output_dtype', '') ?? [];
  if (words.length === 0) return format === undefined ? [] : [{ type: 'float', base64 }];
  return words.map((word) => {
    if (word === 'base64') return { type: 'float', base64: true };
    if (!VECTOR_TYPES.has(word))
      throw new MalformedBody(`'${word}' is no type of vectors that is known`, 'output_dtype');
    return { type: word as VectorType, base64 };
  });
}

/** A switch at Voyage and Jina, a word at NVIDIA. */
function truncateFrom(body: JsonObject): EmbeddingRequest['truncate'] | undefined {
  const value = body['truncation'] ?? body['truncate'];
  if (typeof value === 'boolean') return value ? 'end' : 'none';
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  return word === 'start' || word === 'end' || word === 'none' ? word : undefined;
}
