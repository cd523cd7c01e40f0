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
import { FLOATS, textOf } from '../shared/embedding-inputs.js';
import { geminiError } from '../shared/gemini-error.js';
import { purposeOf, taskWord, warnUnsaid } from '../shared/google-embedding.js';
import { optWhole, spelled } from '../shared/google-spelling.js';
import { openaiMeter } from '../shared/openai-meter.js';
import { tryParse } from '../shared/parse-json.js';
import * as read from '../shared/read-json.js';
import { numbersIn, vectorLike } from '../shared/vector-bytes.js';

const VERTEX_EMBEDDINGS = 'vertex-embeddings';
const BODY_KEYS = new Set(['instances', 'parameters']);
const INSTANCE_KEYS = new Set(['content', 'taskType', 'title']);
const PARAMETER_KEYS = new Set(['autoTruncate', 'outputDimensionality']);

/** The newer models take one text at a time. */
const MAX_INPUTS = 250;
const ONE_AT_A_TIME = 'gemini-embedding';

function decodeRequest(raw: JsonObject): EmbeddingRequest {
  const body = spelled(raw, BODY_KEYS);
  const instances = read.needArray(body, 'instances', '');
  if (instances.length === 0) throw new MalformedBody("'instances' must not be empty", 'instances');
  const all = instances.map((_, i) => spelled(read.objectAt(instances, i, 'instances'), INSTANCE_KEYS));
  const first = all[0] as JsonObject;
  all.forEach((one, i) => {
    for (const key of ['taskType', 'title'])
      if (one[key] !== first[key])
        throw new MalformedBody(
          `'instances[${i}]' differs from the first in its ${key}, which only Google's own API understands`,
          `instances[${i}]`,
        );
  });
  const parameters = spelled(read.optObject(body, 'parameters', '') ?? {}, PARAMETER_KEYS);
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin: VERTEX_EMBEDDINGS,
    model: '',
    inputs: all.map((one, i) => ({ type: 'text', text: read.needString(one, 'content', `instances[${i}]`) })),
    encodings: [],
  };
  const task = read.optString(first, 'taskType', 'instances[0]');
  const purpose = task === undefined ? undefined : purposeOf(task);
  if (task !== undefined) request.purposeRaw = task;
  if (purpose !== undefined) request.purpose = purpose;
  const title = read.optString(first, 'title', 'instances[0]');
  if (title !== undefined) request.title = title;
  const dimensions = optWhole(parameters, 'outputDimensionality', 'parameters');
  if (dimensions !== undefined) request.dimensions = dimensions;
  const truncate = read.optBoolean(parameters, 'autoTruncate', 'parameters');
  if (truncate !== undefined) request.truncate = truncate ? 'end' : 'none';
  return request;
}

const encodeRequest: TaskCodec<EmbeddingRequest, EmbeddingAnswer>['encodeRequest'] = (request, context) => {
  warnUnsaid(request, context);
  if (request.truncate === 'start') context.warn('truncate', 'Vertex AI cuts off the end');
  const task = taskWord(request, request.origin === VERTEX_EMBEDDINGS);
  const instances = request.inputs.map((input): JsonObject => {
    const instance: JsonObject = { content: textOf(input, 'Vertex AI text embeddings') };
    if (task !== undefined) instance['task_type'] = task;
    if (request.title !== undefined) instance['title'] = request.title;
    return instance;
  });
  const parameters: JsonObject = {};
  if (request.dimensions !== undefined) parameters['outputDimensionality'] = request.dimensions;
  if (request.truncate !== undefined) parameters['autoTruncate'] = request.truncate !== 'none';
  return Object.keys(parameters).length === 0 ? { instances } : { instances, parameters };
};

function decodeAnswer(body: JsonValue): EmbeddingAnswer {
  if (!read.isObject(body)) throw new MalformedBody('it is not a JSON object');
  const predictions = read.needArray(body, 'predictions', '');
  let tokens = 0;
  const vectors = predictions.map((_, i): EmbeddingVector => {
    const at = `predictions[${i}]`;
    const embeddings = read.needObject(read.objectAt(predictions, i, 'predictions'), 'embeddings', at);
    const { statistics } = embeddings;
    if (read.isObject(statistics)) tokens += read.count(statistics['token_count']);
    return { float: numbersIn(embeddings['values'], `${at}.embeddings.values`) };
  });
  const usage: Usage | null = tokens === 0 ? null : { ...emptyUsage(), inputTokens: tokens };
  return { operation: 'embedding', origin: VERTEX_EMBEDDINGS, id: '', model: '', vectors, usage };
}

/** Tokens are told for each text; what another API said of all of them stands at the first. */
function encodeAnswer({ vectors, usage }: EmbeddingAnswer): JsonObject {
  return {
    predictions: vectors.map((vector, i) => ({
      embeddings: {
        values: vectorLike(vector, FLOATS) as JsonValue,
        statistics: { truncated: false, token_count: i === 0 ? (usage?.inputTokens ?? 0) : 0 },
      },
    })),
  };
}

/**
 * `POST …/publishers/google/models/{model}:predict` of Vertex AI for its models of embeddings,
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api.
 */
export const vertexEmbeddings: WireFormat = {
  id: VERTEX_EMBEDDINGS,
  operation: 'embedding',
  modelIn: 'path',
  requestIdHeader: 'x-request-id',
  task: {
    decodeRequest,
    encodeRequest,
    decodeAnswer,
    encodeAnswer,
    maxInputs: (model: string) => (model.includes(ONE_AT_A_TIME) ? 1 : MAX_INPUTS),
  } satisfies TaskCodec<EmbeddingRequest, EmbeddingAnswer>,
  error: geminiError,
  meter: { body: meterBody, stream: openaiMeter.stream },
  fields: [],
};

/** The counts stand beside each vector, so that the whole answer must be read. */
function meterBody(body: Buffer): Usage | null {
  const json = tryParse(body.toString('utf8'));
  if (!read.isObject(json)) return null;
  try {
    return decodeAnswer(json).usage;
  } catch {
    return null;
  }
}
