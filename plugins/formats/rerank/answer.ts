import {
  type AnswerContext,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type RerankAnswer,
  type RerankRequest,
  type RerankResult,
} from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { documentFrom } from './request-decode.js';
import { countsFrom } from './usage.js';

/** Results in any of the family's forms: `results`, Voyage's `data`, or TEI's bare list. */
export function decodeAnswer(
  body: JsonValue,
  { request }: AnswerContext<RerankRequest>,
  origin: string,
): RerankAnswer {
  const object = read.isObject(body) ? body : {};
  const list = Array.isArray(body) ? body : (object['results'] ?? object['data']);
  if (!Array.isArray(list)) throw new MalformedBody('it has no list of results');
  const results = list.map((_, i) => resultFrom(read.objectAt(list, i, 'results'), i, request));
  // TEI ranks all; others do so too where they have no word for a part.
  results.sort((a, b) => b.score - a.score);
  return {
    operation: 'rerank',
    origin,
    id: read.stringOr(object['id'], ''),
    model: read.stringOr(object['model'], ''),
    results: request.top === undefined ? results : results.slice(0, Math.max(0, request.top)),
    ...countsFrom(object['usage'], object['meta']),
  };
}

function resultFrom(item: JsonObject, i: number, { documents }: RerankRequest): RerankResult {
  const { index } = item;
  const score = item['relevance_score'] ?? item['score'];
  if (typeof index !== 'number' || typeof score !== 'number')
    throw new MalformedBody(`'results[${i}]' must have an index and a score`);
  if (!Number.isInteger(index) || index < 0 || index >= documents.length)
    throw new MalformedBody(
      `'results[${i}].index' is ${index}, but there were ${documents.length} documents`,
    );
  const result: RerankResult = { index, score };
  const document = documentFrom(item['document'] ?? item['text']);
  if (document !== undefined) result.document = document;
  return result;
}

/** Documents are repeated from the request where the client wants them: not every provider would. */
function documentOf({ index, document }: RerankResult, asked: RerankRequest): JsonValue | undefined {
  if (asked.returnDocuments !== true) return undefined;
  const found = document ?? asked.documents[index];
  if (found === undefined) return undefined;
  return 'text' in found ? { text: found.text } : found.fields;
}

function resultsOf(answer: RerankAnswer, asked: RerankRequest): JsonObject[] {
  return answer.results.map((result) => {
    const json: JsonObject = { index: result.index, relevance_score: result.score };
    const document = documentOf(result, asked);
    if (document !== undefined) json['document'] = document;
    return json;
  });
}

function billed({ usage, searchUnits }: RerankAnswer): JsonObject {
  const units: JsonObject = {};
  if (searchUnits !== undefined) units['search_units'] = searchUnits;
  else if (usage !== null) units['input_tokens'] = usage.inputTokens;
  return units;
}

/** `POST /v2/rerank` of Cohere. */
export function encodeCohereAnswer(answer: RerankAnswer, asked: RerankRequest): JsonObject {
  return {
    id: answer.id,
    results: resultsOf(answer, asked),
    meta: { api_version: { version: '2' }, billed_units: billed(answer) },
  };
}

/** Read by clients of Cohere's first version, Jina, vLLM and LiteLLM alike. */
export function encodeUsualAnswer(answer: RerankAnswer, asked: RerankRequest): JsonObject {
  const tokens = answer.usage?.inputTokens;
  return {
    id: answer.id,
    object: 'list',
    model: answer.model,
    results: resultsOf(answer, asked),
    meta: { api_version: { version: '1' }, billed_units: billed(answer) },
    ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  };
}

/** Voyage's clients read a list of `data` whose documents are bare texts. */
export function encodeVoyageAnswer(answer: RerankAnswer, asked: RerankRequest): JsonObject {
  return {
    object: 'list',
    data: answer.results.map((result) => {
      const json: JsonObject = { index: result.index, relevance_score: result.score };
      const document = documentOf(result, asked);
      if (document === undefined) return json;
      const text = read.isObject(document) ? document['text'] : document;
      return { ...json, document: typeof text === 'string' ? text : JSON.stringify(document) };
    }),
    model: answer.model,
    usage: { total_tokens: answer.usage?.inputTokens ?? 0 },
  };
}

/** What Bedrock's models answer to `invoke`. */
export function encodeBedrockAnswer(answer: RerankAnswer, asked: RerankRequest): JsonObject {
  return { results: resultsOf(answer, asked) };
}
