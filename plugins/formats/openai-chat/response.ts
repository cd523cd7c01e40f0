import type {
  CanonicalResponse,
  Choice,
  JsonObject,
  JsonValue,
  Part,
  ReasoningPart,
  ResponseCodec,
  TextPart,
} from '@headgate/sdk';
import { hasOpenaiCounts, openaiUsage, openaiUsageFrom } from '../shared/openai-usage.js';
import * as read from '../shared/read-json.js';
import { decodeContent } from './content.js';
import { imageEntry, imagesIn } from './images.js';
import { chatLogprobs } from './logprobs.js';
import { decodeLegacyCall, decodeToolCall } from './messages-decode.js';
import { encodeToolCall } from './messages-encode.js';
import { isDetail, reasoningParts, writeReasoning } from './reasoning.js';
import { finishOf, finishWord, OPENAI_CHAT } from './types.js';

const RESPONSE_KEYS = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'service_tier']);
const CHOICE_KEYS = new Set(['index', 'message', 'finish_reason', 'logprobs']);
const MESSAGE_KEYS = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'annotations',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
]);

const WITH_IMAGES = new Set([...MESSAGE_KEYS, 'images']);

function messageParts(message: JsonObject, path: string): Part[] {
  const parts = reasoningParts(message);
  const content = decodeContent(message['content'], `${path}.content`);
  const annotations = message['annotations'];
  if (Array.isArray(annotations) && annotations.length > 0) {
    const text = content.find((part): part is TextPart => part.type === 'text');
    if (text !== undefined) text.citations = annotations;
  }
  for (const part of content)
    if (part.type !== 'text' || part.text !== '' || content.length > 1) parts.push(part);
  parts.push(...(imagesIn(message['images']) ?? []));
  if (typeof message['refusal'] === 'string') parts.push({ type: 'refusal', text: message['refusal'] });
  const calls = read.optArray(message, 'tool_calls', path);
  calls?.forEach((_, i) => {
    const at = `${path}.tool_calls`;
    const call = decodeToolCall(read.objectAt(calls, i, at), `${at}[${i}]`);
    // A call without an id cannot be answered.
    if (call.id === '') call.id = `call_${i}`;
    parts.push(call);
  });
  const call = read.optObject(message, 'function_call', path);
  if (call !== undefined) parts.push(decodeLegacyCall(call, `${path}.function_call`, 1));
  return parts;
}

function decodeChoice(json: JsonObject, position: number): Choice {
  const path = `choices[${position}]`;
  const message = read.needObject(json, 'message', path);
  const raw = read.optString(json, 'finish_reason', path);
  const choice: Choice = {
    index: read.optInteger(json, 'index', path) ?? position,
    parts: messageParts(message, `${path}.message`),
    finish: raw === undefined ? null : finishOf(raw),
  };
  if (raw !== undefined) choice.finishRaw = raw;
  if (json['logprobs'] !== undefined && json['logprobs'] !== null) choice.logprobs = json['logprobs'];
  const extra = read.extraOf(json, CHOICE_KEYS) ?? {};
  const inner = read.extraOf(message, imagesIn(message['images']) === undefined ? MESSAGE_KEYS : WITH_IMAGES);
  if (inner !== undefined) extra['message'] = inner;
  if (Object.keys(extra).length > 0) choice.extra = extra;
  return choice;
}

function decode(body: JsonObject): CanonicalResponse {
  const choices = read.needArray(body, 'choices', '');
  const usage = body['usage'];
  const response: CanonicalResponse = {
    origin: OPENAI_CHAT,
    id: read.stringOr(body['id'], ''),
    model: read.stringOr(body['model'], ''),
    created: read.numberOr(body['created'], Math.floor(Date.now() / 1000)),
    choices: choices.map((_, i) => decodeChoice(read.objectAt(choices, i, 'choices'), i)),
    usage:
      read.isObject(usage) && hasOpenaiCounts(usage) ? openaiUsageFrom(usage, body['service_tier']) : null,
  };
  if (typeof body['service_tier'] === 'string') response.serviceTier = body['service_tier'];
  const extra = read.extraOf(body, RESPONSE_KEYS);
  if (extra !== undefined) response.extra = extra;
  return response;
}

/** Reasoning without the members of its own format. */
function bare(part: ReasoningPart): ReasoningPart {
  const { extra: _, ...rest } = part;
  return rest;
}

/** Annotations are only repeated to the format that made them: other citations have another shape. */
function encodeMessage(choice: Choice, same: boolean): JsonObject {
  const { extra } = choice;
  const inner = same && read.isObject(extra?.['message']) ? extra['message'] : {};
  const message: JsonObject = { ...inner, role: 'assistant', content: null, refusal: null };
  const reasoning: ReasoningPart[] = [];
  const details: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const annotations: JsonValue[] = [];
  const images: JsonObject[] = [];
  let content: string | null = null;
  for (const part of choice.parts) {
    switch (part.type) {
      case 'text':
        content = (content ?? '') + part.text;
        if (same && part.citations !== undefined) annotations.push(...part.citations);
        break;
      case 'refusal':
        message['refusal'] = read.stringOr(message['refusal'], '') + part.text;
        break;
      case 'reasoning':
        reasoning.push(same && part.extra?.['content'] === undefined ? part : bare(part));
        break;
      case 'tool-call':
        if (same && part.extra?.['legacy'] === true)
          message['function_call'] = { name: part.name, arguments: part.arguments };
        else calls.push(encodeToolCall(part, same, true));
        break;
      case 'image': {
        const entry = imageEntry(part, same);
        if (entry !== undefined) images.push(entry);
        break;
      }
      case 'opaque':
        if (part.format !== OPENAI_CHAT) break;
        if (isDetail(part.value)) details.push(part.value);
        // Members of a message that arrived in a stream; a part of the content has a type and no place in a string.
        else if (part.value['type'] === undefined) Object.assign(message, part.value);
        break;
    }
  }
  message['content'] = content;
  writeReasoning(message, reasoning, details, true);
  if (images.length > 0) message['images'] = images;
  if (annotations.length > 0) message['annotations'] = annotations;
  if (calls.length > 0) message['tool_calls'] = calls;
  return message;
}

function encodeChoice(choice: Choice, same: boolean): JsonObject {
  const { message: _, ...extra } = (same ? choice.extra : undefined) ?? {};
  return {
    ...extra,
    index: choice.index,
    message: encodeMessage(choice, same),
    logprobs: chatLogprobs(choice.logprobs, same),
    finish_reason: choice.finish === null ? null : finishWord(choice.finish, choice.finishRaw, same),
  };
}

function encode(response: CanonicalResponse): JsonObject {
  const same = response.origin === OPENAI_CHAT;
  const body: JsonObject = {
    ...(same ? response.extra : {}),
    id: response.id,
    object: 'chat.completion',
    created: response.created,
    model: response.model,
    choices: response.choices.map((choice) => encodeChoice(choice, same)),
  };
  if (response.usage !== null) body['usage'] = openaiUsage(response.usage);
  if (same && response.serviceTier !== undefined) body['service_tier'] = response.serviceTier;
  return body;
}

export const openaiChatResponse: ResponseCodec = { decode, encode };
