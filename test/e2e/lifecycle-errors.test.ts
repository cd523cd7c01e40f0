import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { type Headgate, type StartOptions, startHeadgate } from './harness.js';
import { chatBody, get, post } from './http-client.js';
import { pluginFile } from './plugin-file.js';
import { settledLines } from './settled.js';
import { storedRequests } from './stored.js';
import { openaiProvider } from './two-providers.js';

const openai = await startOpenAi();
const providers = { openai: openaiProvider(openai) };
const models = { smart: { targets: ['openai/gpt-4o'] } };

beforeEach(() => openai.reset());
afterAll(() => openai.close());

async function start(options: StartOptions, plugin: string): Promise<Headgate> {
  const config = { providers, models, plugins: [{ use: pluginFile(plugin) }] };
  const gateway = await startHeadgate({ ...options, config });
  onTestFinished(() => gateway.kill());
  return gateway;
}

const ask = (gateway: Headgate, customer: string, headers: Record<string, string> = {}, more: object = {}) =>
  post(gateway, '/v1/chat/completions', chatBody('smart', more), {
    'x-headgate-metadata': `customer=${customer}`,
    ...headers,
  });

/** Streams that are in the middle, so many that with several threads each has some. */
async function askStreams(gateway: Headgate, count: number) {
  openai.always({ delayBetweenMs: 120 });
  const streams = Array.from({ length: count }, (_, i) => ask(gateway, `stream-${i}`, {}, { stream: true }));
  await openai.request(count);
  openai.always({});
  return streams;
}

const bomb = `setup() { return { request(view) {
  if (view.headers.get('x-boom') === undefined) return;
  setTimeout(() => { throw new Error('planted boom'); }, 5);
} }; }`;

describe.each([1, 2])('an error that nobody catches, with %i I/O threads', (threads) => {
  const args = ['--threads', String(threads)];

  it('ends the gateway with 1 and its name, after the running requests and with all records', async () => {
    const gateway = await start({ args }, bomb);
    const streams = await askStreams(gateway, 8);
    expect((await ask(gateway, 'bomber', { 'x-boom': '1' })).status).toBe(200);
    for (const stream of streams) expect((await stream).text).toContain('[DONE]');
    // An abort (SIGABRT, SIGSEGV) would say that a server was torn down with open handles.
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toContain('planted boom');
    if (threads > 1) expect(gateway.stderr()).toMatch(/^headgate: stopping: I\/O thread [12] failed: Error/m);
    const stored = await storedRequests(gateway.dataDir);
    expect(stored.map(({ customer }) => customer).toSorted()).toEqual([
      'bomber',
      ...Array.from({ length: 8 }, (_, i) => `stream-${i}`),
    ]);
    expect(stored.every(({ outcome }) => outcome === 'ok')).toBe(true);
    expect(settledLines(gateway)).toHaveLength(9);
  });

  it('is said once, however often it happens', async () => {
    const gateway = await start({ args }, bomb);
    await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => ask(gateway, `bomber-${i}`, { 'x-boom': '1' })),
    );
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.stderr().match(/^headgate: stopping: /gm)).toHaveLength(1);
  });

  // What a plugin leaves running kept its I/O thread alive after everything was closed, and the process waited for it.
  it('has no part in a stop: a timer that a plugin forgot does not hold it up', async () => {
    const gateway = await start({ args }, 'setup() { setInterval(() => undefined, 1000); return {}; }');
    expect((await ask(gateway, 'a')).status).toBe(200);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });
});

/** With one I/O thread plugins run in the main thread, and can reach for the ledger's worker as it is written to. */
const saboteur = (sabotage: string): string => `setup() {
  return { async request(view) {
    if (view.headers.get('x-boom') === undefined) return;
    const { Worker } = await import('node:worker_threads');
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (...args) {
      if (args[0]?.type !== 'ask') return postMessage.apply(this, args);
      Worker.prototype.postMessage = postMessage;
      ${sabotage}
      return postMessage.apply(this, args);
    };
  } };
}`;

describe('a ledger that fails', () => {
  it('ends the gateway with 1 after the running requests, and keeps all records', async () => {
    const gateway = await start(
      {},
      saboteur(`postMessage.call(this, { type: 'log', level: 'info', message: 7 });`),
    );
    const streams = await askStreams(gateway, 4);
    await ask(gateway, 'saboteur', { 'x-boom': '1' });
    // It asks the ledger, which gets something it cannot read just before.
    await get(gateway, '/metrics');
    await sleep(100);
    const ready = await get(gateway, '/health/ready').then(
      (answer) => answer.status,
      () => 'refused',
    );
    expect([503, 'refused']).toContain(ready);
    for (const stream of streams) expect((await stream).text).toContain('[DONE]');
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toMatch(/^headgate: stopping: the ledger failed: TypeError/m);
    expect(await storedRequests(gateway.dataDir)).toHaveLength(5);
    expect(settledLines(gateway)).toHaveLength(5);
  });

  it('whose thread is gone ends the gateway with 1, and the message says what is lost', async () => {
    const gateway = await start({}, saboteur('this.terminate();'));
    await ask(gateway, 'early');
    // Waits until what came before is in the database.
    expect((await get(gateway, '/api/usage')).status).toBe(200);
    await ask(gateway, 'saboteur', { 'x-boom': '1' });
    await get(gateway, '/metrics');
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toMatch(/^headgate: stopping: the ledger's thread ended; .* is not recorded$/m);
    expect((await storedRequests(gateway.dataDir))[0]).toMatchObject({ customer: 'early', outcome: 'ok' });
  });
});
