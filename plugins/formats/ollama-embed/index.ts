import {
  type EmbeddingAnswer,
  type EmbeddingRequest,
  type EmbeddingVector,
  emptyUsage,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type TaskCodec,
  type Usage,
  type WireFormat,
} from '@headgate/sdk';
import { FLOATS, textsOf } from '../shared/embedding-inputs.js';
import { ollamaError } from '../shared/ollama-error.js';
import { ollamaMeter } from '../shared/ollama-meter.js';
import * as read from '../shared/read-json.js';
import { numbersIn, vectorLike } from '../shared/vector-bytes.js';

const OLLAMA_EMBED = 'ollama-embed';
const OLLAMA_EMBEDDINGS = 'ollama-embeddings';
const KIN = [OLLAMA_EMBED, OLLAMA_EMBEDDINGS];

const REQUEST_KEYS = new Set(['model', 'input', 'prompt', 'truncate', 'dimensions']);

function decode(body: JsonObject, origin: string, field: string): EmbeddingRequest {
  const texts = read.optStrings(body, field, '');
  if (texts === undefined || texts.length === 0)
    throw new MalformedBody(`'${field}' must be a string or a list of strings`, field);
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin,
    model: read.needString(body, 'model', ''),
    inputs: texts.map((text) => ({ type: 'text', text })),
    encodings: [],
  };
  const truncate = read.optBoolean(body, 'truncate', '');
  if (truncate !== undefined) request.truncate = truncate ? 'end' : 'none';
  const dimensions = read.optInteger(body, 'dimensions', '');
  if (dimensions !== undefined) request.dimensions = dimensions;
  const extra = read.extraOf(body, REQUEST_KEYS);
  if (extra !== undefined) request.extra = extra;
  return request;
}

function encode(request: EmbeddingRequest, model: string, input: JsonObject): JsonObject {
  return { ...(KIN.includes(request.origin) ? request.extra : undefined), model, ...input };
}

function answerOf(body: JsonObject, origin: string, lists: JsonValue[]): EmbeddingAnswer {
  const tokens = body['prompt_eval_count'];
  const usage: Usage | null =
    typeof tokens === 'number' ? { ...emptyUsage(), inputTokens: read.count(tokens) } : null;
  return {
    operation: 'embedding',
    origin,
    id: '',
    model: read.stringOr(body['model'], ''),
    vectors: lists.map((list, i): EmbeddingVector => ({ float: numbersIn(list, `embeddings[${i}]`) })),
    usage,
  };
}

function needBody(body: JsonValue): JsonObject {
  if (read.isObject(body)) return body;
  throw new MalformedBody('it is not a JSON object');
}

const numbers = (vector: EmbeddingVector): JsonValue => vectorLike(vector, FLOATS) as JsonValue;

const embed: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  decodeRequest: (body) => decode(body, OLLAMA_EMBED, 'input'),
  encodeRequest(request, { model, warn }) {
    const { purpose, dimensions, truncate } = request;
    const body = encode(request, model, { input: textsOf(request, 'Ollama embeddings') });
    if (dimensions !== undefined) body['dimensions'] = dimensions;
    if (truncate !== undefined) body['truncate'] = truncate !== 'none';
    if (truncate === 'start') warn('truncate', 'Ollama cuts off the end');
    if (purpose !== undefined || request.purposeRaw !== undefined)
      warn('input_type', 'Ollama has no word for the purpose of vectors');
    if (request.title !== undefined) warn('title', 'Ollama has no titles');
    if (request.encodings.some(({ type }) => type !== 'float'))
      warn('encoding_format', "Ollama's vectors are floats");
    if (request.normalize === false) warn('normalize', "Ollama's vectors have length 1");
    if (request.user !== undefined) warn('user', 'Ollama does not ask for end users');
    return body;
  },
  decodeAnswer(raw) {
    const body = needBody(raw);
    return answerOf(body, OLLAMA_EMBED, read.needArray(body, 'embeddings', ''));
  },
  encodeAnswer: (answer) => ({
    model: answer.model,
    embeddings: answer.vectors.map(numbers),
    ...(answer.usage !== null && { prompt_eval_count: answer.usage.inputTokens }),
  }),
};

/** The older form: one prompt, one vector, and no word of usage. */
const embeddings: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  decodeRequest: (body) => decode(body, OLLAMA_EMBEDDINGS, 'prompt'),
  encodeRequest(request, context) {
    const { input, truncate: _, dimensions, ...rest } = embed.encodeRequest(request, context);
    if (dimensions !== undefined) context.warn('dimensions', 'the older form has no dimensions');
    return { ...rest, prompt: (input as string[])[0] ?? '' };
  },
  decodeAnswer(raw) {
    const body = needBody(raw);
    return answerOf(body, OLLAMA_EMBEDDINGS, [read.needArray(body, 'embedding', '')]);
  },
  encodeAnswer: (answer) => ({ embedding: numbers(answer.vectors[0] ?? {}) }),
  maxInputs: () => 1,
};

function format(id: string, task: TaskCodec<EmbeddingRequest, EmbeddingAnswer>): WireFormat {
  return {
    id,
    operation: 'embedding',
    requestIdHeader: 'x-request-id',
    task,
    error: ollamaError,
    meter: ollamaMeter,
    fields: [],
  };
}

/** `POST /api/embed`, https://docs.ollama.com/api/embed, and `POST /api/embeddings`, which it took the place of. */
export const ollamaEmbed = format(OLLAMA_EMBED, embed);
export const ollamaEmbeddings = format(OLLAMA_EMBEDDINGS, embeddings);
