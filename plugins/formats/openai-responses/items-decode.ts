import type { JsonObject, JsonValue, Message, Part, Role, ToolCallPart, ToolResultPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { extraOf, join, needString, objectAt } from '../shared/read-json.js';
import { decodeContent } from './content-decode.js';
import { decodeReasoning } from './reasoning.js';
import { mark, OPENAI_RESPONSES } from './types.js';

const MESSAGE_KEYS = new Set(['role', 'content']);
const CALL_KEYS = new Set(['type', 'call_id', 'name', 'arguments']);
const CUSTOM_KEYS = new Set(['type', 'call_id', 'name', 'input']);
const OUTPUT_KEYS = new Set(['type', 'call_id', 'output']);

function opaque(value: JsonObject): Part {
  return { type: 'opaque', format: OPENAI_RESPONSES, value };
}

/** Arguments are JSON text; some servers write the object itself. */
export function argumentsText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** A `function_call` or `custom_tool_call`, whose free text stands as its arguments. */
export function decodeCall(json: JsonObject, path: string): ToolCallPart {
  const custom = json['type'] === 'custom_tool_call';
  const part: ToolCallPart = {
    type: 'tool-call',
    id: needString(json, 'call_id', path),
    name: needString(json, 'name', path),
    arguments: argumentsText(json[custom ? 'input' : 'arguments']),
  };
  mark(part, 'item', extraOf(json, custom ? CUSTOM_KEYS : CALL_KEYS) ?? {});
  if (custom) part.custom = true;
  return part;
}

/** The parts of an assistant's message; the first one has the members of the item. */
export function assistantParts(json: JsonObject, path: string): Part[] {
  const { parts, string } = decodeContent(json['content'], join(path, 'content'), 'output_text');
  const first = parts[0];
  if (first === undefined) return [opaque(json)];
  mark(first, 'item', extraOf(json, MESSAGE_KEYS) ?? {});
  if (string) mark(first, 'string', true);
  return parts;
}

function callOutput(json: JsonObject, path: string): Message {
  const { parts, string } = decodeContent(json['output'], join(path, 'output'), 'input_text');
  const part: ToolResultPart = {
    type: 'tool-result',
    callId: needString(json, 'call_id', path),
    content: parts,
  };
  const rest = extraOf(json, OUTPUT_KEYS);
  if (rest !== undefined) mark(part, 'item', rest);
  if (string) mark(part, 'string', true);
  if (json['type'] === 'custom_tool_call_output') mark(part, 'type', 'custom');
  return { role: 'tool', parts: [part] };
}

function message(json: JsonObject, path: string, role: Role): Message {
  const { parts, string } = decodeContent(json['content'], join(path, 'content'), 'input_text');
  const decoded: Message = { role, parts };
  mark(decoded, 'item', extraOf(json, MESSAGE_KEYS) ?? {});
  if (string) mark(decoded, 'string', true);
  return decoded;
}

/**
 * Items follow each other flat; what the assistant did in one turn is one message of the hub, since in other formats
 * all calls of a turn must stand in one message. Each of its items begins with a part that has the item's members.
 */
class Collector {
  readonly messages: Message[] = [];

  assistant(parts: Part[]): void {
    const last = this.messages.at(-1);
    if (last?.role === 'assistant') last.parts.push(...parts);
    else this.messages.push({ role: 'assistant', parts });
  }

  item(json: JsonObject, path: string): void {
    const type = json['type'] ?? (json['role'] === undefined ? undefined : 'message');
    switch (type) {
      case 'message':
        this.message(json, path);
        return;
      case 'reasoning':
        this.assistant(decodeReasoning(json));
        return;
      case 'function_call':
      case 'custom_tool_call':
        this.assistant([decodeCall(json, path)]);
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.messages.push(callOutput(json, path));
        return;
    }
    // An `item_reference` may come without its type.
    if (typeof type !== 'string' && typeof json['id'] !== 'string') needString(json, 'type', path);
    if (type !== undefined && type !== null && typeof type !== 'string') needString(json, 'type', path);
    this.assistant([opaque(json)]);
  }

  private message(json: JsonObject, path: string): void {
    const role = needString(json, 'role', path);
    switch (role) {
      case 'assistant':
        this.assistant(assistantParts(json, path));
        return;
      case 'user':
      case 'system':
      case 'developer':
        this.messages.push(message(json, path, role));
        return;
    }
    const param = join(path, 'role');
    throw new MalformedBody(`'${param}' must be user, assistant, system or developer, not '${role}'`, param);
  }
}

/** `input`: a string, or a list of items. Absent where a stored prompt or conversation has it. */
export function decodeInput(input: JsonValue | undefined): Message[] {
  if (input === undefined || input === null) return [];
  if (typeof input === 'string')
    return [{ role: 'user', parts: [{ type: 'text', text: input }], extra: { input: true } }];
  if (!Array.isArray(input))
    throw new MalformedBody("'input' must be a string or an array of items", 'input');
  const collector = new Collector();
  for (let i = 0; i < input.length; i++) collector.item(objectAt(input, i, 'input'), `input[${i}]`);
  return collector.messages;
}
