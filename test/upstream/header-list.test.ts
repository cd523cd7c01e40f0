import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderLists } from '../../core/upstream/header-list.js';

const name = fc.constantFrom(
  'Content-Type',
  'content-type',
  'X-Request-Id',
  'Date',
  'x',
  'X-RateLimit-Limit',
);
const value = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'abc', 'application/json', 'caf\u00e9'),
  fc.stringMatching(/^[ -~\u00a0-\u00ff]{0,30}$/),
);
const head = fc.array(fc.tuple(name, value), { maxLength: 8 });

/** As undici gives them: pieces of one chunk of the socket, which holds other things before and after. */
function pieces(pairs: readonly (readonly [string, string])[]): Buffer[] {
  const chunk = Buffer.from(
    `HTTP/1.1 200 OK\r\n${pairs.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n{}`,
    'latin1',
  );
  const raw: Buffer[] = [];
  let at = 'HTTP/1.1 200 OK\r\n'.length;
  for (const [n, v] of pairs) {
    raw.push(chunk.subarray(at, at + n.length));
    raw.push(chunk.subarray(at + n.length + 2, at + n.length + 2 + v.length));
    at += n.length + v.length + 4;
  }
  return raw;
}

test('every answer of a provider is read right, whatever the answers before it said', () => {
  fc.assert(
    fc.property(fc.array(head, { maxLength: 6 }), (heads) => {
      const lists = new HeaderLists();
      for (const pairs of heads) {
        expect(lists.read(pieces(pairs))).toEqual(pairs.flatMap(([n, v]) => [n.toLowerCase(), v]));
      }
    }),
  );
});

test('a head that came in two chunks is read right', () => {
  const lists = new HeaderLists();
  const whole = pieces([['X-Request-Id', 'req_1']]);
  const elsewhere = [...whole, Buffer.from('Date'), Buffer.from('today')];
  expect(lists.read(whole)).toEqual(['x-request-id', 'req_1']);
  expect(lists.read(elsewhere)).toEqual(['x-request-id', 'req_1', 'date', 'today']);
});
