import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, listOf } from '../fakes/json-value.js';
import { startTwoProviders } from './two-providers.js';

const KEY = 'hg-test-key-0123456789';
const setup = await startTwoProviders(
  {
    models: {
      smart: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
      thoughtful: { targets: ['anthropic/claude-sonnet-4-6'], retries: { attempts: 1 } },
    },
    keys: [{ name: 'everything', value: KEY, models: ['smart', 'thoughtful'] }],
  },
  { strict: true },
);
const { openai, anthropic, gateway } = setup;
const clientWith = (apiKey: string): Anthropic =>
  new Anthropic({ apiKey, authToken: null, baseURL: gateway.url, maxRetries: 0, timeout: 10_000 });
const client = clientWith(KEY);
const weather: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const ask = {
  max_tokens: 300,
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: 'Hi, how is the weather?' }],
};
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const upstreams = [
  { name: 'an Anthropic upstream', model: 'thoughtful', target: 'claude-sonnet-4-6', fake: anthropic },
  { name: 'an OpenAI upstream', model: 'smart', target: 'gpt-4o', fake: openai },
];

describe.each(upstreams)('the Anthropic SDK before $name', ({ model, target, fake }) => {
  it('gets a whole message with usage', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } } });
    // The SDK's types no longer name the temperature; requests with it are still sent.
    const params = { ...ask, model, temperature: 0.5, stop_sequences: ['END'] };
    const message = await client.messages.create(params);
    expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' });
    expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: 'Sunny. ☀️ 22 °C' })]);
    expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 7 });
    expect(message._request_id).toBeTruthy();
    expect(fake.received[0]?.json()).toMatchObject({ model: target, temperature: 0.5 });
    expect(JSON.stringify(fake.received[0]?.json())).toContain('Be brief.');
  });

  it('streams a message', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } } });
    const types: string[] = [];
    const stream = client.messages
      .stream({ ...ask, model })
      .on('streamEvent', (event) => void types.push(event.type));
    const message = await stream.finalMessage();
    expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: 'Sunny. ☀️ 22 °C' })]);
    expect(message.stop_reason).toBe('end_turn');
    expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 7 });
    expect(types[0]).toBe('message_start');
    expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
  });

  it.each([false, true])('is told to call a tool (streamed: %s)', async (streamed) => {
    fake.next({ answer: { toolCalls: [{ id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' }] } });
    const params = { ...ask, model, tools: [weather], tool_choice: { type: 'any' as const } };
    const message = streamed
      ? await client.messages.stream(params).finalMessage()
      : await client.messages.create(params);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toEqual([
      expect.objectContaining({ type: 'tool_use', id: 'id_1', name: 'weather', input: { city: 'Zürich' } }),
    ]);
    const sent = fake.received[0]?.json();
    expect(listOf(sent?.['tools'])).toHaveLength(1);
    expect(sent?.['tool_choice']).toEqual(fake === openai ? 'required' : { type: 'any' });
  });

  it.each([false, true])(
    'is told to call tools side by side after some text (streamed: %s)',
    async (streamed) => {
      const toolCalls = [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'weather', arguments: '{}' },
      ];
      fake.next({ answer: { text: 'Let me look.', toolCalls } });
      const params = { ...ask, model, tools: [weather] };
      const message = streamed
        ? await client.messages.stream(params).finalMessage()
        : await client.messages.create(params);
      expect(message.content).toEqual([
        expect.objectContaining({ type: 'text', text: 'Let me look.' }),
        expect.objectContaining({ type: 'tool_use', id: 'id_a', input: { city: 'Bern' } }),
        expect.objectContaining({ type: 'tool_use', id: 'id_b', input: {} }),
      ]);
    },
  );

  it('sends the results of tools back', async () => {
    const message = await client.messages.create({
      ...ask,
      model,
      tools: [weather],
      messages: [
        ...ask.messages,
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Let me look.' },
            { type: 'tool_use', id: 'id_a', name: 'weather', input: { city: 'Bern' } },
            { type: 'tool_use', id: 'id_b', name: 'weather', input: { city: 'Lima' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'id_a', content: 'rain' },
            {
              type: 'tool_result',
              tool_use_id: 'id_b',
              content: [{ type: 'text', text: 'fog' }],
              is_error: true,
            },
            { type: 'text', text: 'And which is nicer?' },
          ],
        },
      ],
    });
    // The fakes refuse turns in which a call stays unanswered or the order is wrong.
    expect(message.content[0]).toMatchObject({
      type: 'text',
      text: expect.stringContaining('Hello from the fake'),
    });
    const sent = fake.received[0]?.body.toString() ?? '';
    for (const part of ['id_a', 'id_b', 'rain', 'fog', 'And which is nicer?']) expect(sent).toContain(part);
  });

  it('shows pictures, inside the request and by address', async () => {
    await client.messages.create({
      ...ask,
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } },
            { type: 'text', text: 'What is this?' },
          ],
        },
      ],
    });
    const sent = fake.received[0]?.body.toString() ?? '';
    expect(sent).toContain(fake === openai ? `data:image/png;base64,${pixel}` : pixel);
    expect(sent).toContain('https://example.com/cat.png');
  });

  it('gets an object that fits its JSON schema', async () => {
    fake.next({ answer: { text: '{"degrees":22}' } });
    const schema = {
      type: 'object' as const,
      properties: { degrees: { type: 'number' } },
      required: ['degrees'],
      additionalProperties: false,
    };
    const message = await client.messages.create({
      ...ask,
      model,
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(message.content[0]).toMatchObject({ type: 'text', text: '{"degrees":22}' });
    const sent = fake.received[0]?.json();
    const where = fake === openai ? sent?.['response_format'] : sent?.['output_config'];
    expect(JSON.stringify(where)).toContain('"degrees"');
  });

  it('counts tokens', async () => {
    const short = await client.messages.countTokens({ model, messages: ask.messages });
    const long = await client.messages.countTokens({
      model,
      messages: [{ role: 'user', content: 'The quick brown fox jumps over the lazy dog. '.repeat(20) }],
    });
    expect(short.input_tokens).toBeGreaterThan(0);
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 50);
  });

  it.each([
    [400, Anthropic.BadRequestError],
    [404, Anthropic.NotFoundError],
    [429, Anthropic.RateLimitError],
    [500, Anthropic.APIError],
    [503, Anthropic.APIError],
  ])('gets the provider’s %i as the class it knows, with a request id', async (status, kind) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const error: unknown = await client.messages
        .create({ ...ask, model, stream })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
      if (!(error instanceof Anthropic.APIError)) continue;
      expect(error.status).toBeGreaterThanOrEqual(Math.min(status, 500));
      expect(error.requestID).toBeTruthy();
      expect(isObject(error.error) && error.error['type']).toBe('error');
      expect(error.apiMessage).toBeTruthy();
    }
  });

  it('stops the upstream when it aborts in the middle of a stream', async () => {
    fake.next({ hangAfter: 5 });
    const stream = client.messages.stream({ ...ask, model });
    const ended = expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    const request = await fake.request();
    await new Promise((resolve) => stream.once('text', resolve));
    stream.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
    await ended;
  });
});

describe('the Anthropic SDK', () => {
  const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };

  it.each([false, true])(
    'gets thinking with its signature and sends it back (streamed: %s)',
    async (streamed) => {
      anthropic.next({
        answer: { thinking: 'Hmm…', signature: 'EqRtSig+/==', redacted: 'b3BhcXVl', text: 'Sunny.' },
      });
      const params = { ...ask, model: 'thoughtful', max_tokens: 2_000, thinking };
      const first = streamed
        ? await client.messages.stream(params).finalMessage()
        : await client.messages.create(params);
      expect(first.content).toEqual([
        { type: 'thinking', thinking: 'Hmm…', signature: 'EqRtSig+/==' },
        { type: 'redacted_thinking', data: 'b3BhcXVl' },
        { type: 'text', text: 'Sunny.' },
      ]);
      const messages = [
        ...ask.messages,
        { role: 'assistant' as const, content: first.content },
        { role: 'user' as const, content: 'Sure?' },
      ];
      await client.messages.create({ ...params, messages });
      expect(listOf(anthropic.received[1]?.json()['messages'])[1]).toEqual({
        role: 'assistant',
        content: first.content,
      });
    },
  );

  it('keeps its cache marks and sees what the cache did', async () => {
    anthropic.next({
      answer: { text: 'Yes.', usage: { input: 1_000, cacheWrite: 900, cacheRead: 50, output: 2 } },
    });
    const message = await client.messages.create({
      ...ask,
      model: 'thoughtful',
      system: [{ type: 'text', text: 'A long text.', cache_control: { type: 'ephemeral' } }],
    });
    expect(message.usage).toMatchObject({
      input_tokens: 50,
      cache_creation_input_tokens: 900,
      cache_read_input_tokens: 50,
    });
    expect(JSON.stringify(anthropic.received[0]?.json())).toContain('"cache_control":{"type":"ephemeral"}');
  });

  it('sees 529 as overloaded', async () => {
    anthropic.always({ status: 529 });
    await expect(client.messages.create({ ...ask, model: 'thoughtful' })).rejects.toMatchObject({
      status: 529,
      type: 'overloaded_error',
    });
  });

  it('lists models', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain('smart');
    expect(ids).toContain('thoughtful');
  });

  it('sends its version and beta headers on, and none of its own credentials', async () => {
    const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'some-beta-2025' };
    await client.messages.create({ ...ask, model: 'thoughtful' }, { headers });
    expect(anthropic.received[0]?.headers).toMatchObject(headers);
    expect(JSON.stringify(anthropic.received[0]?.rawHeaders)).not.toContain(KEY);
  });

  it('gets the gateway’s own errors as the classes it knows, with a request id', async () => {
    const unknownKey: unknown = await clientWith('hg-nobody-0123456789')
      .messages.create({ ...ask, model: 'smart' })
      .catch((error: unknown) => error);
    expect(unknownKey).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(unknownKey).toMatchObject({
      type: 'authentication_error',
      requestID: expect.stringMatching(/.+/),
    });
    const forbidden: unknown = await client.messages
      .create({ ...ask, model: 'openai/gpt-4o' })
      .catch((error: unknown) => error);
    expect(forbidden).toBeInstanceOf(Anthropic.PermissionDeniedError);
    expect(forbidden).toMatchObject({ type: 'permission_error', requestID: expect.stringMatching(/.+/) });
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });
});
