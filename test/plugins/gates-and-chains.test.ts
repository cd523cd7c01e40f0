import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { settledById } from '../e2e/settled.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import { ask, ways } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const gates = pluginModule(
  `{
    name: 'gates', version: '1.0.0', needs: { request: 'canonical', response: 'none' },
    setup: () => ({
      identify(view) {
        if (view.credential === 'of-a-plugin') return {
          id: 'u1', name: 'Plugin user', models: ['plain', 'gate-*'], metadata: { customer: 'acme' },
        };
        if (view.credential === 'thrown-out') return reply.error('authentication', 'not_you', 'Not you.');
      },
      async request(view) {
        switch (view.model) {
          case 'gate-answer': return reply.answer(canned, ['x-from-plugin', 'yes']);
          case 'gate-error': return reply.error('rate-limit', 'too_fast', 'Slow down.', { retryAfterMs: 2500 });
          case 'gate-raw': return reply.json(418, { teapot: true }, ['x-kettle', 'on']);
          case 'gate-edit': {
            const { request } = view;
            const system = { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] };
            view.replace({ ...request, messages: [system, ...request.messages], sampling: { temperature: 0.5 } });
          }
        }
      },
    }),
  }`,
  `const canned = { origin: 'gates', id: 'msg_1', model: 'none', created: 1, usage: null,
     choices: [{ index: 0, finish: 'stop', parts: [{ type: 'text', text: 'Said by a plugin.' }] }] };`,
);

const chains = pluginModule(`{
  name: 'chains', version: '1.0.0',
  setup: () => ({
    route(targets, view) {
      if (view.model === 'chain-reorder') return targets.toReversed();
      if (view.model === 'chain-drop') return [];
      if (view.model === 'chain-add') return [{ provider: 'anthropic', model: 'claude-sonnet-4-5' }, ...targets];
      if (view.model === 'chain-unknown') return [{ provider: 'nowhere', model: 'x' }];
    },
    async upstream(head, view) {
      if (view.model !== 'chain-upstream') return;
      return { path: head.path + '?tenant=7', headers: [...head.headers,
        'x-target', view.target.provider + '/' + view.target.model, 'x-attempt', String(view.attempt)] };
    },
    head(verdict, view) {
      if (view.model === 'head-next' && view.responseHeaders.get('x-quality') === 'low') return { action: 'next' };
      if (view.model === 'head-fail') return { action: 'fail' };
      if (view.model === 'head-relay' && view.status === 503) return { action: 'retry', delayMs: 0 };
    },
  }),
}`);

const folder = pluginFolder();
const openai = await startOpenAi();
const anthropic = await startAnthropic();
const both = { targets: ['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'] };
const one = { targets: ['openai/gpt-4o'], retries: { attempts: 1 } };
const gateway = await startHeadgate({
  config: {
    server: { threads: 1 },
    providers: {
      openai: openaiProvider(openai),
      anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
    },
    models: {
      ...Object.fromEntries(
        ['gate-answer', 'gate-error', 'gate-raw', 'gate-edit'].map((name) => [name, one]),
      ),
      ...Object.fromEntries(['chain-reorder', 'chain-drop', 'head-next'].map((name) => [name, both])),
      ...Object.fromEntries(
        ['plain', 'chain-add', 'chain-unknown', 'chain-upstream', 'head-fail', 'head-relay'].map((name) => [
          name,
          one,
        ]),
      ),
    },
    plugins: [{ use: folder.write('gates.mjs', gates) }, { use: folder.write('chains.mjs', chains) }],
  },
});
beforeEach(() => {
  openai.reset();
  anthropic.reset();
});
afterAll(async () => {
  await stopCleanly(gateway);
  await openai.close();
  await anthropic.close();
  folder.close();
});

describe.each(ways)('a request gate (%s, streamed: %s)', (client, stream) => {
  it('can answer in place of a provider', async () => {
    const { status, said, headers } = await ask(gateway, client, 'gate-answer', { stream });
    expect({ status, said }).toEqual({ status: 200, said: 'Said by a plugin.' });
    expect(headers.get('content-type')).toContain(stream ? 'text/event-stream' : 'application/json');
    expect(headers.get('x-from-plugin')).toBe('yes');
    expect(openai.received).toHaveLength(0);
  });

  it('can refuse, in the shape of the client’s API', async () => {
    const { status, code, headers, json } = await ask(gateway, client, 'gate-error', { stream });
    expect({ status, code }).toEqual({ status: 429, code: 'too_fast' });
    expect(headers.get('retry-after')).toBe('3');
    expect(json()).toMatchObject({ error: { message: 'Slow down.' } });
    expect(openai.received).toHaveLength(0);
    const line = await settledById(gateway, headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'error', status: 429 });
  });

  it('can send bytes of its own', async () => {
    const { status, headers, text } = await ask(gateway, client, 'gate-raw', { stream });
    expect({ status, text }).toEqual({ status: 418, text: '{"teapot":true}' });
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-kettle')).toBe('on');
  });

  it('can change what the provider is asked', async () => {
    const { status } = await ask(gateway, client, 'gate-edit', { stream, prompt: 'Why?' });
    expect(status).toBe(200);
    const sent = openai.received[0]?.json();
    expect(sent).toMatchObject({
      model: 'gpt-4o',
      temperature: 0.5,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Why?' },
      ],
    });
    expect(sent?.['stream'] === true).toBe(stream);
  });
});

describe('an identify gate', () => {
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  it('says who calls, what they may use and which customer they are', async () => {
    const allowed = await ask(gateway, 'OpenAI', 'plain', as('of-a-plugin'));
    expect(allowed.status).toBe(200);
    const line = await settledById(gateway, allowed.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ customer: 'acme' });
    expect(Object.values(line)).toContain('Plugin user');
    expect((await ask(gateway, 'OpenAI', 'head-relay', as('of-a-plugin'))).status).toBe(403);
  });

  it.each(ways)('refuses before the body is read (%s, streamed: %s)', async (client, stream) => {
    const { status, code } = await ask(gateway, client, 'plain', { stream, ...as('thrown-out') });
    expect({ status, code }).toEqual({ status: 401, code: 'not_you' });
  });
});

describe('a route chain', () => {
  it('can change the order of the targets', async () => {
    expect((await ask(gateway, 'OpenAI', 'chain-reorder')).said).toContain('fake Anthropic');
    expect(openai.received).toHaveLength(0);
  });

  it('can add a target', async () => {
    expect((await ask(gateway, 'OpenAI', 'chain-add')).headers.get('x-headgate-provider')).toBe('anthropic');
  });

  it('can leave none', async () => {
    expect(await ask(gateway, 'OpenAI', 'chain-drop')).toMatchObject({ status: 503, code: 'no_target' });
  });

  it('cannot choose a provider that does not exist', async () => {
    expect(await ask(gateway, 'OpenAI', 'chain-unknown')).toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('an upstream chain', () => {
  // The view of a plugin whose first hook belongs to an attempt used to know no target.
  it('adds headers, changes the path, and knows the target and the attempt', async () => {
    expect((await ask(gateway, 'OpenAI', 'chain-upstream')).status).toBe(200);
    const [sent] = openai.received;
    expect(sent?.url).toBe('/v1/chat/completions?tenant=7');
    expect(sent?.headers).toMatchObject({ 'x-target': 'openai/gpt-4o', 'x-attempt': '1' });
    expect(sent?.key).not.toBe('');
  });
});

describe('a head chain', () => {
  it('can send a good answer to the next target', async () => {
    openai.next({ headers: { 'x-quality': 'low' } });
    const { said, headers } = await ask(gateway, 'OpenAI', 'head-next');
    expect(said).toContain('fake Anthropic');
    expect(headers.get('x-headgate-attempts')).toBe('2');
  });

  it('can ask the same target again', async () => {
    openai.next({ status: 503 });
    expect((await ask(gateway, 'OpenAI', 'head-relay')).status).toBe(200);
    expect(openai.received).toHaveLength(2);
  });

  // The client used to get the refused answer itself, with its status 200.
  it.each(ways)('can refuse an answer (%s, streamed: %s)', async (client, stream) => {
    const { status, said, code } = await ask(gateway, client, 'head-fail', { stream });
    expect({ status, said, code }).toEqual({ status: 502, said: '', code: 'answer_refused' });
  });
});
