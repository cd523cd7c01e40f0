import type { JsonObject, Message, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '@headgate/sdk';
import { assistantTurns } from '../shared/assistant-turns.js';
import { cacheControl } from '../shared/cache-mark.js';
import { isObject } from '../shared/read-json.js';
import { argumentsJson } from '../shared/tool-arguments.js';
import { encodeContent, type MessageContext } from './content-encode.js';
import { isDetail, writeReasoning } from './reasoning.js';
import { OPENAI_CHAT } from './types.js';

/** A tool call, of a request's history or of an answer. */
export function encodeToolCall(part: ToolCallPart, same: boolean, custom: boolean): JsonObject {
  const extra = same ? part.extra : undefined;
  if (part.custom === true && custom)
    return {
      id: part.id,
      ...extra,
      type: 'custom',
      custom: { name: part.name, input: part.arguments },
    };
  const { function: inner, ...rest } = extra ?? {};
  const called: JsonObject = {
    ...(isObject(inner) ? inner : {}),
    name: part.name,
    arguments: part.custom === true ? argumentsJson(part.arguments) : part.arguments,
  };
  return { id: part.id, ...rest, type: 'function', function: called };
}

function isLegacy(part: ToolCallPart, same: boolean): boolean {
  return same && part.extra?.['legacy'] === true;
}

/** Signed reasoning belongs to the provider that signed it; others refuse the members it would travel in. */
function mayReplay(part: ReasoningPart, context: MessageContext): boolean {
  if (context.same) return true;
  const signed = part.signature !== undefined || part.encrypted !== undefined;
  if (!signed && context.reasoning) return true;
  context.warn(
    'reasoning',
    signed
      ? 'reasoning signed by another provider cannot be sent back in this format'
      : 'OpenAI’s chat completions take no reasoning back',
  );
  return false;
}

function assistant(message: Message, context: MessageContext): JsonObject {
  const json: JsonObject = { ...(context.same ? message.extra : {}), role: 'assistant' };
  if (message.name !== undefined) json['name'] = message.name;
  const content: Part[] = [];
  const reasoning: ReasoningPart[] = [];
  const details: JsonObject[] = [];
  const calls: JsonObject[] = [];
  for (const part of message.parts) {
    if (part.type === 'tool-call') {
      if (isLegacy(part, context.same))
        json['function_call'] = { name: part.name, arguments: part.arguments };
      else calls.push(encodeToolCall(part, context.same, context.custom));
    } else if (part.type === 'reasoning') {
      const inContent = context.same ? part.extra?.['content'] : undefined;
      if (isObject(inContent)) content.push({ type: 'opaque', format: OPENAI_CHAT, value: inContent });
      else if (mayReplay(part, context))
        reasoning.push(context.same ? part : { type: 'reasoning', text: part.text });
    } else if (part.type === 'refusal' && (!context.same || part.extra?.['field'] === true)) {
      json['refusal'] = part.text;
    } else if (part.type === 'opaque' && part.format === OPENAI_CHAT && isDetail(part.value)) {
      details.push(part.value);
    } else content.push(part);
  }
  writeReasoning(json, reasoning, details, false);
  if (calls.length > 0) json['tool_calls'] = calls;
  const text = content.length === 0 ? null : encodeContent(content, context, '');
  const answered = calls.length > 0 || json['function_call'] !== undefined || json['refusal'] !== undefined;
  // Null is only allowed beside a call; servers that check refuse a turn that says nothing.
  json['content'] = text === '' || text === null ? (answered ? text || null : '') : text;
  if (context.same && content.length > 0) json['content'] = text;
  return json;
}

function isMedia(part: Part): boolean {
  return part.type === 'image' || part.type === 'document' || part.type === 'audio';
}

function toolMessage(
  message: Message,
  part: ToolResultPart,
  context: MessageContext,
  media: Part[],
): JsonObject {
  const extra: JsonObject = context.same ? { ...message.extra } : {};
  const legacy = extra['legacy'] === true;
  delete extra['legacy'];
  let content = part.content;
  if (!context.same) {
    const pictures = content.filter(isMedia);
    if (pictures.length > 0) {
      context.warn(
        'tool_result',
        'pictures and documents of a tool result are sent in a user message after it',
      );
      media.push(
        { type: 'text', text: `Attachments of the result of tool call ${part.callId}:` },
        ...pictures,
      );
      content = content.filter((one) => !isMedia(one));
    }
  }
  const json: JsonObject = { ...extra, role: legacy ? 'function' : 'tool' };
  if (message.name !== undefined) json['name'] = message.name;
  if (!legacy) json['tool_call_id'] = part.callId;
  if (part.cache !== undefined && context.same) json['cache_control'] = cacheControl(part.cache);
  json['content'] =
    content.length === 0 ? (context.same && legacy ? null : '') : encodeContent(content, context, '\n\n');
  return json;
}

/** One message of the hub may be several here: each tool result is a message of its own. */
function encodeMessage(message: Message, context: MessageContext, into: JsonObject[], media: Part[]): void {
  if (message.role === 'assistant') {
    into.push(assistant(message, context));
    return;
  }
  const rest: Part[] = [];
  let results = false;
  for (const part of message.parts) {
    if (part.type === 'tool-result') {
      into.push(toolMessage(message, part, context, media));
      results = true;
    } else rest.push(part);
  }
  if (results && rest.length === 0) return;
  if (message.role === 'tool') {
    context.warn('messages', 'parts beside a tool result are sent in a user message after it');
    media.push(...rest);
    return;
  }
  const system = message.role === 'system' || message.role === 'developer';
  const json: JsonObject = { ...(context.same ? message.extra : {}), role: message.role };
  if (message.name !== undefined) json['name'] = message.name;
  json['content'] = encodeContent([...media.splice(0), ...rest], context, system ? '\n\n' : undefined);
  into.push(json);
}

function hasResult(message: Message | undefined): boolean {
  return message?.parts.some((part) => part.type === 'tool-result') === true;
}

export function encodeMessages(messages: Message[], context: MessageContext): JsonObject[] {
  const out: JsonObject[] = [];
  // All results of one turn must follow each other, so what else was in them comes after the last.
  const media: Part[] = [];
  const turns = context.same ? messages : assistantTurns(messages);
  turns.forEach((message, i) => {
    encodeMessage(message, context, out, media);
    const next = turns[i + 1];
    if (media.length > 0 && next?.role !== 'user' && !hasResult(next))
      out.push({ role: 'user', content: encodeContent(media.splice(0), context) });
  });
  return out;
}
