import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, listOf } from '../fakes/json-value.js';
import { refusal, startKept } from './setup.js';

const kept = await startKept();
const { client, other, anthropic, openai } = kept;
const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
};
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(() => {
  anthropic.reset();
  openai.reset();
});
afterAll(() => kept.close());

const sent = (fake: typeof anthropic, i = -1): Record<string, unknown> => fake.received.at(i)?.json() ?? {};

describe.each([false, true])('a conversation with a provider without state (streamed: %s)', (streamed) => {
  const ask = async (body: OpenAI.Responses.ResponseCreateParamsNonStreaming) =>
    streamed
      ? client.responses.stream({ ...body, stream: true }).finalResponse()
      : client.responses.create(body);

  it('goes on over three turns with pictures, reasoning and tools', async () => {
    anthropic.next(
      {
        answer: {
          thinking: 'A picture of rain.',
          signature: 'c2lnbmVkLWJ5LWFudGhyb3BpYw==',
          toolCalls: [{ id: 'toolu_1', name: 'weather', arguments: '{"city":"Bern"}' }],
        },
      },
      { answer: { text: 'Rain in Bern.' } },
      { answer: { text: 'As I said: rain.' } },
    );
    const first = await ask({
      model: 'claude',
      instructions: 'Speak like a pirate.',
      reasoning: { effort: 'medium' },
      tools: [weather],
      metadata: { a: 'b' },
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'How is the weather here?' },
            { type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'auto' },
          ],
        },
      ],
    });
    expect(first.id).toMatch(/^resp_hg[0-9a-f]{36}$/);
    expect(first).toMatchObject({ store: true, instructions: 'Speak like a pirate.', metadata: { a: 'b' } });
    expect(first.tools).toHaveLength(1);

    const second = await ask({
      model: 'claude',
      previous_response_id: first.id,
      reasoning: { effort: 'medium' },
      tools: [weather],
      input: [{ type: 'function_call_output', call_id: 'toolu_1', output: 'rain' }],
    });
    expect(second.output_text).toBe('Rain in Bern.');
    expect(second.previous_response_id).toBe(first.id);
    const asked = JSON.stringify(sent(anthropic));
    // The signed reasoning comes back as it was, the picture too; the instructions are not carried over.
    for (const part of ['c2lnbmVkLWJ5LWFudGhyb3BpYw==', pixel, 'toolu_1', 'rain'])
      expect(asked).toContain(part);
    expect(asked).not.toContain('pirate');

    const third = await ask({ model: 'claude', previous_response_id: second.id, input: 'Again, please.' });
    expect(third.output_text).toBe('As I said: rain.');
    const roles = listOf(sent(anthropic)['messages']).map((one) => isObject(one) && one['role']);
    expect(roles).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);

    const again = await client.responses.retrieve(third.id);
    expect(again).toMatchObject({ id: third.id, output_text: third.output_text, usage: third.usage });
    const items = [];
    for await (const item of client.responses.inputItems.list(third.id, { order: 'asc', limit: 2 }))
      items.push(item);
    expect(items.map((item) => item.type)).toEqual([
      'message',
      'reasoning',
      'function_call',
      'function_call_output',
      'message',
      'message',
    ]);
    expect(new Set(items.map((item) => 'id' in item && item.id)).size).toBe(6);
  });

  it('moves to a provider that keeps state, which is then told no more than what is new', async () => {
    anthropic.next({ answer: { thinking: 'Hm.', signature: 'c2ln', text: 'Hello.' } });
    const first = await ask({ model: 'claude', input: 'Hi' });
    const second = await ask({ model: 'gpt', previous_response_id: first.id, input: 'What did I say?' });
    const moved = sent(openai);
    expect(moved['previous_response_id']).toBeUndefined();
    expect(JSON.stringify(moved['input'])).toContain('Hello.');
    // Sealed by another provider, and with the gateway's own ids, which OpenAI would look for.
    expect(JSON.stringify(moved)).not.toMatch(/hg1:|_in0|resp_hg|msg_hg/);
    expect(second.id).toMatch(/^resp_own/);
    await ask({ model: 'gpt', previous_response_id: second.id, input: 'And now?' });
    expect(sent(openai)).toMatchObject({ previous_response_id: second.id, input: 'And now?' });
  });

  it.each([
    ['plain', 'by its row'],
    ['forgetting', 'by the configuration'],
  ])(
    'is kept for a provider of the same API, %s, that keeps nothing %s, and is not told to',
    async (model) => {
      const first = await ask({ model, input: 'Hi', store: true });
      expect(first.id).toMatch(/^resp_hg/);
      const second = await ask({ model, previous_response_id: first.id, input: 'Go on' });
      expect(second).toMatchObject({ store: true });
      for (const i of [0, 1]) expect(Object.keys(sent(openai, i))).not.toContain('store');
      expect(sent(openai)['previous_response_id']).toBeUndefined();
      expect(listOf(sent(openai)['input'])).toHaveLength(3);
    },
  );

  it('is not kept when the request says so', async () => {
    const { id } = await ask({ model: 'claude', input: 'Hi', store: false });
    expect(await refusal(client.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
    const error = await refusal(ask({ model: 'claude', input: 'Go on', previous_response_id: id }));
    expect(error).toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  });

  it('is not there for another virtual key, at a provider that keeps it either', async () => {
    const { id } = await ask({ model: 'gpt', input: 'Hi' });
    const before = openai.received.length;
    const error = await refusal(
      other.responses.create({ model: 'gpt', previous_response_id: id, input: 'Go on' }),
    );
    expect(error).toMatchObject({ status: 400, code: 'previous_response_not_found' });
    expect(await refusal(other.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(openai.received).toHaveLength(before);
    await ask({ model: 'gpt', previous_response_id: id, input: 'Go on' });
    expect(sent(openai)).toMatchObject({ previous_response_id: id });
  });

  it('goes on at the account that it began at', async () => {
    const asked = new Set<string>();
    // Chance picks the key: on until it has picked both.
    for (let i = 0; i < 6 || (asked.size < 2 && i < 60); i++) {
      const first = await ask({ model: 'gpt', input: `Hi ${i}` });
      const key = openai.received.at(-1)?.key ?? '';
      asked.add(key);
      await ask({ model: 'both', previous_response_id: first.id, input: 'Go on' });
      expect(openai.received.at(-1)?.key).toBe(key);
      expect((await client.responses.retrieve(first.id)).id).toBe(first.id);
      await client.responses.delete(first.id);
      expect(openai.received.at(-1)).toMatchObject({ key, method: 'DELETE' });
    }
    expect(asked.size).toBeGreaterThan(1);
    expect(anthropic.received).toHaveLength(0);
  });

  it('says so when the provider that keeps it does not answer and no other could go on', async () => {
    const first = await ask({ model: 'gpt', input: 'Hi' });
    openai.always({ status: 503 });
    const error = await refusal(ask({ model: 'both', previous_response_id: first.id, input: 'Go on' }));
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ status: 503, code: 'conversation_stuck' });
    expect(anthropic.received).toHaveLength(0);
    const elsewhere = await refusal(ask({ model: 'claude', previous_response_id: first.id, input: 'Go on' }));
    expect(elsewhere).toMatchObject({ status: 400, code: 'conversation_elsewhere' });
  });
});

describe('a conversation whose account was told to wait', () => {
  it('is not asked for, and its client learns for how long', async () => {
    const create = (previous?: string) =>
      client.responses.create({
        model: previous === undefined ? 'gpt-mini' : 'rested',
        input: 'Hi',
        previous_response_id: previous ?? null,
      });
    const { id } = await create();
    openai.next({ status: 429, headers: { 'retry-after': '30' } });
    expect(await refusal(create(id))).toMatchObject({ status: 503, code: 'conversation_stuck' });
    const before = openai.received.length;
    const error = await refusal(create(id));
    expect(error).toMatchObject({ status: 503, code: 'conversation_stuck' });
    const wait = error instanceof OpenAI.APIError ? Number(error.headers?.get('retry-after')) : 0;
    expect(wait).toBeGreaterThan(20);
    expect(wait).toBeLessThanOrEqual(30);
    expect(openai.received).toHaveLength(before);
    expect(anthropic.received).toHaveLength(0);
  });
});

describe('a kept response', () => {
  const make = () => client.responses.create({ model: 'claude', input: 'Hi' });

  it('is nobody else’s: another key finds nothing, and cannot go on, stop or delete', async () => {
    const { id } = await make();
    for (const attempt of [
      () => other.responses.retrieve(id),
      () => other.responses.inputItems.list(id),
      () => other.responses.cancel(id),
      () => other.responses.delete(id),
    ]) {
      expect(await refusal(attempt())).toMatchObject({ status: 404, code: 'response_not_found' });
    }
    const error = await refusal(
      other.responses.create({ model: 'claude', input: 'x', previous_response_id: id }),
    );
    expect(error).toMatchObject({ status: 400, code: 'previous_response_not_found' });
    expect((await client.responses.retrieve(id)).id).toBe(id);
  });

  it('is gone when it was deleted', async () => {
    const { id } = await make();
    await client.responses.delete(id);
    expect(await refusal(client.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await refusal(client.responses.delete(id))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('cannot be cancelled unless it runs in the background', async () => {
    const { id } = await make();
    expect(await refusal(client.responses.cancel(id))).toMatchObject({
      status: 400,
      code: 'response_not_cancellable',
    });
  });

  it('can be had as the stream that it would have been, from any event on', async () => {
    const { id, output } = await make();
    const read = async (starting_after?: number) => {
      const events = [];
      const query = { stream: true as const, ...(starting_after !== undefined && { starting_after }) };
      for await (const event of await client.responses.retrieve(id, query)) events.push(event);
      return events;
    };
    const all = await read();
    expect(all.map((event) => event.sequence_number)).toEqual(all.map((_, i) => i));
    expect(all.at(-1)).toMatchObject({ type: 'response.completed', response: { id, output } });
    expect(await read(3)).toEqual(all.slice(4));
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=x', 'limit'],
    ['order=up', 'order'],
    ['after=nothing', 'after'],
  ])('has no page of items for %s', async (query, param) => {
    const { id } = await make();
    const error = await refusal(client.get(`/responses/${id}/input_items?${query}`));
    expect(error).toMatchObject({ status: 400, param });
  });

  it.each([
    { conversation: 'conv_1234567890', code: 'conversation_unsupported' },
    { store: 'yes', code: 'invalid_field' },
    { previous_response_id: 7, code: 'invalid_field' },
    { background: 1, code: 'invalid_field' },
  ])('is not made of %o', async ({ code, ...wrong }) => {
    const body = { model: 'claude', input: 'Hi', ...wrong } as never;
    expect(await refusal(client.responses.create(body))).toMatchObject({ status: 400, code });
    expect(anthropic.received).toHaveLength(0);
  });
});
