import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get, post } from '../e2e/http-client.js';
import { ask } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const usesHost = pluginModule(
  `{
    name: 'uses-host', version: '1.0.0',
    async setup(host) {
      const calls = await host.counters.open('calls');
      const first = await host.counters.open('first');
      const times = host.slot(() => ({ count: 0 }));
      host.log.info('set up', { thread: threadId });
      host.route('GET', '/total', () => reply.json(200, calls.value()));
      host.route('POST', '/echo', ({ method, path, query, headers, body }) => reply.json(201, {
        method, path, query, header: headers.get('X-Given') ?? null, body: new TextDecoder().decode(body),
      }, ['x-answered-by', host.plugin]));
      host.route('GET', '/refuse', () => reply.error('permission', 'not_for_you', 'No.'));
      host.route('GET', '/throw', () => { throw new Error('planted in a route'); });
      host.route('GET', '/fetch', async ({ query }) => {
        try {
          return reply.json(200, { status: (await host.fetch(decodeURIComponent(query), { timeoutMs: 500 })).status });
        } catch (error) {
          return reply.json(200, { refused: error.message });
        }
      });
      return {
        async request(view) {
          const mine = view.state(times);
          mine.count++;
          calls.add(1);
          host.metrics.count('calls', 1, { model: view.model });
          const before = await host.kv.get('seen:' + view.metadata.customer);
          await host.kv.set('seen:' + view.metadata.customer, { by: threadId }, { ttlMs: 60_000 });
          const granted = first.reserve(1, 10) !== null;
          const tokens = await host.tasks.countTokens('gpt-4o', 'Hello there');
          return reply.json(200, { threadId, before: before ?? null, granted, tokens, count: mine.count });
        },
      };
    },
  }`,
  `import { threadId } from 'node:worker_threads';`,
);

const marks = (name: string, more = ''): string =>
  pluginModule(
    `{
    name: '${name}', version: '1.0.0',
    setup: () => ({ request: { ${more} handler(view) { order.push('${name}'); } } }),
  }`,
    'const order = (globalThis.order ??= []);',
  );

const folder = pluginFolder();
const threaded = await startHeadgate({
  config: {
    server: { threads: 2 },
    plugins: [{ use: folder.write('uses-host.mjs', usesHost) }],
  },
});
const ordered = await startHeadgate({
  config: {
    server: { threads: 1 },
    models: { special: { targets: ['mock/hello'] } },
    plugins: [
      { use: folder.write('second.mjs', marks('second')) },
      { use: folder.write('third.mjs', marks('third')) },
      { use: folder.write('last.mjs', marks('last', 'order: 5,')) },
      { use: folder.write('first.mjs', marks('first', 'order: 7,')), order: -5 },
      {
        use: folder.write(
          'filtered.mjs',
          marks('filtered', "filter: { models: ['spec*'], formats: ['openai-chat'] },"),
        ),
      },
      {
        use: folder.write(
          'teller.mjs',
          pluginModule(
            `{ name: 'teller', version: '1.0.0', setup: () => ({ request: () => reply.json(200, order.splice(0)) }) }`,
            'const order = (globalThis.order ??= []);',
          ),
        ),
        order: 100,
      },
    ],
  },
});
afterAll(async () => {
  await stopCleanly(threaded);
  await stopCleanly(ordered);
  folder.close();
});

interface Told {
  threadId: number;
  before: { by: number } | null;
  granted: boolean;
  tokens: number;
  count: number;
}

/** Connections are shared out between the threads, so each request opens one of its own. */
async function call(customer: string): Promise<Told> {
  const headers = { connection: 'close', 'x-headgate-metadata': `customer=${customer}` };
  return (await ask(threaded, 'OpenAI', 'mock/hello', { headers })).json() as unknown as Told;
}

describe('what the host gives to a plugin that runs in two threads', () => {
  it('is shared by both of them: counters exactly, values by their key', async () => {
    const told: Told[] = [];
    const readers = () => told.filter(({ before, threadId }) => before !== null && before.by !== threadId);
    // Which thread takes a connection is the system's choice: on until one has read what the other wrote.
    const deadline = Date.now() + 30_000;
    while (readers().length === 0 && Date.now() < deadline)
      told.push(...(await Promise.all(Array.from({ length: 20 }, () => call('acme')))));
    expect(new Set(told.map(({ threadId }) => threadId)).size).toBe(2);
    expect(told.filter(({ granted }) => granted)).toHaveLength(10);
    expect((await get(threaded, '/plugins/uses-host/total')).json()).toBe(told.length);
    expect(readers().length).toBeGreaterThan(0);
    expect(told.every(({ tokens }) => tokens === 2)).toBe(true);
    // State of a request begins anew with each.
    expect(told.every(({ count }) => count === 1)).toBe(true);
  });

  it('names the plugin in its log lines and metrics', async () => {
    const lines = threaded
      .logs()
      .split('\n')
      .filter((line) => line.includes('"plugin":"uses-host"'));
    expect(lines.filter((line) => line.includes('"msg":"set up"'))).toHaveLength(2);
    await call('metrics');
    const deadline = Date.now() + 30_000;
    const wanted = /headgate_plugin_uses_host_calls(_total)?\{[^}]*model="mock\/hello"[^}]*\} \d+/;
    let text = '';
    while (!wanted.test(text) && Date.now() < deadline) {
      ({ text } = await get(threaded, '/metrics'));
      await sleep(50);
    }
    expect(text).toMatch(wanted);
  });
});

describe('a route of a plugin', () => {
  it('gets what was sent and answers as it likes', async () => {
    const { status, headers, json } = await post(threaded, '/plugins/uses-host/echo?a=1&b', 'the body', {
      'x-given': 'value',
    });
    expect(status).toBe(201);
    expect(headers.get('x-answered-by')).toBe('uses-host');
    expect(json()).toEqual({
      method: 'POST',
      path: '/plugins/uses-host/echo',
      query: 'a=1&b',
      header: 'value',
      body: 'the body',
    });
  });

  it('answers errors as JSON, and one that throws without saying why', async () => {
    const refused = await get(threaded, '/plugins/uses-host/refuse');
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ error: { code: 'not_for_you' } });
    const thrown = await get(threaded, '/plugins/uses-host/throw');
    expect(thrown.status).toBe(500);
    expect(thrown.text).not.toContain('planted');
    expect((await get(threaded, '/plugins/uses-host/nothing')).status).toBe(404);
  });
});

describe('host.fetch', () => {
  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://0.0.0.0:1/',
    'http://2130706433/',
    'file:///etc/passwd',
  ])('refuses %s', async (url) => {
    const { text } = await get(threaded, `/plugins/uses-host/fetch?${encodeURIComponent(url)}`);
    expect(text).toMatch(/is not a public address|is not HTTP/);
  });
});

describe('the plugins of a request', () => {
  const order = async (...given: Parameters<typeof ask> extends [unknown, ...infer R] ? R : never) =>
    (await ask(ordered, ...given)).json() as unknown as string[];

  it('run by order, ties as they are listed, the config before what the plugin says', async () => {
    expect(await order('OpenAI', 'mock/hello')).toEqual(['first', 'second', 'third', 'last']);
  });

  it('are those whose filter matches the model and the format', async () => {
    expect(await order('OpenAI', 'special')).toContain('filtered');
    expect(await order('Anthropic', 'special')).not.toContain('filtered');
  });
});
