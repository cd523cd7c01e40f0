import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get, post } from '../e2e/http-client.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startOpenAi } from '../fakes/openai.js';
import { ask, ways } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

/** A plugin that writes down every call of its hooks. They share the list, as plugins of one thread share globals. */
const tracer = (name: string, response: string, last: string): string =>
  pluginModule(
    `{
      name: '${name}', version: '1.0.0', needs: { request: 'canonical', response: '${response}' },
      setup(host) {
        const note = (phase) => { trace.push(phase + ' ' + host.plugin); };
        host.route('GET', '/trace', () => reply.json(200, trace.splice(0)));
        return {
          identify() { note('identify'); },
          request() { note('request'); },
          route() { note('route'); },
          upstream() { note('upstream'); },
          head() { note('head'); },
          ${last}() { note('${last}'); },
          settled() { note('settled'); },
        };
      },
    }`,
    'const trace = (globalThis.trace ??= []);',
  );

const folder = pluginFolder();
const openai = await startOpenAi();
const gateway = await startHeadgate({
  config: {
    server: { threads: 1 },
    providers: { openai: openaiProvider(openai) },
    models: {
      retried: { targets: ['openai/gpt-4o'], retries: { attempts: 2, backoff: { initial: '1ms' } } },
    },
    plugins: [
      { use: folder.write('taps.mjs', tracer('taps', 'bytes', 'bytes')), order: 1 },
      { use: folder.write('maps.mjs', tracer('maps', 'events', 'event')) },
      { use: folder.write('wholes.mjs', tracer('wholes', 'whole', 'response')) },
    ],
  },
});
beforeEach(async () => {
  openai.reset();
  await traced();
});
afterAll(async () => {
  await stopCleanly(gateway);
  await openai.close();
  folder.close();
});

/** The phases in their order, repetitions of one left out; empties the list. */
async function traced(): Promise<string[]> {
  const { text } = await get(gateway, '/plugins/maps/trace');
  const all = JSON.parse(text) as string[];
  return all.filter((one, i) => one !== all[i - 1]);
}

const inOrder = (phase: string): string[] => ['maps', 'wholes', 'taps'].map((name) => `${phase} ${name}`);
const before = ['identify', 'request', 'route'].flatMap(inOrder);
const settled = inOrder('settled').toReversed();

describe('the hooks of a request', () => {
  it.each(ways)('run in the order of the hook table (%s, streamed: %s)', async (client, stream) => {
    expect((await ask(gateway, client, 'openai/gpt-4o', { stream })).status).toBe(200);
    expect(await traced()).toEqual([
      ...before,
      ...inOrder('upstream'),
      ...inOrder('head'),
      'event maps',
      'response wholes',
      'bytes taps',
      ...settled,
    ]);
  });

  it('run once more for each attempt, those of an attempt', async () => {
    openai.next({ status: 500 });
    await ask(gateway, 'OpenAI', 'retried');
    const attempt = [...inOrder('upstream'), ...inOrder('head')];
    expect((await traced()).slice(before.length, -settled.length)).toEqual([
      ...attempt,
      ...attempt,
      'event maps',
      'response wholes',
      'bytes taps',
    ]);
  });

  it('are not all reached by a request that fails, but it is always settled', async () => {
    openai.next({ status: 400 });
    await ask(gateway, 'OpenAI', 'openai/gpt-4o');
    expect(await traced()).toEqual([...before, ...inOrder('upstream'), ...inOrder('head'), ...settled]);
  });

  // A request that was refused before its plan was known used to be settled without any plugin being told.
  it.each([
    ['is not JSON', '{"model":'],
    ['names no model that is known', '{"model":"nowhere/at-all","messages":[]}'],
  ])('settle a request that %s', async (_, body) => {
    expect((await post(gateway, '/v1/chat/completions', body)).status).toBeGreaterThanOrEqual(400);
    expect(await traced()).toEqual([...inOrder('identify'), ...settled]);
  });

  it('leave out what reads messages where a request has none', async () => {
    const embedded = await post(gateway, '/v1/embeddings', {
      model: 'openai/text-embedding-3-small',
      input: 'a',
    });
    expect(embedded.status).toBe(200);
    expect(await traced()).toEqual([...inOrder('identify'), ...settled]);
  });
});
