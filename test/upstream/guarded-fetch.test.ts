import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseFetchRule } from '../../core/config/fetch-rule.js';
import { GuardedFetch } from '../../core/upstream/guarded-fetch.js';
import type { Lookup } from '../../core/upstream/guarded-lookup.js';

/** Loopback addresses at which requests have arrived. */
const arrived: string[] = [];
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    arrived.push(request.socket.localAddress?.replace('::ffff:', '') ?? '');
    const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (to !== null) response.writeHead(302, { location: to }).end();
    else if (request.url === '/large') response.end(Buffer.alloc(11 * 1024 * 1024, 'x'));
    else response.end('inside');
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void arrived.splice(0));

function guarded(allow: readonly string[], lookup?: Lookup): GuardedFetch['fetch'] {
  const rules = allow.map((text) => parseFetchRule(text) ?? expect.fail(text));
  const made = new GuardedFetch(rules, lookup);
  onTestFinished(() => made.close());
  return made.fetch;
}

/** A resolver that says these addresses, one list a question; the last one stays. */
function resolver(...answers: string[][]): { lookup: Lookup; asked: () => number } {
  let asked = 0;
  const lookup: Lookup = (_, __, callback) => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? [];
    setImmediate(() =>
      callback(
        null,
        answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return { lookup, asked: () => asked };
}

const REFUSED = 'is not a public address, and server.fetch_allow does not allow it';

describe('host.fetch', () => {
  it.each([
    'http://127.0.0.1',
    'http://127.0.0.1.',
    'http://127.1',
    'http://0x7f.1',
    'http://2130706433',
    'http://017700000001',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::127.0.0.1]',
    'http://[64:ff9b:1::7f00:1]',
    'http://[2002:7f00:1::]',
    'http://[2001:0:7f00:1::80ff:fffe]',
    'http://[fe80::1]',
    'http://169.254.169.254',
    'http://localhost',
    'http://user:password@localhost',
  ])('refuses %s', async (origin) => {
    const url = new URL(origin);
    url.port = String(port);
    await expect(guarded([])(url.href)).rejects.toThrow(REFUSED);
    expect(arrived).toEqual([]);
  });

  it('reaches what the operator allows: an address, a network, a host by its name', async () => {
    for (const [allow, host] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.0.0.0/8', '127.0.0.3'],
      ['127.0.0.0/8', 'localhost'],
      ['LocalHost.', 'localhost'],
      ['localhost', 'LOCALHOST'],
    ] as const) {
      const answer = await guarded([allow])(`http://${host}:${port}/`);
      expect([answer.status, await answer.text()]).toEqual([200, 'inside']);
    }
  });

  it('reaches nothing beside that', async () => {
    const fetch = guarded(['127.0.0.2', '10.0.0.0/8', 'localhost', 'fd00::/8']);
    for (const host of ['127.0.0.1', '127.0.0.3', '[::ffff:127.0.0.2]', '[64:ff9b::7f00:2]', '[::1]'])
      await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow(REFUSED);
    expect(arrived).toEqual([]);
  });

  it('takes a name for what its name is, not for how it ends or begins', async () => {
    const { lookup } = resolver(['127.0.0.1']);
    const fetch = guarded(['internal.example'], lookup);
    for (const host of ['notinternal.example', 'internal.example.org', 'a.internal.example'])
      await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow(REFUSED);
    expect((await fetch(`http://internal.example:${port}/`)).status).toBe(200);
  });

  it('refuses a name of which one address is private', async () => {
    const { lookup } = resolver(['93.184.216.34', '127.0.0.1']);
    await expect(guarded([], lookup)(`http://two.example:${port}/`)).rejects.toThrow(
      `two.example ${REFUSED}`,
    );
    const { lookup: six } = resolver(['::ffff:127.0.0.1']);
    await expect(guarded([], six)(`http://mapped.example:${port}/`)).rejects.toThrow(REFUSED);
    expect(arrived).toEqual([]);
  });

  // DNS rebinding: a name has a harmless address when it is checked and a private one when the connection is made. So
  // the check is part of making the connection, and there is one question only.
  it('connects to the very address that it checked', async () => {
    const { lookup, asked } = resolver(['127.0.0.2'], ['127.0.0.1']);
    const answer = await guarded(['127.0.0.2'], lookup)(`http://rebinding.example:${port}/`);
    expect(answer.status).toBe(200);
    expect(arrived).toEqual(['127.0.0.2']);
    expect(asked()).toBe(1);
  });

  it('checks again when it connects again', async () => {
    const { lookup } = resolver(['127.0.0.2'], ['127.0.0.1']);
    const fetch = guarded(['127.0.0.2'], lookup);
    const once = { headers: { connection: 'close' } };
    await fetch(`http://rebinding.example:${port}/`, once);
    await expect(fetch(`http://rebinding.example:${port}/`, once)).rejects.toThrow(REFUSED);
    expect(arrived).toEqual(['127.0.0.2']);
  });

  it('follows no redirect', async () => {
    const fetch = guarded(['127.0.0.2']);
    for (const to of [`http://127.0.0.1:${port}/`, `http://[::1]:${port}/`, '/elsewhere']) {
      const answer = await fetch(`http://127.0.0.2:${port}/?to=${encodeURIComponent(to)}`);
      expect([answer.status, answer.headers['location']]).toEqual([302, to]);
    }
    expect(arrived).toEqual(['127.0.0.2', '127.0.0.2', '127.0.0.2']);
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/', 'data:text/plain,x', 'unix:/run/x.sock'])(
    'refuses %s, which is not HTTP',
    async (url) => {
      await expect(guarded(['0.0.0.0/0'])(url)).rejects.toThrow('is not HTTP');
    },
  );

  it('takes no answer that is larger than ten megabytes', async () => {
    await expect(guarded(['127.0.0.1'])(`http://127.0.0.1:${port}/large`)).rejects.toThrow('larger than');
  });
});

describe('a rule of server.fetch_allow', () => {
  it.each([
    ['10.0.0.0/8', { kind: 'network', address: '10.0.0.0', bits: 8 }],
    ['127.0.0.1', { kind: 'network', address: '127.0.0.1', bits: 32 }],
    ['[::1]', { kind: 'network', address: '::1', bits: 128 }],
    ['fd00::/8', { kind: 'network', address: 'fd00::', bits: 8 }],
    ['2130706433', { kind: 'network', address: '127.0.0.1', bits: 32 }],
    ['Search.Internal.', { kind: 'host', host: 'search.internal' }],
    ['bücher.example', { kind: 'host', host: 'xn--bcher-kva.example' }],
    ['my_service', { kind: 'host', host: 'my_service' }],
  ])('%s is read as what it means', (text, rule) => {
    expect(parseFetchRule(text)).toEqual(rule);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    'http://x',
    'x:80',
    '127.0.0.1:80',
    'a/b',
    'a b',
    '*.x',
    '[x]',
    'x@y',
    '10.0.0.0/',
  ])('"%s" is none', (text) => {
    expect(parseFetchRule(text)).toBeNull();
  });
});
