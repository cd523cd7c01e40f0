import type { JsonObject, JsonValue, WireFormat } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { formats } from '../../plugins/formats/index.js';

/*
 * Tools and parts that only one API knows are named in a warning when another encodes the request. The name was made text
 * with String(), which calls the value's own toString: a request with `"name": { "toString": 1 }` was answered with
 * an internal error, as if the gateway were broken.
 */
const strange: JsonValue[] = [
  { toString: 1 },
  [{ toString: false, valueOf: null }],
  7,
  null,
  { toJSON: 'x' },
];

const requests: [id: string, make: (value: JsonValue) => JsonObject][] = [
  ['openai-responses', (name) => ({ model: 'm', input: 'Hi', tools: [{ type: 'custom', name }] })],
  [
    'openai-chat',
    (name) => ({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [{ type: 'custom', name, custom: { name } }],
    }),
  ],
  [
    'anthropic-messages',
    (name) => ({
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [{ type: 'web_search_20250305', name }],
    }),
  ],
];

const encoders = formats.filter(({ request }) => request !== undefined);

function coded(from: WireFormat, to: WireFormat, body: JsonObject): unknown {
  const decoded = from.request?.decode(structuredClone(body));
  if (decoded === undefined) throw new Error(`${from.id} has no requests`);
  return to.request?.encode(decoded, { model: 'm', warn: () => undefined });
}

describe.each(requests)('a tool of %s whose name is no text', (id, make) => {
  const from = formats.find((format) => format.id === id);
  if (from === undefined) throw new Error(`no format ${id}`);

  it.each(encoders)('breaks no encoder: $id', (to) => {
    for (const value of strange) {
      let thrown: unknown;
      try {
        coded(from, to, make(value));
      } catch (error) {
        thrown = error;
      }
      // Refusing it by name is an answer too.
      if (thrown !== undefined) expect(thrown).toHaveProperty('name', 'MalformedBody');
    }
  });
});
