import { definePlugin, reply, type StreamEvent } from '@headgate/sdk';
import {
  fakeHost,
  replayStream,
  runHook,
  settledRecord,
  setUp,
  textOf,
  textStream,
} from '@headgate/sdk/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const guard = definePlugin({
  name: 'guard',
  version: '1.0.0',
  config: z.object({ word: z.string().default('bomb'), url: z.string().optional() }),
  needs: { request: 'canonical', response: 'events' },
  setup(host, { word, url }) {
    const asked = host.slot(() => ({ times: 0 }));
    host.route('POST', '/word', ({ headers, body }) =>
      reply.json(200, [word, headers.get('x-a') ?? null, new TextDecoder().decode(body)]),
    );
    return {
      async request(view) {
        view.state(asked).times++;
        view.log.debug('asked', { field: view.field('model') });
        const text = view.request.messages
          .flatMap((message) => message.parts)
          .find((part) => part.type === 'text');
        if (text?.text.includes(word)) return reply.error('content-filter', 'no', 'No.');
        if (url !== undefined) await host.fetch(url);
        view.replace({ ...view.request, user: view.metadata.customer ?? 'nobody' });
        return undefined;
      },
      upstream: { handler: (head) => ({ ...head, headers: [...head.headers, 'x-a', '1'] }), order: 3 },
      event(event, view) {
        if (event.type === 'ping') return null;
        if (event.type !== 'part-delta') return;
        return { ...event, text: `${event.text}${view.state(asked).times}` };
      },
      settled(record) {
        host.metrics.count('settled', 1, { customer: record.customer });
      },
    };
  },
});

describe('runHook', () => {
  it('gives what a gate answers, and undefined when it lets the request pass', async () => {
    const refused = await runHook(guard, 'request', { view: { prompt: 'a bomb' } });
    expect(refused.result).toMatchObject({ type: 'error', error: { status: 400, code: 'no' } });
    const passed = await runHook(guard, 'request', { view: { prompt: 'a bomb' }, config: { word: 'x' } });
    expect(passed.result).toBeUndefined();
  });

  it('shows what the hook did to the request, and what it logged', async () => {
    const { view, host } = await runHook(guard, 'request', {
      view: { metadata: { customer: 'acme' }, model: 'm' },
    });
    expect(view.replaced).toBe(true);
    expect(view.request.user).toBe('acme');
    expect(host.logs).toEqual([{ level: 'debug', message: 'asked', fields: { field: 'm' } }]);
  });

  it('passes the value of a chain on, changed or not', async () => {
    const { result } = await runHook(guard, 'upstream', { value: { path: '/v1', headers: [] } });
    expect(result).toEqual({ path: '/v1', headers: ['x-a', '1'] });
  });

  it('gives the events in place of one', async () => {
    const delta: StreamEvent = { type: 'part-delta', choice: 0, part: 0, text: 'a' };
    expect((await runHook(guard, 'event', { value: { type: 'ping' } })).result).toEqual([]);
    expect((await runHook(guard, 'event', { value: { type: 'end' } })).result).toEqual([{ type: 'end' }]);
    expect((await runHook(guard, 'event', { value: delta })).result).toEqual([{ ...delta, text: 'a0' }]);
  });

  it('tells what was counted', async () => {
    const { host } = await runHook(guard, 'settled', { value: settledRecord({ customer: 'acme' }) });
    expect(host.counted).toEqual([{ name: 'settled', by: 1, labels: { customer: 'acme' } }]);
  });

  it('rejects with what the plugin throws, and with what is wrong with the config', async () => {
    await expect(runHook(guard, 'request', { config: { url: 'https://example.com' } })).rejects.toThrow(
      'give fakeHost a "fetch"',
    );
    await expect(runHook(guard, 'request', { config: { word: 1 } })).rejects.toThrow(z.ZodError);
    await expect(runHook(guard, 'route', { value: [] })).rejects.toThrow('has no handler for "route"');
  });
});

describe('setUp', () => {
  it('lets several calls share what belongs to one request, and no more', async () => {
    const tested = await setUp(guard);
    const view = tested.view({ prompt: 'hello' });
    await tested.run('request', { view });
    const replayed = await tested.replay(textStream('a', 'b'), view);
    expect(textOf(replayed.events)).toBe('a1b1');
    expect(textOf((await tested.replay(textStream('a'))).events)).toBe('a0');
  });

  it('serves the routes of the plugin', async () => {
    const { host } = await setUp(guard);
    const answer = await host.callRoute('post', '/word', { headers: { 'X-A': '7' }, body: 'hi' });
    expect(answer).toMatchObject({ status: 200, body: '["bomb","7","hi"]' });
    await expect(host.callRoute('GET', '/word')).rejects.toThrow('has no route GET /word');
  });

  it('closes the plugin', async () => {
    let closed = false;
    const tested = await setUp(
      definePlugin({
        name: 'p',
        version: '1',
        close() {
          closed = true;
        },
      }),
    );
    await tested.close();
    expect(closed).toBe(true);
  });
});

describe('replayStream', () => {
  const holding = (
    inspect: (text: string) => ReturnType<typeof reply.error> | readonly StreamEvent[] | undefined,
  ) =>
    definePlugin({
      name: 'holding',
      version: '1',
      needs: { request: 'head', response: 'events' },
      setup: () => ({ event: { hold: { chars: 4, inspect: async (events) => inspect(textOf2(events)) } } }),
    });
  const textOf2 = (events: readonly StreamEvent[]): string =>
    events.map((event) => (event.type === 'part-delta' ? event.text : '')).join('');

  it('sends an answer through a map', async () => {
    const { events, reply: said } = await replayStream(guard, textStream('x', 'y'));
    expect(textOf(events)).toBe('x0y0');
    expect(said).toBeNull();
  });

  it('sends an answer through a hold window, a window at a time', async () => {
    const windows: string[] = [];
    const plugin = holding((text) => void windows.push(text));
    const { events } = await replayStream(plugin, textStream('ab', 'cd', 'efghi', 'j'));
    expect(windows).toEqual(['abcd', 'efghi', 'j']);
    expect(events).toEqual(textStream('ab', 'cd', 'efghi', 'j'));
  });

  it('says what a hold window said instead, and what had left by then', async () => {
    const plugin = holding((text) =>
      text.includes('bad') ? reply.error('content-filter', 'bad', 'Bad.') : undefined,
    );
    const { events, reply: said } = await replayStream(plugin, textStream('good', 'bad!', 'rest'));
    expect(textOf(events)).toBe('good');
    expect(said).toMatchObject({ error: { code: 'bad' } });
  });

  it('sends an answer through a response hook as a whole', async () => {
    const plugin = definePlugin({
      name: 'whole',
      version: '1',
      needs: { request: 'head', response: 'whole' },
      setup: () => ({
        response: (response) => ({
          ...response,
          choices: response.choices.map((choice) => ({
            ...choice,
            parts: [{ type: 'text' as const, text: 'short' }],
          })),
        }),
      }),
    });
    expect(textOf((await replayStream(plugin, textStream('a', 'long', 'answer'))).events)).toBe('short');
  });
});

describe('the fake host', () => {
  it('keeps values until their time is over, as copies', async () => {
    const { kv, clock } = fakeHost();
    const value = { list: [1] };
    await kv.set('a', value, { ttlMs: 100 });
    value.list.push(2);
    expect(await kv.get('a')).toEqual({ list: [1] });
    clock.advance(99);
    expect(await kv.get('a')).toBeDefined();
    clock.advance(1);
    expect(await kv.get('a')).toBeUndefined();
    await kv.set('b', 1);
    await kv.delete('b');
    expect(await kv.get('b')).toBeUndefined();
  });

  it('counts in windows of its clock, and never above a cap', async () => {
    const { counters, clock } = fakeHost({ now: 1_000 });
    const minute = await counters.open('m', { windowMs: 60_000 });
    const totals = [6, 5, 4].map((amount) => minute.reserve(amount, 10)?.total);
    expect(totals).toEqual([6, undefined, 10]);
    expect((await counters.open('m', { windowMs: 60_000 })).value()).toBe(10);
    clock.advance(59_000);
    expect(minute.value()).toBe(0);
    expect(minute.add(3)).toBe(3);
  });

  it('answers fetches and counts tokens as it is told', async () => {
    const host = fakeHost({
      fetch: async (url) => ({ status: 200, headers: {}, text: async () => `got ${url}` }),
      countTokens: () => 7,
    });
    expect(await (await host.fetch('https://a.example')).text()).toBe('got https://a.example');
    expect(await host.tasks.countTokens('m', 'text')).toBe(7);
    expect(await fakeHost().tasks.countTokens('m', 'five!')).toBe(2);
  });
});
