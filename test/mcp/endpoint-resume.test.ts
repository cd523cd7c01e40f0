import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReplayMemory, ReplayStore } from '../../core/mcp/front/replay.js';
import { ADMIN_TOKEN, adminOf } from '../definitions/embedded-admin.js';
import { type Headgate, startHeadgate } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { fixture } from './servers.js';

const KEY = 'hg-resume-0123456789';
const WAIT_MS = 20_000;

interface Via {
  readonly fetch: typeof fetch;
  readonly url: string;
}

/** A client by hand, one session. */
async function session({ fetch, url }: Via, version = '2025-11-25', key = KEY) {
  const headers: Record<string, string> = {
    authorization: `Bearer ${key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': version,
  };
  const post = (body: object, signal?: AbortSignal) =>
    fetch(`${url}/mcp/fixture`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      ...(signal !== undefined && { signal }),
    });
  const begun = await post({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  });
  await begun.text();
  headers['mcp-session-id'] = begun.headers.get('mcp-session-id') ?? '';
  let ids = 1;
  const call = (name: string, signal?: AbortSignal, token?: number) =>
    post(
      {
        id: ++ids,
        method: 'tools/call',
        params: { name, arguments: {}, ...(token !== undefined && { _meta: { progressToken: token } }) },
      },
      signal,
    );
  return {
    call,
    /** Calls something, and loses the connection when so many events have come. Resolves to their ids. */
    async lose(name: string, events = 1, token?: number): Promise<string[]> {
      const gone = new AbortController();
      const answer = await call(name, gone.signal, token);
      const reader = (answer.body as ReadableStream<Uint8Array>)
        .pipeThrough(new TextDecoderStream())
        .getReader();
      let text = '';
      while (text.split('\n\n').length <= events) {
        const { done, value = '' } = await reader.read();
        if (done) throw new Error(`the answer ended before so many events came: ${text}`);
        text += value;
      }
      gone.abort();
      return [...text.matchAll(/^id: (\d+)/gm)].map(([, id = '']) => id);
    },
    back: (last = '') =>
      fetch(`${url}/mcp/fixture`, {
        headers: { ...headers, 'last-event-id': last, accept: 'text/event-stream' },
      }),
    /** Waits until so many calls are with the server. */
    async runs(count: number): Promise<void> {
      await expect.poll(() => this.running(), { timeout: WAIT_MS }).toBe(count);
    },
    async running(): Promise<number> {
      const text = await (await call('state')).text();
      // In one piece when it comes soon, else as an event.
      const [told = '{}'] = /\{.*"result".*\}/.exec(text) ?? [];
      const { result } = JSON.parse(told) as { result: { content: { text: string }[] } };
      return (JSON.parse(result.content[0]?.text ?? '{}') as { running: number }).running;
    },
  };
}

const settings = (resume: string) => ({
  admin: { token: ADMIN_TOKEN },
  observability: { log_level: 'error' as const },
  keys: [{ name: 'someone', value: KEY }],
  mcp: { servers: { fixture: fixture() }, sessions: { resume, replay: '64kb' } },
});

describe('an answer whose connection broke off', () => {
  let gateway: Embedded;
  let via: Via;
  beforeAll(async () => {
    gateway = await embed({ config: settings('30s') });
    via = { fetch: gateway.fetch, url: '' };
  });
  afterAll(() => gateway.close());

  it('is taken up again where it was, and comes once', async () => {
    const client = await session(via);
    const [first, last] = await client.lose('wait', 2, 7);
    await client.runs(1);
    await (await client.call('release')).text();
    await client.runs(0);
    const answer = await client.back(last);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const text = await answer.text();
    expect(text.match(/"waited"/g)).toHaveLength(1);
    expect(text).not.toContain('notifications/progress');
    // From its beginning there is all of it.
    const all = await client.back(first);
    expect(await all.text()).toContain('notifications/progress');
  });

  it('goes on over the connection that its client comes back with', async () => {
    const client = await session(via);
    const [last] = await client.lose('wait');
    const answer = await client.back(last);
    expect(answer.status).toBe(200);
    await client.runs(1);
    await (await client.call('release')).text();
    expect(await answer.text()).toContain('waited');
  });

  it('is stopped at once for a client of an older revision, which does not know where it was', async () => {
    const old = await session(via, '2025-06-18');
    const gone = new AbortController();
    old.call('slow', gone.signal).catch(() => {});
    await old.runs(1);
    gone.abort();
    await old.runs(0);
  });

  it('is stopped when its key is revoked while its client is away', async () => {
    const admin = adminOf(gateway, ADMIN_TOKEN);
    const { id, secret } = (await admin('POST', '/api/keys', { name: 'away' })).body;
    const leaving = await session(via, '2025-11-25', String(secret));
    const client = await session(via);
    await leaving.lose('slow');
    await client.runs(1);
    expect((await admin('POST', `/api/keys/${id}/revoke`)).status).toBe(200);
    await client.runs(0);
  });

  it('cannot be taken up by whoever makes places up, or by another session', async () => {
    const client = await session(via);
    const [last] = await client.lose('wait');
    expect((await client.back('9999')).status).toBe(400);
    expect((await client.back('nonsense')).status).toBe(400);
    const other = await session(via);
    expect((await other.back(String(Number(last) + 5))).status).toBe(400);
    await (await client.call('release')).text();
  });

  it('is not given in part when some of it was too large to be kept', async () => {
    const client = await session(via);
    const [last] = await client.lose('wait');
    await (await client.call('large')).text();
    const [lost] = await client.lose('large', 1, 8);
    await client.runs(1);
    await expect.poll(async () => (await client.back(lost)).status, { timeout: WAIT_MS }).toBe(500);
    await (await client.call('release')).text();
    expect(await (await client.back(last)).text()).toContain('waited');
  });
});

it('a call whose client does not come back is stopped after a while', async () => {
  const gateway = await embed({ config: settings('300ms') });
  try {
    const client = await session({ fetch: gateway.fetch, url: '' });
    await client.lose('slow');
    await client.runs(0);
    // For it there is nobody left to answer to, and the session works.
    expect(await (await client.call('release')).text()).toContain('released');
  } finally {
    await gateway.close();
  }
});

describe('between threads', () => {
  let headgate: Headgate;
  beforeAll(async () => {
    headgate = await startHeadgate({ config: { ...settings('2s'), server: { threads: 2 } } });
  });
  afterAll(() => headgate.stop());

  it('an answer that broke off in one is taken up in another, and a call that nobody comes back for is stopped', async () => {
    // Every request over a connection of its own, so each may come to another thread.
    const apart: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('connection', 'close');
      return fetch(input, { ...init, headers });
    };
    const client = await session({ fetch: apart, url: headgate.url });
    for (let i = 0; i < 4; i++) {
      const [last] = await client.lose('wait');
      const answer = await client.back(last);
      await client.runs(1);
      await (await client.call('release')).text();
      expect(await answer.text()).toContain('waited');
    }
    await client.lose('slow');
    await client.runs(1);
    await client.runs(0);
  });
});

it('of all sessions together only so much is kept, the oldest goes first', async () => {
  const memory = new ReplayMemory(6_000);
  const [one, two] = [0, 1].map(() => new ReplayStore(memory, 3_000, () => {})) as [ReplayStore, ReplayStore];
  const message = { jsonrpc: '2.0' as const, method: 'x', params: { text: 'y'.repeat(900) } };
  const seen = (store: ReplayStore, ids: readonly string[]) => ids.map((id) => store.has(id));
  for (let i = 0; i < 5; i++) await one.storeEvent('a', message);
  // About a thousand bytes each: by its own limit it has the last ones.
  expect(seen(one, ['1', '2', '3', '4', '5'])).toEqual([false, false, false, true, true]);
  for (let i = 0; i < 3; i++) await two.storeEvent('b', message);
  expect(seen(two, ['1', '2', '3'])).toEqual([false, true, true]);
  const three = new ReplayStore(memory, 3_000, () => {});
  for (let i = 0; i < 2; i++) await three.storeEvent('c', message);
  expect(seen(one, ['4', '5'])).toEqual([false, true]);
  one.clear();
  two.clear();
  for (let i = 0; i < 2; i++) await three.storeEvent('c', message);
  expect(seen(three, ['3', '4'])).toEqual([true, true]);
});
