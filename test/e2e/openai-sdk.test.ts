import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isObject, listOf } from '../fakes/json-value.js';
import { fakeVector } from '../fakes/openai-embeddings.js';
import { startTwoProviders } from './two-providers.js';

const KEY = 'hg-test-key-0123456789';
const NARROW_KEY = 'hg-narrow-key-0123456789';
const setup = await startTwoProviders(
  {
    models: {
      smart: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
      thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], retries: { attempts: 1 } },
    },
    keys: [
      { name: 'everything', value: KEY },
      { name: 'narrow', value: NARROW_KEY, models: ['thoughtful'] },
    ],
  },
  { strict: true },
);
const { openai, anthropic, gateway } = setup;
const clientWith = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 10_000 });
const client = clientWith(KEY);
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const question: OpenAI.ChatCompletionMessageParam[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi, how is the weather?' },
];
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const upstreams = [
  { name: 'an OpenAI upstream', model: 'smart', target: 'gpt-4o', fake: openai },
  { name: 'an Anthropic upstream', model: 'thoughtful', target: 'claude-sonnet-4-5', fake: anthropic },
];

describe.each(upstreams)('the OpenAI SDK before $name', ({ model, target, fake }) => {
  it('gets a whole answer with usage', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } } });
    const { data, response, request_id } = await client.chat.completions
      .create({ model, messages: question, temperature: 0.5, max_completion_tokens: 50, stop: ['END'] })
      .withResponse();
    expect(data.object).toBe('chat.completion');
    expect(data.choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Sunny. ☀️ 22 °C' },
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 7, total_tokens: 127 });
    expect(data.usage?.prompt_tokens_details?.cached_tokens).toBe(100);
    expect(request_id).toBeTruthy();
    expect(response.headers.get('x-headgate-request-id')).toBeTruthy();
    expect(response.headers.get('x-headgate-attempts')).toBe('1');
    expect(fake.received[0]?.json()).toMatchObject({ model: target, temperature: 0.5 });
    expect(JSON.stringify(fake.received[0]?.json())).toContain('Be brief.');
  });

  it('streams an answer, with usage at the end when it asked for it', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } } });
    const stream = await client.chat.completions.create({
      model,
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const ids = new Set<string>();
    const finishes: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      ids.add(chunk.id);
      text += chunk.choices[0]?.delta.content ?? '';
      const finish = chunk.choices[0]?.finish_reason;
      if (finish) finishes.push(finish);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('Sunny. ☀️ 22 °C');
    expect(ids.size).toBe(1);
    expect(finishes).toEqual(['stop']);
    expect(usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 7 });
  });

  it('says that the cap on tokens was reached', async () => {
    fake.next({ answer: { text: 'It was a', finish: fake === openai ? 'length' : 'max_tokens' } });
    const completion = await client.chat.completions.create({
      model,
      messages: question,
      max_completion_tokens: 3,
    });
    expect(completion.choices[0]?.finish_reason).toBe('length');
  });

  it.each([false, true])('is told to call a tool (streamed: %s)', async (streamed) => {
    fake.next({ answer: { toolCalls: [{ id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' }] } });
    const ask = { model, messages: question, tools: [weather], tool_choice: 'required' as const };
    const completion = streamed
      ? await client.chat.completions.stream(ask).finalChatCompletion()
      : await client.chat.completions.create(ask);
    const choice = completion.choices[0];
    expect(choice?.finish_reason).toBe('tool_calls');
    const call = choice?.message.tool_calls?.[0];
    expect(call).toMatchObject({ id: 'id_1', type: 'function', function: { name: 'weather' } });
    expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toEqual({ city: 'Zürich' });
    const sent = fake.received[0]?.json();
    expect(listOf(sent?.['tools'])).toHaveLength(1);
    expect(sent?.['tool_choice']).toEqual(fake === openai ? 'required' : { type: 'any' });
  });

  it.each([false, true])(
    'is told to call tools side by side after some text (streamed: %s)',
    async (streamed) => {
      const toolCalls = [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'weather', arguments: '{"city":"Lima","unit":"°C"}' },
      ];
      fake.next({ answer: { text: 'Let me look.', toolCalls } });
      const ask = { model, messages: question, tools: [weather] };
      const completion = streamed
        ? await client.chat.completions.stream(ask).finalChatCompletion()
        : await client.chat.completions.create(ask);
      const message = completion.choices[0]?.message;
      expect(message?.content).toBe('Let me look.');
      expect(message?.tool_calls?.map((call) => call.id)).toEqual(['id_a', 'id_b']);
      expect(
        message?.tool_calls?.map((call) =>
          JSON.parse(call.type === 'function' ? call.function.arguments : ''),
        ),
      ).toEqual([{ city: 'Bern' }, { city: 'Lima', unit: '°C' }]);
    },
  );

  it('sends the results of tools back', async () => {
    const call = (id: string, city: string) => ({
      id,
      type: 'function' as const,
      function: { name: 'weather', arguments: JSON.stringify({ city }) },
    });
    const completion = await client.chat.completions.create({
      model,
      tools: [weather],
      messages: [
        ...question,
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [call('id_a', 'Bern'), call('id_b', 'Lima')],
        },
        { role: 'tool', tool_call_id: 'id_a', content: 'rain' },
        { role: 'tool', tool_call_id: 'id_b', content: [{ type: 'text', text: 'fog' }] },
        { role: 'user', content: 'And which is nicer?' },
      ],
    });
    // The fakes refuse turns in which a call stays unanswered or the order is wrong.
    expect(completion.choices[0]?.message.content).toContain('Hello from the fake');
    const sent = fake.received[0]?.body.toString() ?? '';
    for (const part of ['id_a', 'id_b', 'rain', 'fog', 'And which is nicer?']) expect(sent).toContain(part);
  });

  it('shows pictures, inside the request and by address', async () => {
    await client.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}`, detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
          ],
        },
      ],
    });
    const sent = fake.received[0]?.body.toString() ?? '';
    expect(sent).toContain(pixel);
    expect(sent).toContain('https://example.com/cat.png');
    if (fake === anthropic) expect(sent).not.toContain('data:image');
  });

  it('gets an object that fits its JSON schema', async () => {
    const City = z.object({ city: z.string(), degrees: z.number() });
    fake.next({ answer: { text: '{"city":"Bern","degrees":22}' } });
    const completion = await client.chat.completions.parse({
      model,
      messages: question,
      response_format: zodResponseFormat(City, 'city_weather'),
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Bern', degrees: 22 });
    const sent = fake.received[0]?.json();
    const where = fake === openai ? sent?.['response_format'] : sent?.['output_config'];
    expect(JSON.stringify(where)).toContain('"degrees"');
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('gets the provider’s %i as the class it knows, with a request id', async (status, kind) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const error: unknown = await client.chat.completions
        .create({ model, messages: question, stream })
        .catch((e) => e);
      expect(error).toBeInstanceOf(kind);
      if (!(error instanceof OpenAI.APIError)) continue;
      expect(error.requestID).toBeTruthy();
      expect(isObject(error.error) && typeof error.error['message']).toBe('string');
    }
  });

  it('stops the upstream when it aborts in the middle of a stream', async () => {
    fake.next({ hangAfter: 4 });
    const stream = await client.chat.completions.create({ model, messages: question, stream: true });
    const request = await fake.request();
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk');
      break;
    }
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });
});

describe('the OpenAI SDK', () => {
  it('gets embeddings as floats and as base64', async () => {
    const input = ['first', 'second'];
    const asked = await client.embeddings.create({ model: 'openai/text-embedding-3-small', input });
    expect(asked.data.map((each) => each.embedding)).toEqual(input.map(fakeVector));
    const floats = await client.embeddings.create({
      model: 'openai/text-embedding-3-small',
      input,
      encoding_format: 'float',
    });
    expect(floats.data.map((each) => each.embedding)).toEqual(input.map(fakeVector));
    expect(openai.received.map((each) => each.json()['encoding_format'])).toEqual(['base64', 'float']);
    expect(openai.received[0]?.json()['model']).toBe('text-embedding-3-small');
  });

  it('is told that Anthropic has no embeddings', async () => {
    await expect(client.embeddings.create({ model: 'thoughtful', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'operation_unsupported',
    });
    expect(anthropic.received).toHaveLength(0);
  });

  it('uses legacy completions, streamed and not', async () => {
    openai.always({ answer: { text: 'Once upon a time' } });
    const whole = await client.completions.create({ model: 'openai/gpt-3.5-turbo-instruct', prompt: 'Tell' });
    expect(whole.choices[0]?.text).toBe('Once upon a time');
    let text = '';
    const ask = { model: 'openai/gpt-3.5-turbo-instruct', prompt: 'Tell', stream: true as const };
    for await (const chunk of await client.completions.create(ask)) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe('Once upon a time');
  });

  it('lists the models its key may use', async () => {
    const idsFor = async (key: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const model of clientWith(key).models.list()) {
        expect(model.object).toBe('model');
        found.push(model.id);
      }
      return found;
    };
    const all = await idsFor(KEY);
    expect(all).toContain('smart');
    expect(all).toContain('thoughtful');
    const few = await idsFor(NARROW_KEY);
    expect(few).toContain('thoughtful');
    expect(few).not.toContain('smart');
  });

  it('gets the gateway’s own errors as the classes it knows, with a request id', async () => {
    const ask = (key: string, model: string) =>
      clientWith(key)
        .chat.completions.create({ model, messages: question })
        .catch((error: unknown) => error);
    const unknownKey = await ask('hg-nobody-0123456789', 'smart');
    expect(unknownKey).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(unknownKey).toMatchObject({ code: 'key_unknown', requestID: expect.stringMatching(/.+/) });
    const forbidden = await ask(NARROW_KEY, 'smart');
    expect(forbidden).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(forbidden).toMatchObject({ code: 'model_not_allowed', requestID: expect.stringMatching(/.+/) });
    const unknownModel = await ask(KEY, 'smrat');
    expect(unknownModel).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknownModel).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it('is not told which of its keys the provider refused', async () => {
    openai.always({ status: 401 });
    const error: unknown = await client.chat.completions
      .create({ model: 'smart', messages: question })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).not.toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ code: 'provider_refused_key' });
    expect(String(error)).not.toContain('sk-fake');
  });
});
