import type { JsonObject, Message, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '@headgate/sdk';
import { openResponses } from '../shared/reasoning-seal.js';
import { argumentsJson } from '../shared/tool-arguments.js';
import { kindInWords } from '../shared/value-in-words.js';
import { callId } from './call-ids.js';
import { encodeParts, type ItemContext, stringOrParts } from './content-encode.js';
import { type Group, groupParts } from './parts-group.js';
import { isForeign, reasoningItem, saysSomething } from './reasoning.js';
import { marksOf, OPENAI_RESPONSES } from './types.js';

/** A `function_call` or `custom_tool_call` without the members of its own (`id`, `status`). */
export function callItem(part: ToolCallPart, same: boolean, custom: boolean): JsonObject {
  const id = callId(part.id, same);
  if (part.custom !== true)
    return { type: 'function_call', call_id: id, name: part.name, arguments: part.arguments };
  return custom
    ? { type: 'custom_tool_call', call_id: id, name: part.name, input: part.arguments }
    : { type: 'function_call', call_id: id, name: part.name, arguments: argumentsJson(part.arguments) };
}

function output(part: ToolResultPart, context: ItemContext): JsonObject {
  const { same } = context;
  const marks = marksOf(part);
  const custom = same ? marks.type === 'custom' : context.customCalls?.has(part.callId) === true;
  const json: JsonObject = {
    ...(same ? marks.item : {}),
    type: custom ? 'custom_tool_call_output' : 'function_call_output',
    call_id: callId(part.callId, same),
  };
  if (!same && part.cache !== undefined)
    context.warn('cache_control', 'the output of a tool has no cache mark in this format');
  const content = encodeParts(part.content, 'input_text', context);
  const texts = content.every((one) => one['type'] === 'input_text');
  if (same) json['output'] = stringOrParts(part.content, marks.string === true, 'input_text', context);
  // Many servers take a string only.
  else json['output'] = texts ? content.map((one) => one['text']).join('\n\n') : content;
  return json;
}

function assistantMessage(parts: readonly Part[], context: ItemContext): JsonObject | undefined {
  const first = parts[0];
  const marks = first === undefined || !context.same ? {} : marksOf(first);
  const content = stringOrParts(parts, marks.string === true, 'output_text', context);
  if (content.length === 0 && !context.same) return undefined;
  return { ...(marks.item ?? { type: 'message' }), role: 'assistant', content };
}

function sameReasoning(parts: readonly ReasoningPart[], context: ItemContext): JsonObject | undefined {
  if (parts.some(isForeign)) {
    context.warn('reasoning', 'reasoning signed by another provider cannot be sent back in this format');
    return undefined;
  }
  return reasoningItem(parts, (parts[0] && marksOf(parts[0]).item) ?? {});
}

function sameItem(group: Group, context: ItemContext): JsonObject | undefined {
  switch (group.kind) {
    case 'message':
      return assistantMessage(group.parts, context);
    case 'reasoning':
      return sameReasoning(group.parts, context);
    case 'call':
      return { ...marksOf(group.part).item, ...callItem(group.part, true, true) };
    case 'opaque':
      return group.part.format === OPENAI_RESPONSES ? group.part.value : opaqueWarning(group.part, context);
  }
}

function opaqueWarning(part: Extract<Part, { type: 'opaque' }>, context: ItemContext): undefined {
  context.warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
}

/**
 * An assistant's turn that came through another format. Reasoning is only sent where this API encrypted it, together
 * with the texts before it, which were its summary.
 */
function foreignAssistant(message: Message, context: ItemContext, into: JsonObject[]): void {
  let summary: ReasoningPart[] = [];
  const drop = (): void => {
    if (summary.some(saysSomething))
      context.warn('reasoning', 'reasoning that this API did not encrypt cannot be sent back to it');
    summary = [];
  };
  for (const group of groupParts(message.parts, false)) {
    if (group.kind === 'reasoning') {
      const part = group.parts[0] as ReasoningPart;
      const own = part.encrypted === undefined ? undefined : openResponses(part.encrypted);
      if (isForeign(part)) {
        drop();
        context.warn('reasoning', 'reasoning signed by another provider cannot be sent back in this format');
        continue;
      }
      summary.push(part.encrypted === undefined ? { type: 'reasoning', text: part.text } : part);
      if (own === undefined) continue;
      into.push(reasoningItem(summary, own.id === '' ? {} : { id: own.id }));
      summary = [];
      continue;
    }
    drop();
    if (group.kind === 'call') into.push(callItem(group.part, false, context.custom));
    else if (group.kind === 'opaque') {
      if (group.part.format === OPENAI_RESPONSES) into.push(group.part.value);
      else opaqueWarning(group.part, context);
    } else {
      const json = assistantMessage(group.parts, context);
      if (json !== undefined) into.push(json);
    }
  }
  drop();
}

/** The items of one message of the hub, results of tools before everything else in it. */
function encodeMessage(message: Message, context: ItemContext, into: JsonObject[]): void {
  const { same } = context;
  if (message.role === 'assistant') {
    if (!same) {
      foreignAssistant(message, context, into);
      return;
    }
    for (const group of groupParts(message.parts, true)) {
      const item = sameItem(group, context);
      if (item !== undefined) into.push(item);
    }
    return;
  }
  const parts: Part[] = [];
  for (const part of message.parts) {
    if (part.type === 'tool-result') into.push(output(part, context));
    else parts.push(part);
  }
  const marks = same ? marksOf(message) : {};
  if (parts.length === 0 && marks.item === undefined) return;
  if (message.role === 'tool')
    context.warn('messages', 'parts beside a tool result are sent in a user message after it');
  const content = stringOrParts(parts, marks.string === true, 'input_text', context);
  if (content.length === 0 && typeof content !== 'string' && !same) return;
  const role = message.role === 'tool' ? 'user' : message.role;
  into.push({ ...(marks.item ?? { type: 'message' }), role, content });
}

export interface EncodedInput {
  instructions?: string;
  input?: string | JsonObject[];
}

function textOf(message: Message): string | undefined {
  const texts: string[] = [];
  for (const part of message.parts) {
    if (part.type !== 'text') return undefined;
    texts.push(part.text);
  }
  return texts.length === 0 ? undefined : texts.join('\n\n');
}

function itemsOf(messages: readonly Message[], context: ItemContext): JsonObject[] {
  const items: JsonObject[] = [];
  for (const message of messages) encodeMessage(message, context, items);
  return items;
}

function encodeSame(messages: readonly Message[], context: ItemContext): EncodedInput {
  const encoded: EncodedInput = {};
  const others: Message[] = [];
  for (const message of messages) {
    const text = marksOf(message).instructions === true ? textOf(message) : undefined;
    if (text === undefined || encoded.instructions !== undefined) others.push(message);
    else encoded.instructions = text;
  }
  const only = others[0];
  const text =
    others.length === 1 && only !== undefined && marksOf(only).input === true ? textOf(only) : undefined;
  if (text !== undefined) encoded.input = text;
  else if (others.length > 0) encoded.input = itemsOf(others, context);
  return encoded;
}

/** A first system message of text becomes `instructions`, unless it is all there is: a request needs an input. */
function encodeForeign(messages: readonly Message[], context: ItemContext): EncodedInput {
  const first = messages[0];
  const system = first?.role === 'system' || first?.role === 'developer';
  const text = first !== undefined && system ? textOf(first) : undefined;
  if (first === undefined || text === undefined) return { input: itemsOf(messages, context) };
  const input = itemsOf(messages.slice(1), context);
  if (input.length === 0) return { input: itemsOf([first], context) };
  // Told here, since its parts are not written one by one.
  encodeParts(first.parts, 'input_text', context);
  return { instructions: text, input };
}

/** Calls of custom tools, whose outputs other formats do not tell from those of functions. */
function customCallsOf(messages: readonly Message[]): Set<string> {
  const ids = new Set<string>();
  for (const { parts } of messages)
    for (const part of parts) if (part.type === 'tool-call' && part.custom === true) ids.add(part.id);
  return ids;
}

export function encodeInput(messages: readonly Message[], context: ItemContext): EncodedInput {
  if (context.same) return encodeSame(messages, context);
  const customCalls = context.custom ? customCallsOf(messages) : undefined;
  return encodeForeign(messages, customCalls === undefined ? context : { ...context, customCalls });
}
