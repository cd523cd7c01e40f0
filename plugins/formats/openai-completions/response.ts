import type { CanonicalResponse, Choice, JsonObject, ResponseCodec } from '@headgate/sdk';
import { hasOpenaiCounts, openaiUsage, openaiUsageFrom } from '../shared/openai-usage.js';
import * as read from '../shared/read-json.js';
import { finishOf, finishWord, OPENAI_COMPLETIONS } from './types.js';

const RESPONSE_KEYS = new Set(['id', 'object', 'created', 'model', 'choices', 'usage']);
const CHOICE_KEYS = new Set(['index', 'text', 'finish_reason', 'logprobs']);

function decodeChoice(json: JsonObject, position: number): Choice {
  const path = `choices[${position}]`;
  const raw = read.optString(json, 'finish_reason', path);
  const choice: Choice = {
    index: read.optInteger(json, 'index', path) ?? position,
    parts: [{ type: 'text', text: read.needString(json, 'text', path) }],
    finish: raw === undefined ? null : finishOf(raw),
  };
  if (raw !== undefined) choice.finishRaw = raw;
  if (json['logprobs'] !== undefined && json['logprobs'] !== null) choice.logprobs = json['logprobs'];
  const extra = read.extraOf(json, CHOICE_KEYS);
  if (extra !== undefined) choice.extra = extra;
  return choice;
}

function decode(body: JsonObject): CanonicalResponse {
  const choices = read.needArray(body, 'choices', '');
  const usage = body['usage'];
  const response: CanonicalResponse = {
    origin: OPENAI_COMPLETIONS,
    id: read.stringOr(body['id'], ''),
    model: read.stringOr(body['model'], ''),
    created: read.numberOr(body['created'], Math.floor(Date.now() / 1000)),
    choices: choices.map((_, i) => decodeChoice(read.objectAt(choices, i, 'choices'), i)),
    usage: read.isObject(usage) && hasOpenaiCounts(usage) ? openaiUsageFrom(usage) : null,
  };
  const extra = read.extraOf(body, RESPONSE_KEYS);
  if (extra !== undefined) response.extra = extra;
  return response;
}

/** The text of an answer is all this format can say; reasoning and tool calls have no place in it. */
function encodeChoice(choice: Choice, same: boolean): JsonObject {
  let text = '';
  for (const part of choice.parts) if (part.type === 'text' || part.type === 'refusal') text += part.text;
  return {
    ...(same ? choice.extra : {}),
    text,
    index: choice.index,
    logprobs: same ? (choice.logprobs ?? null) : null,
    finish_reason: choice.finish === null ? null : finishWord(choice.finish, choice.finishRaw, same),
  };
}

function encode(response: CanonicalResponse): JsonObject {
  const same = response.origin === OPENAI_COMPLETIONS;
  const body: JsonObject = {
    ...(same ? response.extra : {}),
    id: response.id,
    object: 'text_completion',
    created: response.created,
    model: response.model,
    choices: response.choices.map((choice) => encodeChoice(choice, same)),
  };
  if (response.usage !== null) body['usage'] = openaiUsage(response.usage);
  return body;
}

export const openaiCompletionsResponse: ResponseCodec = { decode, encode };
