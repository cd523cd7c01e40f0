import {
  type EmbeddingAnswer,
  type EmbeddingInput,
  type EmbeddingPart,
  type EmbeddingPurpose,
  type EmbeddingRequest,
  type EmbeddingVector,
  type EncodeContext,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type VectorEncoding,
  type VectorType,
} from '@headgate/sdk';
import { partsOf } from './embedding-inputs.js';
import * as read from './read-json.js';
import { numbersIn, vectorAs } from './vector-bytes.js';

/** Embeddings as Cohere writes them, in the two versions of its API and on Bedrock. */

const PURPOSES: Readonly<Record<string, EmbeddingPurpose>> = {
  search_document: 'document',
  search_query: 'query',
  classification: 'classification',
  clustering: 'clustering',
};

const WORDS: Readonly<Record<EmbeddingPurpose, string>> = {
  document: 'search_document',
  query: 'search_query',
  similarity: 'clustering',
  classification: 'classification',
  clustering: 'clustering',
  'code-query': 'search_query',
  question: 'search_query',
  fact: 'search_query',
};

/** Purposes that Cohere has a word of its own for. */
const OWN = new Set<EmbeddingPurpose>(Object.values(PURPOSES));

const TYPES: readonly VectorType[] = ['float', 'int8', 'uint8', 'binary', 'ubinary'];

const REQUEST_KEYS = new Set([
  'model',
  'input_type',
  'texts',
  'images',
  'inputs',
  'output_dimension',
  'embedding_types',
  'truncate',
]);

export function decodeEmbedRequest(body: JsonObject, origin: string, model: string): EmbeddingRequest {
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin,
    model,
    inputs: inputsFrom(body),
    encodings: (read.optStrings(body, 'embedding_types', '') ?? []).map(encodingOf),
  };
  const word = read.optString(body, 'input_type', '');
  if (word !== undefined) request.purposeRaw = word;
  const purpose = word === undefined || !Object.hasOwn(PURPOSES, word) ? undefined : PURPOSES[word];
  if (purpose !== undefined) request.purpose = purpose;
  const dimensions = read.optInteger(body, 'output_dimension', '');
  if (dimensions !== undefined) request.dimensions = dimensions;
  const truncate = read.optString(body, 'truncate', '')?.toLowerCase();
  if (truncate === 'start' || truncate === 'end' || truncate === 'none') request.truncate = truncate;
  else if (truncate !== undefined)
    throw new MalformedBody("'truncate' must be NONE, START or END", 'truncate');
  const extra = read.extraOf(body, REQUEST_KEYS);
  if (extra !== undefined) request.extra = extra;
  return request;
}

function encodingOf(word: string): VectorEncoding {
  if (word === 'base64') return { type: 'float', base64: true };
  const type = TYPES.find((one) => one === word);
  if (type === undefined)
    throw new MalformedBody(
      `'embedding_types' must be of ${TYPES.join(', ')} and base64, not '${word}'`,
      'embedding_types',
    );
  return { type, base64: false };
}

function inputsFrom(body: JsonObject): EmbeddingInput[] {
  const texts = read.optStrings(body, 'texts', '');
  const images = read.optStrings(body, 'images', '');
  const mixed = read.optArray(body, 'inputs', '');
  const inputs: EmbeddingInput[] = [
    ...(texts ?? []).map((text) => ({ type: 'text' as const, text })),
    ...(images ?? []).map((url) => ({ type: 'image' as const, url })),
    ...(mixed ?? []).map((_, i) => mixedFrom(read.objectAt(mixed ?? [], i, 'inputs'), `inputs[${i}]`)),
  ];
  if (inputs.length === 0)
    throw new MalformedBody("'texts', 'images' or 'inputs' must hold something", 'texts');
  return inputs;
}

function mixedFrom(input: JsonObject, where: string): EmbeddingInput {
  const content = read.needArray(input, 'content', where);
  const parts = content.map((_, i): EmbeddingPart => {
    const at = `${where}.content`;
    const part = read.objectAt(content, i, at);
    const text = read.optString(part, 'text', `${at}[${i}]`);
    if (text !== undefined) return { type: 'text', text };
    const image = read.needObject(part, 'image_url', `${at}[${i}]`);
    return { type: 'image', url: read.needString(image, 'url', `${at}[${i}].image_url`) };
  });
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { type: 'mixed', parts };
}

/** Without a model: where that stands is the caller's to know. `kin`: requests of these formats keep what is unknown here. */
export function encodeEmbedRequest(
  request: EmbeddingRequest,
  { warn }: EncodeContext,
  kin: readonly string[],
): JsonObject {
  const own = kin.includes(request.origin);
  const { purpose, purposeRaw } = request;
  const body: JsonObject = { ...(own ? request.extra : undefined), ...inputFields(request) };
  // Its newer models need a word; what says nothing is mostly there to be found.
  body['input_type'] = own && purposeRaw !== undefined ? purposeRaw : usualWord(request, body);
  if (purpose !== undefined && !OWN.has(purpose)) warn('input_type', 'Cohere has a coarser word for it');
  if (request.dimensions !== undefined) body['output_dimension'] = request.dimensions;
  body['embedding_types'] = typesOf(request);
  if (request.truncate !== undefined) body['truncate'] = request.truncate.toUpperCase();
  if (request.title !== undefined) warn('title', 'Cohere has no titles');
  if (request.normalize !== undefined) warn('normalize', 'Cohere decides itself');
  if (!own && request.user !== undefined) warn('user', 'Cohere does not ask for end users');
  return body;
}

function usualWord({ purpose }: EmbeddingRequest, body: JsonObject): string {
  if (body['images'] !== undefined) return 'image';
  return WORDS[purpose ?? 'document'];
}

/** Texts alone, a picture alone, or a mix, for which only the newest models have words. */
function inputFields(request: EmbeddingRequest): JsonObject {
  const inputs = request.inputs.map((input) => partsOf(input, 'Cohere embed'));
  const alone = inputs.flatMap((parts) => (parts.length === 1 ? parts : []));
  if (alone.length === inputs.length) {
    const texts = alone.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    if (texts.length === alone.length) return { texts };
    if (texts.length === 0)
      return { images: alone.flatMap((part) => (part.type === 'image' ? [part.url] : [])) };
  }
  return {
    inputs: inputs.map((parts) => ({
      content: parts.map(
        (part): JsonObject =>
          part.type === 'text'
            ? { type: 'text', text: part.text }
            : { type: 'image_url', image_url: { url: part.url } },
      ),
    })),
  };
}

/** Floats come as numbers, whatever the client wants: not every model has the base64 of them. */
function typesOf({ encodings }: EmbeddingRequest): string[] {
  const types = new Set<string>(encodings.map(({ type }) => type));
  return types.size === 0 ? ['float'] : [...types];
}

const ANSWER_KEYS = new Set(['id', 'embeddings', 'texts', 'images', 'meta', 'response_type']);

/** The vectors of an answer, by type or, in the older form, bare floats. */
export function decodeEmbedAnswer(
  body: JsonValue,
  origin: string,
): Omit<EmbeddingAnswer, 'usage'> & { usage: null } {
  if (!read.isObject(body)) throw new MalformedBody('it is not a JSON object');
  const { embeddings } = body;
  const answer = {
    operation: 'embedding' as const,
    origin,
    id: read.stringOr(body['id'], ''),
    model: '',
    vectors: Array.isArray(embeddings)
      ? embeddings.map((one, i): EmbeddingVector => ({ float: numbersIn(one, `embeddings[${i}]`) }))
      : byType(read.needObject(body, 'embeddings', '')),
    usage: null,
  };
  const extra = read.extraOf(body, ANSWER_KEYS);
  return extra === undefined ? answer : { ...answer, extra };
}

function byType(embeddings: JsonObject): EmbeddingVector[] {
  const vectors: EmbeddingVector[] = [];
  for (const type of [...TYPES, 'base64'] as const) {
    const list = embeddings[type];
    if (!Array.isArray(list)) continue;
    list.forEach((one, i) => {
      const vector = (vectors[i] ??= {});
      if (type !== 'base64') vector[type] = numbersIn(one, `embeddings.${type}[${i}]`);
      else if (typeof one === 'string') vector.float ??= one;
    });
  }
  return vectors;
}

/** `{ float: […], int8: […] }` as it was asked for; floats when nothing else came. */
export function embeddingsByType(answer: EmbeddingAnswer, { encodings }: EmbeddingRequest): JsonObject {
  const json: JsonObject = {};
  const add = (name: string, encoding: VectorEncoding): void => {
    const list = answer.vectors.map((vector) => vectorAs(vector, encoding));
    if (list.every((one) => one !== undefined)) json[name] = list as JsonValue[];
  };
  for (const encoding of encodings) add(encoding.base64 ? 'base64' : encoding.type, encoding);
  if (Object.keys(json).length === 0) add('float', { type: 'float', base64: false });
  return json;
}

/** The texts that an answer repeats, as Cohere's does. */
export function textsAsked({ inputs }: EmbeddingRequest): string[] {
  return inputs.flatMap((input) => (input.type === 'text' ? [input.text] : []));
}
