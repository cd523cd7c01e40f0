import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../plugins/providers/mock/server.js';

let server: MockServer;
let client: Anthropic;
beforeAll(async () => {
  server = await startMockServer({ port: 0 });
  client = new Anthropic({ apiKey: 'any', baseURL: `http://127.0.0.1:${server.port}`, maxRetries: 0 });
});
afterAll(() => server.close());

const user = (content: string) => [{ role: 'user' as const, content }];
const tool = (name: string) => ({
  name,
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
});

async function eventsOf(body: Omit<Anthropic.MessageCreateParamsStreaming, 'stream'>) {
  const events: Anthropic.RawMessageStreamEvent[] = [];
  for await (const event of await client.messages.create({ ...body, stream: true })) events.push(event);
  return events;
}

describe('the mock as Anthropic, seen by the @anthropic-ai/sdk package', () => {
  it('answers a message, the same text streamed and not', async () => {
    const body = { model: 'echo', max_tokens: 100, messages: user('Grüße, 世界 🌍!') };
    const whole = await client.messages.create(body);
    expect(whole).toMatchObject({
      type: 'message',
      role: 'assistant',
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    expect(whole.id).toMatch(/^msg_01\w{22}$/);
    expect(whole.content).toEqual([{ type: 'text', text: 'Grüße, 世界 🌍!' }]);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.input_tokens).toBe(whole.usage.input_tokens);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  it('streams its events in the documented order', async () => {
    const events = await eventsOf({ model: 'reasoning', max_tokens: 200, messages: user('x') });
    const kinds = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1]);
    expect(kinds).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    const blocks = events.filter((event) => event.type === 'content_block_start');
    expect(blocks.map((event) => [event.index, event.content_block.type])).toEqual([
      [0, 'thinking'],
      [1, 'text'],
    ]);
    const deltas = events.filter((event) => event.type === 'content_block_delta' && event.index === 0);
    expect(deltas.at(-1)).toMatchObject({
      delta: { type: 'signature_delta', signature: expect.stringMatching(/==$/) },
    });
  });

  it('thinks when the request enables it', async () => {
    const answer = await client.messages.create({
      model: 'hello',
      max_tokens: 4096,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      messages: user('x'),
    });
    expect(answer.content.map((block) => block.type)).toEqual(['thinking', 'text']);
  });

  it('calls every offered tool at once, streamed and not, and ends when they have answered', async () => {
    const body = {
      model: 'tool-call',
      max_tokens: 100,
      messages: user('x'),
      tools: [tool('weather'), tool('time')],
    };
    const answer = await client.messages.create(body);
    expect(answer.stop_reason).toBe('tool_use');
    const calls = answer.content.filter((block) => block.type === 'tool_use');
    expect(calls.map((call) => [call.name, call.input])).toEqual([
      ['weather', { city: 'example city' }],
      ['time', { city: 'example city' }],
    ]);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(streamed.content.map((block) => block.type === 'tool_use' && block.input)).toEqual(
      calls.map((call) => call.input),
    );

    const ended = await client.messages.create({
      ...body,
      messages: [
        ...body.messages,
        { role: 'assistant', content: answer.content },
        {
          role: 'user',
          content: calls.map((call) => ({
            type: 'tool_result' as const,
            tool_use_id: call.id,
            content: 'fine',
          })),
        },
      ],
    });
    expect(ended.content).toMatchObject([{ type: 'text', text: 'The tool answered: fine; fine' }]);
  });

  it('says why it stopped', async () => {
    const ask = async (model: string, more: object = {}) =>
      client.messages.create({ model, max_tokens: 50, messages: user('one two three'), ...more });
    expect((await ask('long')).stop_reason).toBe('max_tokens');
    expect(await ask('echo', { stop_sequences: ['two'] })).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'two',
      content: [{ text: 'one ' }],
    });
    expect((await ask('refuse')).stop_reason).toBe('refusal');
  });

  it('fits a JSON schema when one is asked for', async () => {
    const schema = { type: 'object', properties: { age: { type: 'integer', minimum: 18 } } };
    const answer = await client.messages.create({
      model: 'hello',
      max_tokens: 100,
      messages: user('x'),
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(answer.content).toMatchObject([{ text: '{"age":18}' }]);
  });

  it('counts cached input apart, as Anthropic does', async () => {
    const body = { max_tokens: 100, messages: user('a longer text, some of which was cached') };
    const plain = await client.messages.create({ model: 'echo', ...body });
    const { usage } = await client.messages.create({ model: 'echo+cached', ...body });
    expect(usage.cache_read_input_tokens).toBeGreaterThan(0);
    expect(usage.input_tokens + (usage.cache_read_input_tokens ?? 0)).toBe(plain.usage.input_tokens);
  });

  it('counts tokens as its answers do', async () => {
    const messages = user('How many tokens are these?');
    const counted = await client.messages.countTokens({ model: 'hello', messages, system: 'Be brief.' });
    const answer = await client.messages.create({
      model: 'hello',
      max_tokens: 10,
      messages,
      system: 'Be brief.',
    });
    expect(counted.input_tokens).toBe(answer.usage.input_tokens);
  });

  it.each([
    [400, Anthropic.BadRequestError, 'invalid_request_error'],
    [401, Anthropic.AuthenticationError, 'authentication_error'],
    [403, Anthropic.PermissionDeniedError, 'permission_error'],
    [404, Anthropic.NotFoundError, 'not_found_error'],
    [429, Anthropic.RateLimitError, 'rate_limit_error'],
    [500, Anthropic.InternalServerError, 'api_error'],
    [529, Anthropic.InternalServerError, 'overloaded_error'],
  ])('error-%i is that error to the client', async (status, kind, type) => {
    const call = client.messages.create({ model: `error-${status}`, max_tokens: 1, messages: user('x') });
    await expect(call).rejects.toBeInstanceOf(kind);
    await expect(call).rejects.toMatchObject({ status, error: { type: 'error', error: { type } } });
  });

  it.each([
    [{ max_tokens: undefined }, /max_tokens: Field required/],
    [{ messages: [] }, /at least one message/],
    [{ messages: [{ role: 'tool', content: 'x' }] }, /messages\.0\.role/],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, /non-empty/],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'z' }] }] },
      /unexpected `tool_use_id`/,
    ],
    [
      {
        messages: [
          { role: 'assistant', content: [{ type: 'tool_use', id: 'z', name: 'f', input: {} }] },
          ...user('x'),
        ],
      },
      /without `tool_result`/,
    ],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, /must be greater than/],
  ])('refuses %j in Anthropic’s words', async (more, words) => {
    const body = { model: 'm', max_tokens: 100, messages: user('x'), ...more };
    const call = client.messages.create(body as unknown as Anthropic.MessageCreateParamsNonStreaming);
    await expect(call).rejects.toThrow(words);
    await expect(call).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });

  it('puts an error event into a stream', async () => {
    await expect(eventsOf({ model: 'stream-error-4', max_tokens: 9, messages: user('x') })).rejects.toThrow(
      /Overloaded/,
    );
  });
});
