import type { Choice, JsonObject, Part, TextPart } from '@headgate/sdk';
import { extraOf, isObject, optInteger, optObject, optString } from '../shared/read-json.js';
import { AnswerIds } from './answer-ids.js';
import { decodeParts } from './parts-decode.js';
import { encodeParts, type PartContext } from './parts-encode.js';
import { finishOf, finishWord } from './types.js';

/** Members of a candidate that the hub says; all others (`safetyRatings`, `finishMessage`, …) travel in `extra`. */
export const CANDIDATE_KEYS: ReadonlySet<string> = new Set([
  'content',
  'finishReason',
  'index',
  'logprobsResult',
  'groundingMetadata',
  'citationMetadata',
]);
/** Where Google says what an answer rests on: once a candidate, with offsets into its text. */
export const CITING = ['groundingMetadata', 'citationMetadata'] as const;
const CONTENT_KEYS = new Set(['role', 'parts']);

/** Citations stand at the last text, each as the whole member of the candidate it came in. */
function addCitations(candidate: JsonObject, parts: Part[], extra: JsonObject): void {
  for (const key of CITING) {
    const cited = candidate[key];
    if (!isObject(cited)) continue;
    const text = parts.findLast((part): part is TextPart => part.type === 'text');
    if (text === undefined) extra[key] = cited;
    else {
      text.citations ??= [];
      text.citations.push({ [key]: cited });
    }
  }
}

export function decodeCandidate(candidate: JsonObject, position: number, responseId: string): Choice {
  const path = `candidates[${position}]`;
  const index = optInteger(candidate, 'index', path) ?? position;
  const content = optObject(candidate, 'content', path);
  const parts =
    content === undefined ? [] : decodeParts(content, `${path}.content`, new AnswerIds(responseId, index));
  const raw = optString(candidate, 'finishReason', path) || undefined;
  const called = parts.some((part) => part.type === 'tool-call');
  const choice: Choice = { index, parts, finish: raw === undefined ? null : finishOf(raw, called) };
  if (raw !== undefined) choice.finishRaw = raw;
  const logprobs = candidate['logprobsResult'];
  if (isObject(logprobs)) choice.logprobs = logprobs;
  const extra: JsonObject = extraOf(candidate, CANDIDATE_KEYS) ?? {};
  addCitations(candidate, parts, extra);
  const inner = content === undefined ? undefined : extraOf(content, CONTENT_KEYS);
  if (inner !== undefined) extra['content'] = inner;
  if (Object.keys(extra).length > 0) choice.extra = extra;
  return choice;
}

/** The members of a candidate that its texts cite. */
function citedMembers(parts: readonly Part[]): JsonObject {
  const members: JsonObject = {};
  for (const part of parts) {
    if (part.type !== 'text') continue;
    for (const citation of part.citations ?? []) {
      if (!isObject(citation)) continue;
      for (const key of CITING) {
        const before = members[key];
        const cited = citation[key];
        if (isObject(cited)) members[key] = isObject(before) ? { ...before, ...cited } : cited;
      }
    }
  }
  return members;
}

export function encodeCandidate(choice: Choice, context: PartContext): JsonObject {
  const { same } = context;
  const { content: inner, ...extra } = (same ? choice.extra : undefined) ?? {};
  const content: JsonObject = isObject(inner) ? { ...inner } : {};
  const parts = encodeParts(choice.parts, context, []);
  if (parts.length > 0) content['parts'] = parts;
  content['role'] = 'model';
  const candidate: JsonObject = { content };
  if (choice.finish !== null) candidate['finishReason'] = finishWord(choice.finish, choice.finishRaw, same);
  candidate['index'] = choice.index;
  if (same && choice.logprobs !== undefined) candidate['logprobsResult'] = choice.logprobs;
  return { ...candidate, ...(same ? citedMembers(choice.parts) : {}), ...extra };
}
