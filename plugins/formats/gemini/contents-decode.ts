import type { JsonObject, Message } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { optList } from '../shared/google-spelling.js';
import { extraOf, join, objectAt, optObject, optString } from '../shared/read-json.js';
import { CallIds } from './call-ids.js';
import { decodeParts } from './parts-decode.js';
import { joinSignedThoughts } from './signed-thoughts.js';

const CONTENT_KEYS = new Set(['role', 'parts']);
const PARTS = new Set(['parts']);

/** Google once had the role `function` for results, which old clients still write. */
function roleOf(json: JsonObject, path: string): Message['role'] {
  const role = optString(json, 'role', path) ?? 'user';
  switch (role) {
    case 'user':
    case '':
      return 'user';
    case 'model':
      return 'assistant';
    case 'function':
      return 'tool';
  }
  const param = join(path, 'role');
  throw new MalformedBody(`'${param}' must be user or model, not '${role}'`, param);
}

function decodeContent(json: JsonObject, path: string, ids: CallIds): Message {
  const message: Message = { role: roleOf(json, path), parts: decodeParts(json, path, ids) };
  const extra = extraOf(json, CONTENT_KEYS);
  if (extra !== undefined) message.extra = extra;
  return message;
}

/** `systemInstruction` and `contents`. */
export function decodeContents(body: JsonObject): Message[] {
  const list = optList(body, 'contents', '');
  if (list === undefined) throw new MalformedBody("'contents' must be an array", 'contents');
  const ids = new CallIds();
  const messages: Message[] = [];
  const system = optObject(body, 'systemInstruction', '');
  if (system !== undefined) {
    const message: Message = { role: 'system', parts: decodeParts(system, 'systemInstruction', ids) };
    // Its role says nothing, but is kept.
    const extra = extraOf(system, PARTS);
    if (extra !== undefined) message.extra = extra;
    messages.push(message);
  }
  list.forEach((_, i) => {
    messages.push(decodeContent(objectAt(list, i, 'contents'), `contents[${i}]`, ids));
  });
  return joinSignedThoughts(messages);
}
