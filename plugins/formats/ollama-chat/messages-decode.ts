import type { JsonObject, Message, Part, Role, ToolResultPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { decodeCalls } from '../shared/ollama-calls.js';
import { decodeImages } from '../shared/ollama-images.js';
import { extraOf, join, needString, objectAt, optArray, optString } from '../shared/read-json.js';
import { partsOfDetails } from '../shared/reasoning-details.js';
import { CallBook } from './call-book.js';

const PLAIN_KEYS = new Set(['role', 'content', 'images']);
const ASSISTANT_KEYS = new Set([...PLAIN_KEYS, 'thinking', 'tool_calls', 'reasoning_details']);
const TOOL_KEYS = new Set([...PLAIN_KEYS, 'tool_name', 'tool_call_id']);
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/** Ollama shows a model the pictures before the text. */
function contentParts(json: JsonObject, path: string): Part[] {
  const parts: Part[] = decodeImages(json, path);
  const text = optString(json, 'content', path) ?? '';
  if (text !== '') parts.push({ type: 'text', text });
  return parts;
}

function assistantParts(json: JsonObject, path: string, book: CallBook): Part[] {
  book.turn();
  const parts: Part[] = partsOfDetails(json['reasoning_details']);
  const thinking = optString(json, 'thinking', path) ?? '';
  if (parts.length === 0 && thinking !== '') parts.push({ type: 'reasoning', text: thinking });
  parts.push(...contentParts(json, path));
  for (const call of decodeCalls(json, path, () => book.makeId())) {
    book.add(call.id, call.name);
    parts.push(call);
  }
  return parts;
}

function toolResult(json: JsonObject, path: string, book: CallBook): Part {
  const id = optString(json, 'tool_call_id', path) ?? '';
  const name = optString(json, 'tool_name', path);
  const part: ToolResultPart = {
    type: 'tool-result',
    callId: id === '' ? book.answer(name) : id,
    content: contentParts(json, path),
  };
  if (id !== '') book.answered(id);
  const extra: JsonObject = {};
  if (id === '') extra['unnamed'] = true;
  if (name !== undefined) extra['tool_name'] = name;
  if (Object.keys(extra).length > 0) part.extra = extra;
  return part;
}

function decodeMessage(json: JsonObject, path: string, book: CallBook): Message {
  const role = needString(json, 'role', path).toLowerCase();
  if (!ROLES.has(role)) {
    const param = join(path, 'role');
    throw new MalformedBody(`'${param}' must be system, user, assistant or tool, not '${role}'`, param);
  }
  const message: Message = { role: role as Role, parts: [] };
  let known: ReadonlySet<string> = PLAIN_KEYS;
  if (role === 'assistant') {
    message.parts = assistantParts(json, path, book);
    known = ASSISTANT_KEYS;
  } else if (role === 'tool') {
    message.parts = [toolResult(json, path, book)];
    known = TOOL_KEYS;
  } else message.parts = contentParts(json, path);
  const extra = extraOf(json, known);
  if (extra !== undefined) message.extra = extra;
  return message;
}

/** A request without messages loads the model, or unloads it. */
export function decodeMessages(body: JsonObject): Message[] {
  const array = optArray(body, 'messages', '') ?? [];
  const book = new CallBook();
  return array.map((_, i) => decodeMessage(objectAt(array, i, 'messages'), `messages[${i}]`, book));
}
