import type {
  CanonicalResponse,
  Choice,
  JsonObject,
  ReasoningPart,
  ResponseCodec,
  ToolCallPart,
} from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { encodeCall } from './calls.js';
import { citationsOf } from './citations.js';
import { encodePart, type MessageContext } from './content-encode.js';
import { ASSISTANT_KEYS, assistantParts } from './messages-decode.js';
import { COHERE_CHAT, finishOf, finishWord } from './types.js';
import { cohereUsage, cohereUsageFrom } from './usage.js';

const RESPONSE_KEYS = new Set(['id', 'message', 'finish_reason', 'usage', 'logprobs']);

function decode(body: JsonObject): CanonicalResponse {
  const message = read.needObject(body, 'message', '');
  const { parts, rest } = assistantParts(message, 'message');
  const raw = read.optString(body, 'finish_reason', '');
  const choice: Choice = { index: 0, parts, finish: raw === undefined ? null : finishOf(raw) };
  if (raw !== undefined) choice.finishRaw = raw;
  // A list under a name, as in other APIs, so that a stream's can be joined.
  if (Array.isArray(body['logprobs'])) choice.logprobs = { content: body['logprobs'] };
  const extra: JsonObject = {};
  const { usage } = body;
  if (read.isObject(usage)) extra['usage'] = usage;
  const inner = { ...read.extraOf(message, ASSISTANT_KEYS), ...rest };
  if (Object.keys(inner).length > 0) extra['message'] = inner;
  if (Object.keys(extra).length > 0) choice.extra = extra;
  const response: CanonicalResponse = {
    origin: COHERE_CHAT,
    id: read.stringOr(body['id'], ''),
    // Cohere does not say which model answered.
    model: read.stringOr(body['model'], ''),
    created: Math.floor(Date.now() / 1000),
    choices: [choice],
    usage: read.isObject(usage) ? cohereUsageFrom(usage) : null,
  };
  const outer = read.extraOf(body, RESPONSE_KEYS);
  if (outer !== undefined) response.extra = outer;
  return response;
}

/** Nothing is warned about in answers: what this format cannot say is left out. */
const silent = (): void => {};

function bareReasoning({ extra, cache: _, ...rest }: ReasoningPart): ReasoningPart {
  const format = extra?.['format'];
  return typeof format === 'string' ? { ...rest, extra: { format } } : rest;
}

function encodeMessage(choice: Choice | undefined, same: boolean): JsonObject {
  const kept = same ? choice?.extra?.['message'] : undefined;
  const { citations: others, ...rest } = read.isObject(kept) ? kept : {};
  const context: MessageContext = { same, warn: silent };
  const calls: ToolCallPart[] = [];
  const content: JsonObject[] = [];
  let plan: string | undefined;
  for (const part of choice?.parts ?? []) {
    if (part.type === 'tool-call') calls.push(part);
    else if (part.type === 'reasoning') {
      if (same && part.extra?.['plan'] === true) plan = (plan ?? '') + part.text;
      // Unlike in a request, reasoning nobody here can read may be shown; it comes back with the next turn.
      else
        content.push(encodePart(same ? part : bareReasoning(part), { ...context, same: true }) as JsonObject);
    } else {
      const json = encodePart(part, context);
      if (json !== undefined) content.push(json);
    }
  }
  const message: JsonObject = { ...rest, role: 'assistant' };
  if (plan !== undefined) message['tool_plan'] = plan;
  if (content.length > 0) message['content'] = content;
  if (calls.length > 0) message['tool_calls'] = calls.map((call) => encodeCall(call, same));
  const citations = same ? citationsOf(choice?.parts ?? []) : [];
  if (Array.isArray(others)) citations.push(...others);
  if (citations.length > 0) message['citations'] = citations;
  return message;
}

function encode(response: CanonicalResponse): JsonObject {
  const same = response.origin === COHERE_CHAT;
  const choice = response.choices[0];
  const called = choice?.parts.some((part) => part.type === 'tool-call') === true;
  const body: JsonObject = {
    ...(same ? response.extra : {}),
    id: response.id,
    message: encodeMessage(choice, same),
  };
  if (choice !== undefined && choice.finish !== null)
    body['finish_reason'] = finishWord(choice.finish, choice.finishRaw, same, called);
  const usage = cohereUsage(response.usage, same ? choice?.extra?.['usage'] : undefined);
  if (usage !== undefined) body['usage'] = usage;
  const logprobs = same && read.isObject(choice?.logprobs) ? choice.logprobs['content'] : undefined;
  if (logprobs !== undefined) body['logprobs'] = logprobs;
  return body;
}

export const cohereResponse: ResponseCodec = { decode, encode };
