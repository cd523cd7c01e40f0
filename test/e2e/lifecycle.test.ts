import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isObject } from '../fakes/json-value.js';
import { startOpenAi } from '../fakes/openai.js';
import {
  freePort,
  type Headgate,
  runHeadgate,
  type StartOptions,
  spawnHeadgate,
  startHeadgate,
} from './harness.js';
import { chatBody, get, post } from './http-client.js';
import { settledLines } from './settled.js';
import { openaiProvider } from './two-providers.js';

const openai = await startOpenAi();
const providers = { openai: openaiProvider(openai) };
const models = { smart: { targets: ['openai/gpt-4o'] } };
const config = { providers, models };

beforeEach(() => openai.reset());
afterAll(() => openai.close());

/** A gateway that ends with its test, whatever happens in it. */
async function start(options: StartOptions): Promise<Headgate> {
  const gateway = await startHeadgate(options);
  onTestFinished(() => gateway.kill());
  return gateway;
}

const ask = (gateway: Headgate, model: string) => post(gateway, '/v1/chat/completions', chatBody(model));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await sleep(50);
  }
}

/** What a failed start or a wrong config may look like: a sentence, no stack. */
function expectPlain(text: string): void {
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+/m);
  expect(text).not.toMatch(/node:internal|UnhandledPromise|Error: /);
}

describe.each([1, 2])('a gateway with %i I/O threads', (threads) => {
  const args = ['--threads', String(threads)];

  it('lets running streams end after SIGTERM, takes no new request, and leaves with 0', async () => {
    const gateway = await start({ config, args });
    openai.always({ delayBetweenMs: 100 });
    const streams = Array.from({ length: 4 }, () =>
      post(gateway, '/v1/chat/completions', chatBody('smart', { stream: true })),
    );
    await openai.request(4);
    const stopped = gateway.stop('SIGTERM');
    await sleep(100);
    const late = await ask(gateway, 'smart').then(
      (answer) => answer.status,
      () => 'refused',
    );
    expect([503, 'refused']).toContain(late);
    for (const { text } of await Promise.all(streams)) expect(text).toContain('[DONE]');
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(settledLines(gateway).filter((line) => line['outcome'] === 'ok')).toHaveLength(4);
  });

  it('leaves cleanly on SIGINT', async () => {
    const gateway = await start({ config, args });
    await ask(gateway, 'smart');
    const { code, signal } = await gateway.stop('SIGINT');
    expect(signal).toBeNull();
    expect([0, 130]).toContain(code);
    expectPlain(gateway.stderr());
  });

  it('leaves with 0 when idle connections are still open', async () => {
    const gateway = await start({ config, args });
    await Promise.all(Array.from({ length: 8 }, () => ask(gateway, 'smart')));
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });

  // A supervisor or a shell pipe may go before the gateway does. Writing to it then fails with EPIPE, which arrives as an
  // uncaught exception; a handler that reports it on the same closed stream gets the next one, and so on: such a gateway
  // kept a core busy for ever and did not hear SIGTERM.
  it('serves and ends as ever when nobody reads its output any more', async () => {
    const gateway = await start({ config, args });
    gateway.closeOutput();
    expect((await ask(gateway, 'smart')).status).toBe(200);
    await sleep(300);
    expect((await ask(gateway, 'smart')).status).toBe(200);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });

  it('counts requests a minute exactly over all threads', async () => {
    const key = 'hg-limited-key-0123456789';
    const keys = [{ name: 'limited', value: key, limits: { rpm: 20 } }];
    const gateway = await start({ config: { ...config, keys }, args });
    // A limit by the calendar minute must not begin anew in between.
    const second = new Date().getSeconds();
    if (second > 52) await sleep((61 - second) * 1_000);
    const asks = Array.from({ length: 60 }, () =>
      post(gateway, '/v1/chat/completions', chatBody('smart'), { authorization: `Bearer ${key}` }),
    );
    const answers = await Promise.all(asks);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(20);
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(40);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(openai.received).toHaveLength(20);
  });
});

describe('a start that cannot succeed', () => {
  it.each([1, 2])('names the port that is taken by another program (%i threads)', async (threads) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { code, signal, all } = await runHeadgate([
      '--port',
      String(port),
      '--data',
      'data',
      '--threads',
      String(threads),
    ]);
    expect(signal).toBeNull();
    expect(code).toBeGreaterThan(0);
    expect(all).toContain(String(port));
    expect(all).toMatch(/in use|taken/i);
    expectPlain(all);
  });

  it.each([1, 2])('names the port that is taken by another gateway (%i threads)', async (threads) => {
    const args = ['--threads', String(threads)];
    const first = await start({ config, args });
    const second = await runHeadgate(['--port', String(first.port), '--data', 'data', ...args]);
    expect(second.code).toBeGreaterThan(0);
    expect(second.all).toContain(String(first.port));
    expect((await ask(first, 'smart')).status).toBe(200);
  });

  it.each([
    ['a wrong key', { server: { prot: 1 } }, ['server.prot', 'port']],
    ['a wrong value', { server: { port: 'many' } }, ['server.port']],
    [
      'an unknown provider in a target',
      { models: { a: { targets: ['opnai/gpt-4o'] } } },
      ['models.a.targets', 'openai'],
    ],
    [
      'a variable that is not set',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the config's
      'providers: { openai: { keys: [{ value: "${NOT_SET_ANYWHERE}" }] } }',
      ['NOT_SET_ANYWHERE'],
    ],
    ['broken YAML', 'server: {port: 1\nmodels', ['headgate.yaml']],
    ['a plugin that does not exist', { plugins: [{ use: './missing.js' }] }, ['missing.js']],
  ])('names %s', async (_, wrong, words) => {
    const { code, signal, all } = await runHeadgate(['--port', '0', '--data', 'data'], { config: wrong });
    expect(signal).toBeNull();
    expect(code).toBeGreaterThan(0);
    for (const word of words) expect(all).toContain(word);
    expectPlain(all);
  });

  it('refuses to be reachable from outside without an admin credential, and says what to set', async () => {
    const port = await freePort();
    const { code, all } = await runHeadgate(['--host', '0.0.0.0', '--port', String(port), '--data', 'data']);
    expect(code).toBeGreaterThan(0);
    expect(all).toContain('HEADGATE_ADMIN_TOKEN');
    expectPlain(all);
  });

  it('names a flag and a command it does not know', async () => {
    for (const [args, word] of [
      [['--prot', '1'], '--prot'],
      [['strat'], 'strat'],
    ] as const) {
      const { code, all } = await runHeadgate([...args]);
      expect(code).toBeGreaterThan(0);
      expect(all).toContain(word);
      expectPlain(all);
    }
  });
});

describe('headgate check', () => {
  it('prints what a config resolves to, without its secrets', async () => {
    const secret = 'hg-planted-secret-0123456789';
    const keys = [{ name: 'ci', value: secret }];
    const { code, stdout, all } = await runHeadgate(['check'], { config: { ...config, keys } });
    expect(code).toBe(0);
    for (const word of ['smart', 'openai', 'gpt-4o', 'ci']) expect(stdout).toContain(word);
    expect(all).not.toContain(secret);
    expect(all).not.toContain('sk-fake-openai');
  });

  it('fails on a wrong config with path, expectation and suggestion', async () => {
    const wrong = { ...config, models: { smart: { targts: ['openai/gpt-4o'], strategy: 'falback' } } };
    const { code, all } = await runHeadgate(['check'], { config: wrong });
    expect(code).toBeGreaterThan(0);
    for (const word of ['models.smart.targts', 'targets', 'models.smart.strategy', 'fallback'])
      expect(all).toContain(word);
    expectPlain(all);
  });

  it('prints the JSON Schema of the config', async () => {
    const { code, stdout } = await runHeadgate(['check', '--schema']);
    expect(code).toBe(0);
    const schema: unknown = JSON.parse(stdout);
    expect(isObject(schema) && isObject(schema['properties']) && Object.keys(schema['properties'])).toEqual(
      expect.arrayContaining(['server', 'providers', 'models', 'keys', 'plugins', 'observability']),
    );
  });
});

describe('a changed config file', () => {
  it.each([1, 2])(
    'is taken over, and refused with its error when it is wrong (%i threads)',
    async (threads) => {
      const gateway = await start({ config, args: ['--threads', String(threads)] });
      expect((await ask(gateway, 'new')).status).toBe(404);
      gateway.writeConfig({ ...config, models: { ...models, new: { targets: ['openai/gpt-4o-mini'] } } });
      // On every thread: as many requests in a row as make a missed one unlikely.
      await until('the new model is served', async () => {
        const answers = await Promise.all(Array.from({ length: 12 }, () => ask(gateway, 'new')));
        return answers.every((answer) => answer.status === 200);
      });
      await until('all threads have it', () => gateway.logs().includes('configuration reloaded'));
      gateway.writeConfig({ ...config, modles: {} });
      await until('the error is logged', () => gateway.logs().includes('modles'));
      for (let i = 0; i < 6; i++) expect((await ask(gateway, 'new')).status).toBe(200);
      gateway.writeConfig(config);
      await until('the model is gone again', async () => (await ask(gateway, 'new')).status === 404);
      expect((await ask(gateway, 'smart')).status).toBe(200);
    },
  );

  it('is taken over on SIGHUP too, and running streams keep the old one', async () => {
    const gateway = await start({ config });
    openai.next({ delayBetweenMs: 80 });
    const streamed = post(gateway, '/v1/chat/completions', chatBody('smart', { stream: true }));
    await openai.request();
    gateway.writeConfig({ ...config, models: { renamed: models.smart } });
    process.kill(gateway.pid, 'SIGHUP');
    await until('the new name is served', async () => (await ask(gateway, 'renamed')).status === 200);
    expect((await streamed).text).toContain('[DONE]');
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('health', () => {
  it('is live and ready while it runs, and no longer ready while it drains', async () => {
    const gateway = await start({ config });
    expect((await get(gateway, '/health/live')).status).toBe(200);
    expect((await get(gateway, '/health/ready')).status).toBe(200);
    openai.next({ delayBetweenMs: 150 });
    const streamed = post(gateway, '/v1/chat/completions', chatBody('smart', { stream: true }));
    await openai.request();
    const stopped = gateway.stop();
    await sleep(100);
    const ready = await get(gateway, '/health/ready').then(
      (answer) => answer.status,
      () => 'refused',
    );
    expect([503, 'refused']).toContain(ready);
    await streamed;
    expect(await stopped).toEqual({ code: 0, signal: null });
  });

  it('has metrics in Prometheus’ text format that count what happened', async () => {
    const gateway = await start({ config });
    await ask(gateway, 'smart');
    await until('the request is counted', async () => {
      const { text } = await get(gateway, '/metrics');
      return text
        .split('\n')
        .some((line) => line.startsWith('headgate_requests_total{') && / [1-9]/.test(line));
    });
  });
});

describe('an immediate stop', () => {
  it('right after the start leaves with 0 or by the signal, never by an abort', async () => {
    for (const wait of [0, 50, 150, 300]) {
      const spawned = spawnHeadgate(['--port', '0', '--data', 'data', '--threads', '2']);
      await sleep(wait);
      const { code, signal } = await spawned.stop('SIGTERM');
      expect([null, 'SIGTERM']).toContain(signal);
      expect([null, 0, 143]).toContain(code);
    }
  });
});
