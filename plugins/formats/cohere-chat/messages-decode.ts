import type { JsonObject, Message, Part, Role } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { extraOf, join, needArray, needString, objectAt, optArray, optString } from '../shared/read-json.js';
import { decodeCalls } from './calls.js';
import { attachCitations } from './citations.js';
import { decodeContent } from './content-decode.js';

const PLAIN_KEYS = new Set(['role', 'content']);
export const ASSISTANT_KEYS: ReadonlySet<string> = new Set([
  ...PLAIN_KEYS,
  'tool_calls',
  'tool_plan',
  'citations',
]);
const TOOL_KEYS = new Set([...PLAIN_KEYS, 'tool_call_id']);

/** Parts of an assistant's message, and citations that are of no text. The plan comes before what it is a plan of. */
export function assistantParts(json: JsonObject, path: string): { parts: Part[]; rest: JsonObject } {
  const plan = optString(json, 'tool_plan', path) ?? '';
  const content = decodeContent(json['content'], join(path, 'content'));
  const citations = optArray(json, 'citations', path);
  const others = citations === undefined ? [] : attachCitations(content, citations);
  const parts: Part[] = plan === '' ? [] : [{ type: 'reasoning', text: plan, extra: { plan: true } }];
  parts.push(...content, ...decodeCalls(json, path));
  return { parts, rest: others.length === 0 ? {} : { citations: others } };
}

function assistantMessage(json: JsonObject, path: string): Message {
  const { parts, rest } = assistantParts(json, path);
  const message: Message = { role: 'assistant', parts };
  const extra = { ...extraOf(json, ASSISTANT_KEYS), ...rest };
  if (Array.isArray(json['content'])) extra['list'] = true;
  if (Object.keys(extra).length > 0) message.extra = extra;
  return message;
}

function decodeMessage(json: JsonObject, path: string): Message {
  const role = needString(json, 'role', path);
  const content = json['content'];
  const contentPath = join(path, 'content');
  if (role === 'assistant') return assistantMessage(json, path);
  if (role !== 'system' && role !== 'developer' && role !== 'user' && role !== 'tool') {
    const param = join(path, 'role');
    throw new MalformedBody(`'${param}' must be system, user, assistant or tool, not '${role}'`, param);
  }
  if (content === undefined || content === null)
    throw new MalformedBody(`'${contentPath}' must be a string or an array of content`, contentPath);
  let parts = decodeContent(content, contentPath);
  let known: ReadonlySet<string> = PLAIN_KEYS;
  if (role === 'tool') {
    parts = [{ type: 'tool-result', callId: needString(json, 'tool_call_id', path), content: parts }];
    known = TOOL_KEYS;
  }
  const message: Message = { role: role satisfies Role, parts };
  const extra = extraOf(json, known) ?? {};
  // One text is written as a string; this remembers that it was not.
  if (Array.isArray(content)) extra['list'] = true;
  if (Object.keys(extra).length > 0) message.extra = extra;
  return message;
}

export function decodeMessages(body: JsonObject): Message[] {
  const array = needArray(body, 'messages', '');
  return array.map((_, i) => decodeMessage(objectAt(array, i, 'messages'), `messages[${i}]`));
}
