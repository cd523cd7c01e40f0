import {
  type EmbeddingAnswer,
  type EmbeddingRequest,
  type EmbeddingVector,
  emptyUsage,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type Usage,
  type VectorType,
} from '@headgate/sdk';
import { FLOATS } from '../shared/embedding-inputs.js';
import * as read from '../shared/read-json.js';
import { numbersIn, vectorLike } from '../shared/vector-bytes.js';
import { OPENAI_EMBEDDINGS } from './types.js';

const ANSWER_KEYS = new Set(['object', 'data', 'model', 'usage', 'id']);

/** @param type of the vectors, which the answer does not say */
export function decodeAnswer(body: JsonValue, type: VectorType): EmbeddingAnswer {
  if (!read.isObject(body)) throw new MalformedBody('it is not a JSON object');
  const data = read.needArray(body, 'data', '');
  const vectors: EmbeddingVector[] = [];
  data.forEach((_, i) => {
    const item = read.objectAt(data, i, 'data');
    const { embedding, embeddings } = item;
    const at = typeof item['index'] === 'number' ? item['index'] : i;
    // Jina calls it `embeddings` where a type was asked for.
    const found = embedding ?? embeddings;
    vectors[at] = { [type]: typeof found === 'string' ? found : numbersIn(found, `data[${i}].embedding`) };
  });
  for (let i = 0; i < data.length; i++)
    if (vectors[i] === undefined) throw new MalformedBody(`it has no vector for input ${i}`);
  const answer: EmbeddingAnswer = {
    operation: 'embedding',
    origin: OPENAI_EMBEDDINGS,
    id: read.stringOr(body['id'], ''),
    model: read.stringOr(body['model'], ''),
    vectors,
    usage: usageFrom(body['usage']),
  };
  const extra = read.extraOf(body, ANSWER_KEYS);
  if (extra !== undefined) answer.extra = extra;
  return answer;
}

/** Voyage only says the total. */
function usageFrom(raw: JsonValue | undefined): Usage | null {
  if (!read.isObject(raw)) return null;
  const said = raw['prompt_tokens'] ?? raw['total_tokens'];
  if (typeof said !== 'number') return null;
  const usage = emptyUsage();
  usage.inputTokens = read.count(said);
  return usage;
}

export function encodeAnswer(answer: EmbeddingAnswer, asked: EmbeddingRequest): JsonObject {
  const wanted = asked.encodings[0] ?? FLOATS;
  const tokens = answer.usage?.inputTokens ?? 0;
  return {
    ...(answer.origin === OPENAI_EMBEDDINGS ? answer.extra : undefined),
    object: 'list',
    data: answer.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: vectorLike(vector, wanted) as JsonValue,
    })),
    model: answer.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
