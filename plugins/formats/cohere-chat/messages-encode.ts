import type { JsonObject, Message, Part, ToolCallPart, ToolResultPart } from '@headgate/sdk';
import { assistantTurns } from '../shared/assistant-turns.js';
import { warnOfSeal } from '../shared/reasoning-seal.js';
import { encodeCall } from './calls.js';
import { citationsOf } from './citations.js';
import { encodeContent, type MessageContext } from './content-encode.js';

/** Between thoughts, or texts, that stood apart and become one. */
const BETWEEN = '\n\n';

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

/** `extra` of a message without what only the decoder's marks say, and whether its content was a list. */
function own(message: Message, same: boolean): { extra: JsonObject; list: boolean } {
  const { list, ...extra } = (same ? message.extra : undefined) ?? {};
  return { extra, list: list === true };
}

function assistant(message: Message, context: MessageContext): JsonObject {
  const { same } = context;
  const { extra, list } = own(message, same);
  const { citations: others, ...rest } = extra;
  const calls: ToolCallPart[] = [];
  const content: Part[] = [];
  let plan: string | undefined;
  const called = message.parts.some((part) => part.type === 'tool-call');
  for (const part of message.parts) {
    if (part.type === 'tool-call') calls.push(part);
    // Every model knows the plan of a call, but not every one knows thinking.
    else if (
      part.type === 'reasoning' &&
      (same ? part.extra?.['plan'] === true : called && part.encrypted === undefined)
    ) {
      if (!same) warnOfSeal(part, context.warn);
      plan = plan === undefined ? part.text : plan + (same ? '' : BETWEEN) + part.text;
    } else content.push(part);
  }
  const json: JsonObject = { ...rest, role: 'assistant' };
  if (plan !== undefined && (same || plan !== '')) json['tool_plan'] = plan;
  const refused = content.some((part) => part.type === 'refusal');
  const text = encodeContent(content, context, list, refused ? BETWEEN : '');
  const said = text.length > 0 || list || (same && content.length > 0);
  if (said || (calls.length === 0 && plan === undefined)) json['content'] = text;
  if (calls.length > 0) json['tool_calls'] = calls.map((call) => encodeCall(call, same));
  const citations = same ? citationsOf(message.parts) : [];
  if (Array.isArray(others)) citations.push(...others);
  if (citations.length > 0) json['citations'] = citations;
  return json;
}

function isMedia(part: Part): boolean {
  return part.type === 'image' || part.type === 'audio' || part.type === 'document';
}

function toolMessage(
  message: Message,
  part: ToolResultPart,
  context: MessageContext,
  media: Part[],
): JsonObject {
  const { same, warn } = context;
  const { extra, list } = own(message, same);
  let { content } = part;
  if (!same) {
    const attached = content.filter(isMedia);
    if (attached.length > 0) {
      warn('tool_result', 'pictures and documents of a tool result are sent in a user message after it');
      media.push(
        { type: 'text', text: `Attachments of the result of tool call ${part.callId}:` },
        ...attached,
      );
      content = content.filter((one) => !isMedia(one));
    }
  }
  return {
    ...extra,
    role: 'tool',
    tool_call_id: part.callId,
    content: encodeContent(content, context, list),
  };
}

/** Instructions in the middle of a conversation keep their place, as text of the user marked as what it is. */
function laterSystem(message: Message, context: MessageContext): JsonObject {
  context.warn(
    'messages',
    'a system message in the middle of the conversation is sent as marked text of the user turn',
  );
  const text = encodeContent(message.parts, context, false, '\n\n');
  return { role: 'user', content: `<system>\n${typeof text === 'string' ? text : ''}\n</system>` };
}

/** One message of the hub may be several here: each tool result is a message of its own. */
function encodeMessage(message: Message, context: MessageContext, into: JsonObject[], media: Part[]): void {
  if (message.role === 'assistant') {
    into.push(assistant(message, context));
    return;
  }
  if (isSystem(message) && !context.same) {
    into.push(laterSystem(message, context));
    return;
  }
  const rest: Part[] = [];
  for (const part of message.parts)
    if (part.type === 'tool-result') into.push(toolMessage(message, part, context, media));
    else rest.push(part);
  if (rest.length === 0 && message.parts.length > 0) return;
  if (message.role === 'tool') {
    media.push(...rest);
    return;
  }
  const { extra, list } = own(message, context.same);
  const content = encodeContent([...media.splice(0), ...rest], context, list);
  into.push({ ...extra, role: message.role, content });
}

function hasResult(message: Message | undefined): boolean {
  return message?.parts.some((part) => part.type === 'tool-result') === true;
}

/** Several system messages at the beginning become the one that Cohere takes there. */
function leadingSystem(messages: Message[], context: MessageContext): JsonObject[] {
  if (messages.length === 0) return [];
  const parts = messages.flatMap((message) => message.parts);
  return [{ role: 'system', content: encodeContent(parts, context, false, '\n\n') }];
}

export function encodeMessages(messages: Message[], context: MessageContext): JsonObject[] {
  let leading = 0;
  if (!context.same)
    while (messages[leading] !== undefined && isSystem(messages[leading] as Message)) leading++;
  const out = leadingSystem(messages.slice(0, leading), context);
  // All results of one turn must follow each other, so what else was in them comes after the last.
  const media: Part[] = [];
  const turns = context.same ? messages : assistantTurns(messages.slice(leading));
  turns.forEach((message, i, rest) => {
    encodeMessage(message, context, out, media);
    const next = rest[i + 1];
    if (media.length > 0 && next?.role !== 'user' && !hasResult(next))
      out.push({ role: 'user', content: encodeContent(media.splice(0), context, false) });
  });
  return context.same ? out : out.filter(says);
}

/** Cohere refuses a message that says nothing, such as one whose parts could not be sent. */
function says(message: JsonObject): boolean {
  return message['content'] !== '' || message['tool_calls'] !== undefined || message['role'] === 'tool';
}
