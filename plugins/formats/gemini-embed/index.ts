import {
  type EmbeddingAnswer,
  type EmbeddingRequest,
  type EmbeddingVector,
  type EncodeContext,
  emptyUsage,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type Meter,
  type TaskCodec,
  type Usage,
  type WireFormat,
} from '@headgate/sdk';
import { FLOATS, partsOf } from '../shared/embedding-inputs.js';
import { geminiError } from '../shared/gemini-error.js';
import { contentPart, taskWord, warnUnsaid } from '../shared/google-embedding.js';
import { topLevelObject } from '../shared/json-bytes.js';
import { openaiMeter } from '../shared/openai-meter.js';
import * as read from '../shared/read-json.js';
import { numbersIn, vectorLike } from '../shared/vector-bytes.js';
import { decodeBatch, decodeSingle } from './request-decode.js';

const GEMINI_EMBED = 'gemini-embed';
const GEMINI_BATCH_EMBED = 'gemini-batch-embed';

/** A batch holds no more. */
const MAX_INPUTS = 100;

function encodeOne(
  request: EmbeddingRequest,
  input: EmbeddingRequest['inputs'][number],
  model: string,
): JsonObject {
  const parts = partsOf(input, 'Gemini embeddings').map(contentPart);
  const body: JsonObject = { model: `models/${model}`, content: { parts } };
  const task = taskWord(request, request.origin === GEMINI_EMBED || request.origin === GEMINI_BATCH_EMBED);
  if (task !== undefined) body['taskType'] = task;
  if (request.title !== undefined) body['title'] = request.title;
  if (request.dimensions !== undefined) body['outputDimensionality'] = request.dimensions;
  return body;
}

function warn(request: EmbeddingRequest, context: EncodeContext): void {
  warnUnsaid(request, context);
  if (request.truncate !== undefined && request.truncate !== 'end')
    context.warn('truncate', 'Gemini cuts off the end');
}

/** The Gemini API mostly says nothing of usage; its newest models do. */
function usageFrom(raw: JsonValue | undefined): Usage | null {
  if (!read.isObject(raw)) return null;
  const tokens = read.count(raw['promptTokenCount']) || read.count(raw['totalTokenCount']);
  return tokens === 0 ? null : { ...emptyUsage(), inputTokens: tokens };
}

function answerOf(body: JsonValue, origin: string, list: (body: JsonObject) => JsonValue[]): EmbeddingAnswer {
  if (!read.isObject(body)) throw new MalformedBody('it is not a JSON object');
  const found = list(body);
  return {
    operation: 'embedding',
    origin,
    id: '',
    model: '',
    vectors: found.map((_, i): EmbeddingVector => {
      const at = `embeddings[${i}]`;
      return { float: numbersIn(read.objectAt(found, i, 'embeddings')['values'], `${at}.values`) };
    }),
    usage: usageFrom(body['usageMetadata']),
  };
}

const values = (vector: EmbeddingVector): JsonObject => ({ values: vectorLike(vector, FLOATS) as JsonValue });

function withUsage({ usage }: EmbeddingAnswer, json: JsonObject): JsonObject {
  return usage === null ? json : { ...json, usageMetadata: { promptTokenCount: usage.inputTokens } };
}

const single: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  decodeRequest: (body) => decodeSingle(body, GEMINI_EMBED),
  encodeRequest(request, context) {
    warn(request, context);
    return encodeOne(request, request.inputs[0] as EmbeddingRequest['inputs'][number], context.model);
  },
  decodeAnswer: (body) => answerOf(body, GEMINI_EMBED, (json) => [read.needObject(json, 'embedding', '')]),
  encodeAnswer: (answer) => withUsage(answer, { embedding: values(answer.vectors[0] ?? {}) }),
  maxInputs: () => 1,
};

const batch: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  decodeRequest: (body) => decodeBatch(body, GEMINI_BATCH_EMBED),
  encodeRequest(request, context) {
    warn(request, context);
    return { requests: request.inputs.map((input) => encodeOne(request, input, context.model)) };
  },
  decodeAnswer: (body) =>
    answerOf(body, GEMINI_BATCH_EMBED, (json) => read.needArray(json, 'embeddings', '')),
  encodeAnswer: (answer) => withUsage(answer, { embeddings: answer.vectors.map(values) }),
  maxInputs: () => MAX_INPUTS,
};

const USAGE = Buffer.from('"usageMetadata"');

const meter: Meter = {
  body(body) {
    return usageFrom((topLevelObject(body, USAGE) ?? undefined) as JsonValue | undefined);
  },
  stream: openaiMeter.stream,
};

function embed(id: string, task: TaskCodec<EmbeddingRequest, EmbeddingAnswer>): WireFormat {
  return {
    id,
    operation: 'embedding',
    modelIn: 'path',
    requestIdHeader: 'x-request-id',
    task,
    error: geminiError,
    meter,
    fields: [],
  };
}

/** `POST …/models/{model}:embedContent`, https://ai.google.dev/api/embeddings: one input. */
export const geminiEmbed = embed(GEMINI_EMBED, single);
/** `POST …/models/{model}:batchEmbedContents`: several. */
export const geminiBatchEmbed = embed(GEMINI_BATCH_EMBED, batch);
