import type { CanonicalResponse, Choice, JsonObject, Part, ResponseCodec } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeContent } from './blocks-decode.js';
import { type BlockContext, encodeBlock } from './blocks-encode.js';
import { ToolIds } from './tool-ids.js';
import { ANTHROPIC_MESSAGES, finishOf, stopReason } from './types.js';
import { anthropicUsage, anthropicUsageFrom, hasAnthropicCounts, USAGE_KEYS } from './usage.js';

const RESPONSE_KEYS = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);
function decode(body: JsonObject): CanonicalResponse {
  const raw = read.optString(body, 'stop_reason', '');
  const choice: Choice = {
    index: 0,
    parts: decodeContent(read.needArray(body, 'content', ''), 'content'),
    finish: raw === undefined ? null : finishOf(raw),
  };
  if (raw !== undefined) choice.finishRaw = raw;
  if (typeof body['stop_sequence'] === 'string') choice.stopSequence = body['stop_sequence'];
  const usage = body['usage'];
  const response: CanonicalResponse = {
    origin: ANTHROPIC_MESSAGES,
    id: read.stringOr(body['id'], ''),
    model: read.stringOr(body['model'], ''),
    created: Math.floor(Date.now() / 1000),
    choices: [choice],
    usage: read.isObject(usage) && hasAnthropicCounts(usage) ? anthropicUsageFrom(usage) : null,
  };
  let extra = read.extraOf(body, RESPONSE_KEYS);
  if (read.isObject(usage)) {
    if (typeof usage['service_tier'] === 'string') response.serviceTier = usage['service_tier'];
    const rest = read.extraOf(usage, USAGE_KEYS);
    if (rest !== undefined) extra = { ...extra, usage: rest };
  }
  if (extra !== undefined) response.extra = extra;
  return response;
}

/** Nothing is warned about in answers: what this format cannot say is left out. */
const silent = (): void => {};

function encodePart(part: Part, context: BlockContext): JsonObject | undefined {
  // Unlike in a request, reasoning nobody signed may be shown.
  if (part.type === 'reasoning')
    return encodeBlock(context.same ? part : bareReasoning(part), { ...context, same: true });
  return encodeBlock(part, context);
}

function bareReasoning(part: Extract<Part, { type: 'reasoning' }>): Part {
  const { extra: _, cache: __, ...rest } = part;
  return rest;
}

function encode(response: CanonicalResponse): JsonObject {
  const same = response.origin === ANTHROPIC_MESSAGES;
  const { usage: usageExtra, ...extra } = (same ? response.extra : undefined) ?? {};
  const choice = response.choices[0];
  // Ids are the provider's own: they come back in the next request, where they must be found again.
  const context: BlockContext = { same, forClient: true, warn: silent, ids: new ToolIds(true) };
  const content: JsonObject[] = [];
  let called = false;
  for (const part of choice?.parts ?? []) {
    called ||= part.type === 'tool-call';
    const block = encodePart(part, context);
    if (block !== undefined) content.push(block);
  }
  const finish = choice?.finish ?? null;
  const counts =
    response.usage === null ? { input_tokens: 0, output_tokens: 0 } : anthropicUsage(response.usage);
  return {
    ...extra,
    id: response.id,
    type: 'message',
    role: 'assistant',
    model: response.model,
    content,
    stop_reason: finish === null ? null : stopReason(finish, choice?.finishRaw, same, called),
    stop_sequence: choice?.stopSequence ?? null,
    usage: { ...(read.isObject(usageExtra) ? usageExtra : {}), ...counts },
  };
}

export const anthropicResponse: ResponseCodec = { decode, encode };
