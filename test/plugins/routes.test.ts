import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { RawConnection } from '../e2e/raw-connection.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const folder = pluginFolder();
afterAll(() => folder.close());

/** Each line is what a route without types might return. */
const WRONG = [
  'undefined',
  'null',
  '"text"',
  '{}',
  '{ type: "raw", status: 200, headers: [] }',
  '{ type: "raw", status: 200, headers: [], body: { a: 1 } }',
  '{ type: "raw", status: 200, headers: [], body: 5 }',
  '{ type: "raw", status: 200, headers: ["x"], body: "" }',
  '{ type: "raw", status: 200, headers: { a: "b" }, body: "" }',
  '{ type: "raw", status: "200", headers: [], body: "" }',
  '{ type: "raw", status: 101, headers: [], body: "" }',
  '{ type: "raw", status: 1000, headers: [], body: "" }',
  '{ type: "raw", status: 204, headers: [], body: "a body" }',
  '{ type: "error", error: { status: 400 } }',
  '{ type: "error", error: { status: 200, kind: "internal", code: "c", message: "m" } }',
  '{ type: "answer", response: { choices: [] } }',
];

const use = folder.write(
  'routes.mjs',
  pluginModule(
    `{
      name: 'routes', version: '1.0.0',
      setup(host) {
        const all = Uint8Array.from({ length: 256 }, (_, i) => i);
        const png = ['content-type', 'image/png'];
        const raw = (body) => ({ type: 'raw', status: 200, headers: png, body });
        host.route('GET', '/bytes', () => raw(all));
        // A view of a larger memory, as every small Buffer is one.
        host.route('GET', '/part', () => raw(Buffer.from([0, ...all, 0]).subarray(1, 257)));
        host.route('GET', '/large', () => raw(Buffer.alloc(5_000_000, all)));
        host.route('GET', '/empty', () => raw(new Uint8Array()));
        host.route('GET', '/text', () => raw('gr\\u00fc\\u00df dich'));
        host.route('POST', '/back', ({ body }) => raw(body));
        host.route('PUT', '/back', async ({ body }) => { await new Promise((done) => setTimeout(done, 20)); return raw(body); });
        host.route('GET', '/none', () => ({ type: 'raw', status: 204, headers: [], body: '' }));
        host.route('GET', '/limited', () => reply.error('rate-limit', 'too_many', 'Slow down.', { retryAfterMs: 1500, param: 'p', headers: ['X-More', 'yes\\r\\nx-evil: 1'] }));
        const wrong = [${WRONG.join(', ')}];
        host.route('GET', '/wrong', ({ query }) => wrong[Number(query)]);
      },
    }`,
  ),
);

const ALL = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));

describe.each([1, 2])('a route of a plugin, with %i I/O threads', (threads) => {
  let gateway: Headgate;
  beforeAll(async () => {
    gateway = await startHeadgate({ config: { server: { threads, body_limit: '1mb' }, plugins: [{ use }] } });
  });
  afterAll(() => stopCleanly(gateway));

  const url = (path: string): string => `${gateway.url}/plugins/routes${path}`;
  const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());

  // Bytes used to be decoded as UTF-8 and encoded again, which turned all that is no text into question marks.
  it.each([
    ['/bytes', ALL],
    ['/part', ALL],
    ['/large', Buffer.alloc(5_000_000, ALL)],
    ['/empty', Buffer.alloc(0)],
    ['/text', Buffer.from('grüß dich')],
  ])('sends its bytes as they are (%s)', async (path, wanted) => {
    const answer = await fetch(url(path));
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect((await bytesOf(answer)).equals(wanted)).toBe(true);
  });

  it.each(['POST', 'PUT'])('gets the bytes that were sent (%s)', async (method) => {
    for (const body of [ALL, Buffer.alloc(900_000, ALL), Buffer.alloc(0)]) {
      const answer = await fetch(url('/back'), { method, body: new Uint8Array(body) });
      expect((await bytesOf(answer)).equals(body)).toBe(true);
    }
  });

  it('gets no body over the limit', async () => {
    const answer = await fetch(url('/back'), { method: 'POST', body: new Uint8Array(1_100_000) });
    expect([answer.status, await answer.json()]).toMatchObject([413, { error: { code: 'body_too_large' } }]);
  });

  it('writes errors in OpenAI’s shape, with its headers', async () => {
    const answer = await fetch(url('/limited'));
    const id = answer.headers.get('x-headgate-request-id');
    const error = {
      message: 'Slow down.',
      type: 'rate_limit_error',
      param: 'p',
      code: 'too_many',
      request_id: id,
    };
    expect([answer.status, await answer.json()]).toEqual([429, { error }]);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect([answer.headers.get('x-more'), answer.headers.get('x-evil')]).toEqual(['yes??x-evil: 1', null]);
  });

  it('answers the methods it has, HEAD by its GET, and says so for the others', async () => {
    expect((await fetch(url('/nothing'))).status).toBe(404);
    const get = await fetch(url('/back'));
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, PUT, OPTIONS']);
    const options = await fetch(url('/bytes'), { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const connection = new RawConnection(gateway.port);
    connection.send('HEAD /plugins/routes/bytes HTTP/1.1\r\nhost: x\r\n\r\n');
    const head = await connection.answer({ head: true });
    expect([head?.status, head?.headers['content-type']]).toEqual([200, 'image/png']);
    connection.send('GET /plugins/routes/none HTTP/1.1\r\nhost: x\r\n\r\n');
    const none = await connection.answer();
    expect([none?.status, none?.headers['content-length'], none?.headers['transfer-encoding']]).toEqual([
      204,
      undefined,
      undefined,
    ]);
    connection.send('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    expect((await connection.answer())?.status).toBe(200);
    connection.destroy();
  });

  // What cannot be sent used to throw where nobody caught it, and ended the process.
  it.each(WRONG.map((text, index) => [text, index] as const))('may not return %s', async (_, index) => {
    const answer = await fetch(url(`/wrong?${index}`));
    expect([answer.status, await answer.json()]).toMatchObject([500, { error: { code: 'internal' } }]);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    await expect.poll(() => gateway.logs()).toContain('a plugin route failed');
  });
});
