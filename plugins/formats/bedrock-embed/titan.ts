import {
  type EmbeddingAnswer,
  type EmbeddingPart,
  type EmbeddingRequest,
  type EmbeddingVector,
  type EncodeContext,
  emptyUsage,
  type JsonObject,
  type JsonValue,
  MalformedBody,
} from '@headgate/sdk';
import { encodingAmong, FLOATS, partsOf } from '../shared/embedding-inputs.js';
import * as read from '../shared/read-json.js';
import { numbersIn, vectorAs, vectorLike } from '../shared/vector-bytes.js';

/**
 * Amazon Titan's embeddings: one input a call,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and titan-embed-mm.html.
 */

const REQUEST_KEYS = new Set([
  'inputText',
  'inputImage',
  'dimensions',
  'normalize',
  'embeddingTypes',
  'embeddingConfig',
]);

export function decodeTitan(body: JsonObject, origin: string): EmbeddingRequest {
  const text = read.optString(body, 'inputText', '');
  const image = read.optString(body, 'inputImage', '');
  const parts: EmbeddingPart[] = [];
  if (text !== undefined) parts.push({ type: 'text', text });
  if (image !== undefined) parts.push({ type: 'image', url: `data:image/png;base64,${image}` });
  const [only] = parts;
  if (only === undefined) throw new MalformedBody("'inputText' must be a string", 'inputText');
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin,
    model: '',
    inputs: [parts.length === 1 ? only : { type: 'mixed', parts }],
    encodings: (read.optStrings(body, 'embeddingTypes', '') ?? []).map((type) => {
      if (type !== 'float' && type !== 'binary')
        throw new MalformedBody("'embeddingTypes' must be of float and binary", 'embeddingTypes');
      return { type, base64: false };
    }),
  };
  const config = read.optObject(body, 'embeddingConfig', '') ?? {};
  const dimensions =
    read.optInteger(body, 'dimensions', '') ??
    read.optInteger(config, 'outputEmbeddingLength', 'embeddingConfig');
  if (dimensions !== undefined) request.dimensions = dimensions;
  const normalize = read.optBoolean(body, 'normalize', '');
  if (normalize !== undefined) request.normalize = normalize;
  const extra = read.extraOf(body, REQUEST_KEYS);
  if (extra !== undefined) request.extra = extra;
  return request;
}

export function encodeTitan(
  request: EmbeddingRequest,
  { model, warn }: EncodeContext,
  own: boolean,
): JsonObject {
  const body: JsonObject = own ? { ...request.extra } : {};
  const withImages = model.includes('image');
  for (const part of request.inputs.flatMap((input) => partsOf(input, 'Titan embeddings'))) {
    const field = part.type === 'text' ? 'inputText' : 'inputImage';
    if (body[field] !== undefined || (part.type === 'image' && !withImages))
      throw new MalformedBody(
        'the input holds more than one text and one picture, or a picture that the model does not take',
        'input',
      );
    body[field] = part.type === 'text' ? part.text : bare(part.url);
  }
  if (request.dimensions !== undefined) {
    if (withImages) body['embeddingConfig'] = { outputEmbeddingLength: request.dimensions };
    // The first version knows nothing but the text.
    else if (model.includes('v1')) warn('dimensions', 'the first Titan has 1536 dimensions');
    else body['dimensions'] = request.dimensions;
  }
  const encoding = encodingAmong(request, ['float', 'binary'], warn, 'encoding_format');
  if (encoding?.type === 'binary') body['embeddingTypes'] = ['binary'];
  if (request.normalize !== undefined) body['normalize'] = request.normalize;
  if (request.purpose !== undefined || request.purposeRaw !== undefined)
    warn('input_type', 'Titan has no word for the purpose of vectors');
  if (request.truncate !== undefined && request.truncate !== 'none')
    warn('truncate', 'Titan refuses what is too long');
  if (request.title !== undefined) warn('title', 'Titan has no titles');
  if (request.user !== undefined) warn('user', 'Titan does not ask for end users');
  return body;
}

function bare(url: string): string {
  if (!url.startsWith('data:'))
    throw new MalformedBody(
      'the input holds the address of a picture; Titan wants its bytes in base64',
      'input',
    );
  return url.slice(url.indexOf(',') + 1);
}

export function decodeTitanAnswer(body: JsonObject, origin: string): EmbeddingAnswer {
  const byType = read.optObject(body, 'embeddingsByType', '') ?? {};
  const vector: EmbeddingVector = {};
  if (body['embedding'] !== undefined) vector.float = numbersIn(body['embedding'], 'embedding');
  for (const type of ['float', 'binary'] as const)
    if (byType[type] !== undefined) vector[type] = numbersIn(byType[type], `embeddingsByType.${type}`);
  const tokens = body['inputTextTokenCount'];
  const usage = typeof tokens === 'number' ? { ...emptyUsage(), inputTokens: read.count(tokens) } : null;
  return { operation: 'embedding', origin, id: '', model: '', vectors: [vector], usage };
}

export function encodeTitanAnswer(answer: EmbeddingAnswer, { encodings }: EmbeddingRequest): JsonObject {
  const vector = answer.vectors[0] ?? {};
  const byType: JsonObject = {};
  for (const encoding of encodings) {
    const found = vectorAs(vector, encoding);
    if (found !== undefined) byType[encoding.type] = found as JsonValue;
  }
  return {
    embedding: vectorLike(vector, FLOATS) as JsonValue,
    ...(Object.keys(byType).length > 0 && { embeddingsByType: byType }),
    inputTextTokenCount: answer.usage?.inputTokens ?? 0,
  };
}
