import type {
  JsonObject,
  Message,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
  Warn,
} from '@headgate/sdk';
import { assistantTurns } from '../shared/assistant-turns.js';
import { documentText } from '../shared/document-text.js';
import { encodeCall } from '../shared/ollama-calls.js';
import { encodeImage, warnOfPart } from '../shared/ollama-images.js';
import { detailsOf, joinedThoughts } from '../shared/reasoning-details.js';
import { warnOfSeal } from '../shared/reasoning-seal.js';

/** What an encoder of messages must know. */
export interface MessageContext {
  /** The request was decoded from this very format, so `extra` bags are written again. */
  same: boolean;
  warn: Warn;
  /** Names of the tools by the ids of their calls: a result says the name. */
  names: Map<string, string>;
}

/** A message's parts by the members they are written to. */
interface Sorted {
  texts: string[];
  images: string[];
  thoughts: ReasoningPart[];
  calls: ToolCallPart[];
  results: ToolResultPart[];
}

function sortPart(part: Part, sorted: Sorted, { warn }: MessageContext): void {
  switch (part.type) {
    case 'text':
      sorted.texts.push(part.text);
      return;
    case 'refusal':
      sorted.texts.push(part.text);
      return;
    case 'image': {
      const image = encodeImage(part, warn);
      if (image !== undefined) sorted.images.push(image);
      return;
    }
    case 'reasoning':
      sorted.thoughts.push(part);
      return;
    case 'tool-call':
      sorted.calls.push(part);
      return;
    case 'tool-result':
      sorted.results.push(part);
      return;
    case 'document': {
      const text = documentText(part);
      if (text === undefined) warnOfPart(part, warn);
      else sorted.texts.push(text);
      return;
    }
    default:
      warnOfPart(part, warn);
  }
}

function sort(parts: Part[], context: MessageContext): Sorted {
  const sorted: Sorted = { texts: [], images: [], thoughts: [], calls: [], results: [] };
  for (const part of parts) sortPart(part, sorted, context);
  return sorted;
}

/** No model here can read what another provider encrypted; what it signed is plain text beside its proof. */
function writeThoughts(json: JsonObject, thoughts: ReasoningPart[], { same, warn }: MessageContext): void {
  if (!same) for (const part of thoughts) warnOfSeal(part, warn);
  const thinking = joinedThoughts(thoughts);
  if (thinking !== '') json['thinking'] = thinking;
  const details = same ? detailsOf(thoughts) : undefined;
  if (details !== undefined) json['reasoning_details'] = details;
}

function assistant(message: Message, context: MessageContext): JsonObject {
  const { texts, images, thoughts, calls, results } = sort(message.parts, context);
  for (const part of results) warnOfPart(part, context.warn);
  const json: JsonObject = {
    ...(context.same ? message.extra : {}),
    role: 'assistant',
    content: texts.join(message.parts.some((part) => part.type === 'refusal') ? '\n\n' : ''),
  };
  writeThoughts(json, thoughts, context);
  if (images.length > 0) json['images'] = images;
  if (calls.length > 0) json['tool_calls'] = calls.map((call, i) => encodeCall(call, context.same, i));
  for (const call of calls) context.names.set(call.id, call.name);
  return json;
}

function toolMessage(message: Message, part: ToolResultPart, context: MessageContext): JsonObject {
  const { same, names } = context;
  const extra = same ? part.extra : undefined;
  const { texts, images } = sort(part.content, context);
  const json: JsonObject = { ...(same ? message.extra : {}), role: 'tool', content: texts.join('\n\n') };
  const name = same ? extra?.['tool_name'] : (names.get(part.callId) ?? message.name);
  if (name !== undefined) json['tool_name'] = name;
  if (extra?.['unnamed'] !== true) json['tool_call_id'] = part.callId;
  if (images.length > 0) json['images'] = images;
  return json;
}

/** One message of the hub may be several here: each tool result is a message of its own. */
function encodeMessage(message: Message, context: MessageContext, into: JsonObject[]): void {
  if (message.role === 'assistant') {
    into.push(assistant(message, context));
    return;
  }
  const results = message.parts.filter((part) => part.type === 'tool-result');
  for (const part of results) into.push(toolMessage(message, part, context));
  const rest =
    results.length === 0 ? message.parts : message.parts.filter((part) => part.type !== 'tool-result');
  if (results.length > 0 && rest.length === 0) return;
  const { texts, images, thoughts, calls } = sort(rest, context);
  for (const part of [...thoughts, ...calls]) warnOfPart(part, context.warn);
  const role =
    message.role === 'tool'
      ? 'user'
      : message.role === 'developer' && !context.same
        ? 'system'
        : message.role;
  const json: JsonObject = { ...(context.same ? message.extra : {}), role, content: texts.join('\n\n') };
  if (images.length > 0) json['images'] = images;
  into.push(json);
}

export function encodeMessages(messages: Message[], same: boolean, warn: Warn): JsonObject[] {
  const out: JsonObject[] = [];
  const context: MessageContext = { same, warn, names: new Map() };
  for (const message of same ? messages : assistantTurns(messages)) encodeMessage(message, context, out);
  return out;
}
