import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startOpenAi } from '../fakes/openai.js';
import { ask, ways } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const maps = pluginModule(`{
  name: 'maps', version: '1.0.0', needs: { request: 'head', response: 'events' },
  setup: () => ({
    event: {
      filter: { models: ['map-*'] },
      handler(event, view) {
        if (view.model === 'map-nothing') return null;
        if (event.type === 'end' && view.model === 'map-end') return { type: 'ping' };
        if (event.type !== 'part-delta') return;
        if (view.model === 'map-change') return { ...event, text: event.text.toUpperCase() };
        if (view.model === 'map-twice') return [event, event];
        if (view.model === 'map-drop') return null;
      },
    },
  }),
}`);

const wholes = pluginModule(`{
  name: 'wholes', version: '1.0.0', needs: { request: 'head', response: 'whole' },
  setup: () => ({
    response: {
      filter: { models: ['whole-*'] },
      async handler(response, view) {
        const choices = response.choices.map((choice) => ({
          ...choice,
          parts: choice.parts.map((part) => part.type === 'text' ? { ...part, text: part.text.length + ' chars' } : part),
        }));
        return { ...response, choices };
      },
    },
  }),
}`);

const holds = pluginModule(
  `{
    name: 'holds', version: '1.0.0', needs: { request: 'head', response: 'events' },
    setup(host) {
      host.route('GET', '/windows', () => reply.json(200, windows.splice(0)));
      return {
        event: {
          filter: { models: ['hold-*'] },
          hold: {
            chars: 40,
            async inspect(events, view) {
              const text = events.map((event) => event.type === 'part-delta' ? event.text : '').join('');
              windows.push(text);
              if (view.model === 'hold-slow' && windows.length === 1) await new Promise((go) => setTimeout(go, 1000));
              if (view.model === 'hold-rewrite') return events.filter((event) => event.type !== 'part-delta');
              if (view.model === 'hold-block') return text.includes('secret')
                ? reply.error('content-filter', 'secret_found', 'The answer held a secret.') : undefined;
              if (view.model === 'hold-answer') return reply.error('content-filter', 'at_once', 'No.');
              if (view.model === 'hold-no-end') return [];
            },
          },
        },
      };
    },
  }`,
  'const windows = [];',
);

const taps = pluginModule(
  `{
    name: 'taps', version: '1.0.0', needs: { request: 'head', response: 'bytes' },
    setup(host) {
      host.route('GET', '/seen', () => { const all = seen; seen = ''; return reply.json(200, all); });
      return {
        bytes(chunk, view) {
          seen += new TextDecoder().decode(chunk);
          if (view.model === 'tap-throws') throw new Error('tap went wrong');
        },
        settled() { seen += '[settled]'; },
      };
    },
  }`,
  `let seen = '';`,
);

const folder = pluginFolder();
const openai = await startOpenAi();
const names = [
  ...['map-change', 'map-twice', 'map-drop', 'map-end', 'map-nothing', 'whole-edit', 'tapped', 'tap-throws'],
  ...['hold-pass', 'hold-slow', 'hold-rewrite', 'hold-block', 'hold-answer', 'hold-no-end'],
];
const gateway = await startHeadgate({
  config: {
    server: { threads: 1 },
    providers: { openai: openaiProvider(openai) },
    models: Object.fromEntries(
      names.map((name) => [name, { targets: ['openai/gpt-4o'], timeouts: { total: '10s' } }]),
    ),
    plugins: [
      { use: folder.write('maps.mjs', maps) },
      { use: folder.write('wholes.mjs', wholes) },
      { use: folder.write('holds.mjs', holds) },
      { use: folder.write('taps.mjs', taps) },
    ],
  },
});
beforeEach(async () => {
  openai.reset();
  await seen();
  await windows();
});
afterAll(async () => {
  await stopCleanly(gateway);
  await openai.close();
  folder.close();
});

const fromPlugin = async (path: string): Promise<unknown> => JSON.parse((await get(gateway, path)).text);
const seen = async (): Promise<string> => (await fromPlugin('/plugins/taps/seen')) as string;
const windows = async (): Promise<string[]> => (await fromPlugin('/plugins/holds/windows')) as string[];
const says = (text: string): void => openai.always({ answer: { text } });

describe.each(ways)('an event map (%s, streamed: %s)', (client, stream) => {
  const said = async (model: string): Promise<string> => {
    says('Some words, in several pieces.');
    const answer = await ask(gateway, client, model, { stream });
    expect(answer.status).toBe(200);
    return answer.said;
  };

  it('changes what the client reads', async () => {
    expect(await said('map-change')).toBe('SOME WORDS, IN SEVERAL PIECES.');
  });

  it('says more', async () => {
    const text = await said('map-twice');
    expect(text).toHaveLength(2 * 'Some words, in several pieces.'.length);
  });

  it('says less', async () => {
    expect(await said('map-drop')).toBe('');
  });

  // A hook that dropped the `end` event used to leave the client waiting until the total time was over.
  it.each(['map-end', 'map-nothing'])('cannot take the end of the answer away (%s)', async (model) => {
    const answer = await ask(gateway, client, model, { stream });
    expect(answer.status).toBe(200);
    if (stream && client === 'OpenAI') expect(answer.text).toContain('[DONE]');
    if (stream && client === 'Anthropic') expect(answer.text).toContain('message_stop');
  });
});

describe.each(ways)('a response chain (%s, streamed: %s)', (client, stream) => {
  it('sees the whole answer before the client sees any of it', async () => {
    says('Twenty-two characters.');
    const answer = await ask(gateway, client, 'whole-edit', { stream });
    expect(answer).toMatchObject({ status: 200, said: '22 chars' });
  });
});

describe.each(ways)('a hold window (%s, streamed: %s)', (client, stream) => {
  const text = 'A rather long answer that does not fit into a single window of forty characters at all.';

  it('shows the guard everything, a window at a time when it is streamed', async () => {
    says(text);
    expect(await ask(gateway, client, 'hold-pass', { stream })).toMatchObject({ status: 200, said: text });
    const shown = await windows();
    expect(shown.join('')).toBe(text);
    if (stream) expect(shown.length).toBeGreaterThan(2);
  });

  it('lets the guard rewrite', async () => {
    says(text);
    expect(await ask(gateway, client, 'hold-rewrite', { stream })).toMatchObject({ status: 200, said: '' });
  });

  it('lets the guard refuse at once, with a proper error', async () => {
    says(text);
    expect(await ask(gateway, client, 'hold-answer', { stream })).toMatchObject({
      status: 400,
      code: 'at_once',
      said: '',
    });
  });

  it('lets nothing of a bad window through, and ends with an error', async () => {
    const start = 'A harmless beginning of more than forty characters. ';
    says(`${start}And then a secret thing, and what follows it.`);
    const answer = await ask(gateway, client, 'hold-block', { stream });
    expect(answer.code).toBe('secret_found');
    expect(answer.text).not.toContain('a secret thing');
    expect(answer.text).not.toContain('follows it');
    if (stream) expect(answer).toMatchObject({ status: 200, said: expect.stringMatching(/^A harmless/) });
    else expect(answer).toMatchObject({ status: 400, said: '' });
  });

  it('keeps the end of the answer when the guard returns nothing of it', async () => {
    says(text);
    expect(await ask(gateway, client, 'hold-no-end', { stream })).toMatchObject({ status: 200, said: '' });
  });
});

describe('a guard that thinks', () => {
  it('makes the provider wait, and the client sees nothing of the window before it is done', async () => {
    const piece = 'x'.repeat(64 * 1024);
    const count = 400;
    const chunk = (delta: object, finish: string | null = null): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    function* events(): Generator<string> {
      yield chunk({ role: 'assistant', content: '' });
      for (let i = 0; i < count; i++) yield chunk({ content: piece });
      yield chunk({}, 'stop');
    }
    openai.always({ events: events() });
    const asked = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'hold-slow', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    let answered = false;
    void asked.then(() => {
      answered = true;
    });
    const upstream = await openai.request();
    await sleep(700);
    expect(answered).toBe(false);
    // What fits into the buffers of two sockets, and no more.
    expect(upstream.bytesSent).toBeLessThan((count * piece.length) / 2);
    const text = await (await asked).text();
    expect(text).toContain('[DONE]');
    expect(text.split('x'.repeat(1024)).length - 1).toBe((count * piece.length) / 1024);
  });
});

describe.each(ways)('a byte tap (%s, streamed: %s)', (client, stream) => {
  // Taps used to see nothing of an answer that was translated, and a whole answer only after it was settled.
  it('sees the bytes that the client gets, before the request is settled', async () => {
    const { text } = await ask(gateway, client, 'tapped', { stream });
    expect(await seen()).toBe(`${text}[settled]`);
  });

  it('is unplugged when it throws, and the bytes go on', async () => {
    openai.always({ answer: { text: 'Some words, in several pieces.' }, delayBetweenMs: 5 });
    const answer = await ask(gateway, client, 'tap-throws', { stream });
    expect(answer).toMatchObject({ status: 200, said: 'Some words, in several pieces.' });
    const shown = await seen();
    expect(shown.endsWith('[settled]')).toBe(true);
    if (stream) expect(shown.length).toBeLessThan(answer.text.length);
    // Log lines are written by another thread, after the answer.
    await expect.poll(() => gateway.logs()).toContain('tap went wrong');
  });

  it('sees what maps have made of the answer', async () => {
    const { text } = await ask(gateway, client, 'map-change', { stream });
    expect(await seen()).toBe(`${text}[settled]`);
  });
});
