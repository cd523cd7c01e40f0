import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startOpenAi } from '../fakes/openai.js';
import { ask, ways } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

/** How a hook can go wrong. The model of a request says which: `<how>-<phase>-<open|closed>`. */
const hows = ['throws', 'rejects', 'hangs', 'nonsense'] as const;
const phases = [
  'identify',
  'request',
  'route',
  'upstream',
  'head',
  'event',
  'hold',
  'response',
  'settled',
] as const;
type Phase = (typeof phases)[number];

const faulty = (phase: Phase, onFailure: string): string => {
  const response = phase === 'response' ? 'whole' : phase === 'event' || phase === 'hold' ? 'events' : 'none';
  // At identify the model is not known yet; the credential says it.
  const body = `
    const how = (view?.credential ?? view?.model ?? record?.model ?? '').split('-')[0];
    if (how === 'throws') throw new Error('planted in ${phase}');
    if (how === 'rejects') return Promise.reject(new Error('planted in ${phase}'));
    if (how === 'hangs') return new Promise(() => {});
    if (how === 'nonsense') return 42;`;
  const options =
    phase === 'identify'
      ? `onFailure: '${onFailure}'`
      : `onFailure: '${onFailure}', filter: { models: ['*-${phase}-${onFailure}'] }`;
  const hook =
    phase === 'hold'
      ? `event: { ${options}, hold: { chars: 10, inspect(events, view) { const record = null; ${body} } } }`
      : `${phase}: { ${options}, handler(...given) {
           const view = '${phase}' === 'settled' ? null : given.at(-1);
           const record = '${phase}' === 'settled' ? given[0] : null; ${body} } }`;
  return pluginModule(`{
    name: 'faulty-${phase}-${onFailure}', version: '1.0.0', needs: { request: 'head', response: '${response}' },
    setup: () => ({ ${hook} }),
  }`);
};

const folder = pluginFolder();
const openai = await startOpenAi();
const filtered = phases.filter((phase) => phase !== 'identify');
const names = filtered.flatMap((phase) =>
  hows.flatMap((how) => ['open', 'closed'].map((onFailure) => `${how}-${phase}-${onFailure}`)),
);
const config = (onFailure: 'open' | 'closed') => ({
  server: { threads: 1 },
  providers: { openai: openaiProvider(openai) },
  models: Object.fromEntries(
    [...names, 'plain'].map((name) => [name, { targets: ['openai/gpt-4o'], timeouts: { total: '8s' } }]),
  ),
  plugins: [
    ...filtered.flatMap((phase) =>
      ['open', 'closed'].map((how) => ({
        use: folder.write(`${phase}-${how}.mjs`, faulty(phase, how)),
        timeout: '60ms',
      })),
    ),
    { use: folder.write(`identify-${onFailure}.mjs`, faulty('identify', onFailure)), timeout: '60ms' },
  ],
});
const gateway = await startHeadgate({ config: config('closed') });
const open = await startHeadgate({ config: config('open') });
beforeEach(() => {
  openai.reset();
  openai.always({ answer: { text: 'All of this is fine.' } });
});
afterAll(async () => {
  await stopCleanly(gateway);
  await stopCleanly(open);
  await openai.close();
  folder.close();
});

/** Waits until the log says that this plugin failed. */
async function logged(plugin: string, logs: () => string): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const line = logs()
      .split('\n')
      .find((one) => one.includes(`"plugin":"${plugin}"`) && one.includes('hook failed'));
    if (line !== undefined) return line;
    if (Date.now() > deadline) throw new Error(`no line of ${plugin}:\n${logs().slice(-3_000)}`);
    await sleep(20);
  }
}

const deciding = ['request', 'route', 'upstream', 'head', 'response'] as const;
const cases = deciding.flatMap((phase) => hows.map((how) => [how, phase] as const));
// These two are synchronous: a promise is not something they may return, so it counts as nonsense.
const streaming = (['event', 'hold'] as const).flatMap((phase) => hows.map((how) => [how, phase] as const));

describe.each(cases)('a hook that %s in %s', (how, phase) => {
  it('fails the request when it fails closed, and the log names the plugin', async () => {
    const { status, code, text } = await ask(gateway, 'OpenAI', `${how}-${phase}-closed`);
    expect({ status, code }).toEqual({ status: 500, code: 'plugin_failed' });
    expect(text).toContain(`faulty-${phase}-closed`);
    // What the plugin said is for the operator.
    expect(text).not.toContain('planted');
    expect(await logged(`faulty-${phase}-closed`, gateway.logs)).toContain(`${phase} hook failed`);
    // The provider did nothing wrong: nobody asks it again.
    expect(openai.received.length).toBeLessThan(2);
  });

  it('is passed by when it fails open', async () => {
    const answer = await ask(gateway, 'OpenAI', `${how}-${phase}-open`);
    expect(answer).toMatchObject({ status: 200, said: 'All of this is fine.' });
    await logged(`faulty-${phase}-open`, gateway.logs);
  });
});

describe.each(streaming)('a hook that %s in %s', (how, phase) => {
  it.each(ways)(
    'ends the answer with an error when it fails closed (%s, streamed: %s)',
    async (client, stream) => {
      const answer = await ask(gateway, client, `${how}-${phase}-closed`, { stream });
      expect(answer.code).toBe('plugin_failed');
      expect(answer.said).toBe('');
      await logged(`faulty-${phase}-closed`, gateway.logs);
    },
  );

  it.each(ways)('is passed by when it fails open (%s, streamed: %s)', async (client, stream) => {
    const answer = await ask(gateway, client, `${how}-${phase}-open`, { stream });
    expect(answer).toMatchObject({ status: 200, said: 'All of this is fine.' });
    await logged(`faulty-${phase}-open`, gateway.logs);
  });
});

describe('an identify hook that fails', () => {
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  it.each(hows)('(%s) refuses everybody when it fails closed', async (how) => {
    expect(await ask(gateway, 'OpenAI', 'plain', as(how))).toMatchObject({
      status: 500,
      code: 'plugin_failed',
    });
    expect(openai.received).toHaveLength(0);
  });

  it.each(hows)('(%s) leaves the decision to the virtual key when it fails open', async (how) => {
    expect((await ask(open, 'OpenAI', 'plain', as(how))).status).toBe(200);
  });
});

describe('a settled hook that fails', () => {
  it.each(['throws', 'rejects', 'hangs'])('(%s) changes nothing but the log', async (how) => {
    expect((await ask(gateway, 'OpenAI', `${how}-settled-closed`)).status).toBe(200);
    expect(await logged('faulty-settled-closed', gateway.logs)).toContain('settled hook failed');
  });
});
