import type { JsonObject, JsonValue, KeptTurn } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import { continueFrom } from './continue-from.js';

/** Beginnings of ids, by the item's type. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
};

/** The items of an answer's output. */
export function outputItems(answer: JsonObject): JsonObject[] {
  const { output } = answer;
  return Array.isArray(output) ? output.filter((item): item is JsonObject => isObject(item)) : [];
}

function itemsAfter(earlier: KeptTurn | null, input: JsonValue | undefined): JsonObject[] {
  const stored = earlier === null ? [] : outputItems(earlier.answer);
  return continueFrom({ input: earlier === null ? [] : [...earlier.input], output: stored }, input);
}

/** Text as the API lists it: a list of parts, whatever the client wrote. */
function listed(item: JsonObject): JsonObject {
  if (item['type'] !== undefined && item['type'] !== 'message') return item;
  if (typeof item['role'] !== 'string') return item;
  const { content } = item;
  const assistant = item['role'] === 'assistant';
  const part: JsonObject = assistant
    ? { type: 'output_text', text: content, annotations: [] }
    : { type: 'input_text', text: content };
  return {
    ...item,
    type: 'message',
    status: item['status'] ?? 'completed',
    content: typeof content === 'string' ? [part] : content,
  };
}

/** All items of the conversation as they are kept and listed, each with an id that stays. */
export function keptItems(body: JsonObject, id: string, earlier: KeptTurn | null): JsonObject[] {
  const core = id.startsWith('resp_') ? id.slice(5) : id;
  return itemsAfter(earlier, body['input']).map((raw, i) => {
    if (typeof raw['id'] === 'string') return raw;
    const item = listed(raw);
    const type = typeof item['type'] === 'string' ? item['type'] : '';
    const prefix = Object.hasOwn(PREFIXES, type) ? PREFIXES[type] : 'item';
    return { ...item, id: `${prefix}_${core}_in${i}` };
  });
}

/** A provider may look for items of its own by their ids, and these are not its own. */
function nameless(item: JsonObject): JsonObject {
  const { id: _, ...rest } = item;
  return typeof item['type'] === 'string' && Object.hasOwn(PREFIXES, item['type']) ? rest : item;
}

/** The request with all that came before as its input. */
export function continuedRequest(body: JsonObject, earlier: KeptTurn): JsonObject {
  const { previous_response_id: _, ...rest } = body;
  return { ...rest, input: itemsAfter(earlier, body['input']).map(nameless) };
}
