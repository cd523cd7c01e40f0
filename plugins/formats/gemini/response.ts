import {
  type CanonicalResponse,
  type Choice,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type ResponseCodec,
} from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeCandidate, encodeCandidate } from './candidate.js';
import { addSearches, groundingOf } from './grounding.js';
import type { PartContext } from './parts-encode.js';
import { GEMINI, isGemini } from './types.js';
import { geminiUsage, geminiUsageFrom, hasGeminiCounts, usageRest } from './usage.js';

export const RESPONSE_KEYS: ReadonlySet<string> = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
]);

/** Vertex AI says when it answered, in RFC 3339; the Gemini API does not. Unix seconds. */
export function createdOf(body: JsonObject): number {
  const time = body['createTime'];
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Math.floor((Number.isNaN(parsed) ? Date.now() : parsed) / 1000);
}

/** Why the prompt was refused; there are no candidates then. */
export function blockReasonOf(body: JsonObject): string | undefined {
  const feedback = body['promptFeedback'];
  if (!read.isObject(feedback)) return undefined;
  const reason = feedback['blockReason'];
  return typeof reason === 'string' && reason !== '' ? reason : undefined;
}

function decode(body: JsonObject): CanonicalResponse {
  const list = read.optArray(body, 'candidates', '') ?? [];
  const id = read.stringOr(body['responseId'], '');
  const choices = list.map((_, i) => decodeCandidate(read.objectAt(list, i, 'candidates'), i, id));
  const blocked = blockReasonOf(body);
  if (choices.length === 0 && blocked !== undefined)
    choices.push({ index: 0, parts: [], finish: 'content-filter', finishRaw: blocked });
  const usage = body['usageMetadata'];
  if (choices.length === 0 && !read.isObject(usage))
    throw new MalformedBody("it has neither 'candidates' nor 'usageMetadata'", 'candidates');
  const response: CanonicalResponse = {
    origin: GEMINI,
    id,
    model: read.stringOr(body['modelVersion'], ''),
    created: createdOf(body),
    choices,
    usage: read.isObject(usage) && hasGeminiCounts(usage) ? geminiUsageFrom(usage) : null,
  };
  if (response.usage !== null) addSearches(response.usage, groundingOf(list));
  const extra: JsonObject = read.extraOf(body, RESPONSE_KEYS) ?? {};
  const rest = read.isObject(usage) ? usageRest(usage) : undefined;
  if (rest !== undefined) extra['usageMetadata'] = rest;
  if (Object.keys(extra).length > 0) response.extra = extra;
  return response;
}

/** The prompt itself was refused: such an answer has no candidates. */
function isBlocked(choice: Choice, extra: JsonObject): boolean {
  return (
    choice.parts.length === 0 && choice.finishRaw !== undefined && blockReasonOf(extra) === choice.finishRaw
  );
}

/** Nothing is warned about in answers: what this format cannot say is left out. */
export function answerContext(same: boolean): PartContext {
  return {
    same,
    answer: true,
    warn: () => {},
    mediaInResults: true,
    resolutions: false,
    nameOf: () => undefined,
  };
}

/** Counts of the hub with the provider's own members beside them; undefined when nothing is known. */
export function usageMember(
  usage: CanonicalResponse['usage'],
  rest: JsonValue | undefined,
): JsonObject | undefined {
  const kept = read.isObject(rest) ? rest : {};
  if (usage !== null) return geminiUsage(usage, kept);
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function encode(response: CanonicalResponse): JsonObject {
  const same = isGemini(response.origin);
  const { usageMetadata: rest, ...extra } = (same ? response.extra : undefined) ?? {};
  const context = answerContext(same);
  const choices = response.choices.filter((choice) => !isBlocked(choice, extra));
  const body: JsonObject = {};
  if (choices.length > 0) body['candidates'] = choices.map((choice) => encodeCandidate(choice, context));
  const usage = usageMember(response.usage, rest);
  if (usage !== undefined) body['usageMetadata'] = usage;
  body['modelVersion'] = response.model;
  if (response.id !== '') body['responseId'] = response.id;
  return { ...body, ...extra };
}

export const geminiResponse: ResponseCodec = { decode, encode };
