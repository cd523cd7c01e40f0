import { type Message, Ollama, type Tool } from 'ollama';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startOllama } from '../fakes/ollama.js';
import { degreesSchema, KEY, pixel, startBesideOpenAi } from './beside-openai.js';
import { post } from './http-client.js';
import { describeKnownClients } from './known-clients.js';
import { usageOf } from './metered.js';
import { settledById } from './settled.js';

const setup = await startBesideOpenAi({
  start: startOllama,
  provider: 'ollama',
  target: 'llama3.2',
  config: (fake) => ({ base_url: fake.url, formats: { 'ollama-chat': '/api/chat' } }),
  more: (fake) => ({
    providers: {
      generator: { extends: 'ollama', base_url: fake.url, formats: { 'ollama-generate': '/api/generate' } },
    },
    models: { prompted: 'generator/llama3.2' },
  }),
});
const { gateway, native, openai, upstreams } = setup;
const clientAt = (host: string, key = KEY): Ollama =>
  new Ollama({ host, headers: { Authorization: `Bearer ${key}` } });
const client = clientAt(gateway.url);

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const messages: Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi, how is the weather?' },
];
const tools: Tool[] = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'The weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, output: 7 } };
const call = { id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' };

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

describe.each(upstreams)('the Ollama SDK before $name', ({ model, fake }) => {
  it('gets a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const answer = await client.chat({ model, messages, options: { temperature: 0.5, num_predict: 50 } });
    expect(answer.message).toMatchObject({ role: 'assistant', content: sunny.text });
    expect(answer).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 120, eval_count: 7 });
    const sent = fake.received[0]?.json();
    expect(sent?.['model']).toBe(fake === native ? 'llama3.2' : 'gpt-4o');
    expect(fake === native ? sent?.['options'] : sent).toMatchObject({ temperature: 0.5 });
    expect(JSON.stringify(fake.received[0]?.rawHeaders)).not.toContain(KEY);
  });

  it('streams an answer cut at every few bytes', async () => {
    fake.next({ answer: sunny, pieceBytes: 7 });
    const parts = await all(await client.chat({ model, messages, stream: true }));
    expect(parts.map((part) => part.message.content).join('')).toBe(sunny.text);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.slice(0, -1).every((part) => !part.done)).toBe(true);
    expect(parts.at(-1)).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 120 });
    expect(parts.at(-1)?.eval_count).toBe(7);
  });

  it.each([false, true])('calls a tool and sends its result (streamed: %s)', async (streamed) => {
    fake.next({ answer: { toolCalls: [call] } }, { answer: sunny });
    const asked = { model, messages, tools };
    const parts = streamed
      ? await all(await client.chat({ ...asked, stream: true }))
      : [await client.chat(asked)];
    const calls = parts.flatMap((part) => part.message.tool_calls ?? []);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.function).toMatchObject({ name: 'weather', arguments: { city: 'Zürich' } });
    const second = await client.chat({
      ...asked,
      messages: [
        ...messages,
        { role: 'assistant', content: '', tool_calls: calls },
        { role: 'tool', tool_name: 'weather', content: 'rain' },
      ],
    });
    expect(second.message.content).toBe(sunny.text);
    expect(fake.received[1]?.body.toString()).toContain('rain');
  });

  it('shows a picture', async () => {
    const image = Buffer.from(pixel, 'base64');
    await client.chat({ model, messages: [{ role: 'user', content: 'What is this?', images: [image] }] });
    const sent = fake.received[0]?.body.toString() ?? '';
    expect(sent).toContain(fake === native ? `"${pixel}"` : `data:image/png;base64,${pixel}`);
  });

  it('gets an object that fits its JSON schema', async () => {
    fake.next({ answer: { text: '{"degrees":22}' } });
    const answer = await client.chat({ model, messages, format: degreesSchema });
    expect(answer.message.content).toBe('{"degrees":22}');
    const where = fake === native ? 'format' : 'response_format';
    expect(JSON.stringify(fake.received[0]?.json()[where])).toContain('"degrees"');
  });

  it.each([400, 404, 429, 503])('gets the provider’s %i as its own error', async (status) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const asked = stream ? client.chat({ model, messages, stream }) : client.chat({ model, messages });
      const error: unknown = await asked.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'ResponseError', status_code: status });
      expect((error as Error).message).toMatch(/.+/);
      expect((error as Error).message).not.toMatch(/^Error \d/);
    }
  });

  it.each([
    ['dies', { cutAfterEvents: 3 }],
    ['dies inside a line', { cutAfterBytes: 1_001 }],
    ['reports an error', { errorAfterEvents: 3 }],
  ])('throws what the last line says when the stream %s', async (_how, behaviour) => {
    fake.next({ answer: { text: 'x'.repeat(200) }, ...behaviour });
    const error: unknown = await client
      .chat({ model, messages, stream: true })
      .then(all)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    // What the client says when a stream just stops.
    expect((error as Error).message).not.toContain('Did not receive done');
  });

  it('stops the upstream when it aborts', async () => {
    fake.next({ hangAfter: 3 });
    const stream = await client.chat({ model, messages, stream: true });
    const request = await fake.request();
    stream.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });

  it('has its stream metered', async () => {
    fake.next({ answer: sunny, pieceBytes: 11 });
    const customer = `ollama-${model}`;
    const answer = await post(
      gateway,
      '/ollama/api/chat',
      // Without `stream`: here that means a stream.
      { model, messages: [{ role: 'user', content: 'Hi' }] },
      { authorization: `Bearer ${KEY}`, 'x-headgate-metadata': `customer=${customer}` },
    );
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(answer.headers.get('x-headgate-provider')).toBe(fake === native ? 'ollama' : 'openai');
    const lines = answer.text.split('\n');
    expect(lines.pop()).toBe('');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ done: true });
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'ok', input_tokens: 120, output_tokens: 7, stream: true });
    expect(JSON.stringify(await usageOf(gateway, customer, 1))).toContain('120');
  });
});

describe.each([
  { name: 'its own upstream', model: 'prompted', fake: native },
  { name: 'an upstream of chats', model: 'native', fake: native },
  { name: 'an OpenAI upstream', model: 'chat', fake: openai },
])('a prompt of the Ollama SDK before $name', ({ model, fake }) => {
  const asked = { model, system: 'Be brief.', prompt: 'How is the weather?' };

  it('gets a whole answer and a streamed one', async () => {
    fake.always({ answer: sunny });
    const whole = await client.generate(asked);
    expect(whole).toMatchObject({ response: sunny.text, done: true, prompt_eval_count: 120, eval_count: 7 });
    const parts = await all(await client.generate({ ...asked, stream: true }));
    expect(parts.map((part) => part.response).join('')).toBe(sunny.text);
    expect(parts.at(-1)).toMatchObject({ done: true, prompt_eval_count: 120, eval_count: 7 });
    expect(fake.received[0]?.body.toString()).toContain('Be brief.');
  });

  it('shows a picture', async () => {
    await client.generate({ ...asked, images: [pixel] });
    expect(fake.received[0]?.body.toString()).toContain(pixel);
  });

  it('throws what the provider says', async () => {
    fake.always({ status: 429 });
    await expect(client.generate(asked)).rejects.toMatchObject({ name: 'ResponseError', status_code: 429 });
  });
});

describe('the Ollama SDK', () => {
  it('throws when the stream falls silent', async () => {
    native.next({ hangAfter: 3 });
    const error: unknown = await client
      .chat({ model: 'hasty', messages, stream: true })
      .then(all)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toContain('Did not receive done');
    await expect((await native.request()).gone).resolves.toBeGreaterThan(0);
  });

  it('gets its stream from OpenAI when Ollama fails', async () => {
    native.next({ status: 503 });
    openai.next({ answer: sunny });
    const parts = await all(await client.chat({ model: 'either', messages, stream: true }));
    expect(parts.map((part) => part.message.content).join('')).toBe(sunny.text);
    expect([native.received.length, openai.received.length]).toEqual([1, 1]);
  });

  it('lists models', async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining(['native', 'chat']));
  });

  it('gets thinking apart from the answer', async () => {
    native.always({ answer: { thinking: 'Hmm…', text: 'Sunny.' } });
    const asked = { model: 'native', messages, think: true };
    expect((await client.chat(asked)).message).toMatchObject({ thinking: 'Hmm…', content: 'Sunny.' });
    const parts = await all(await client.chat({ ...asked, stream: true }));
    expect(parts.map((part) => part.message.thinking ?? '').join('')).toBe('Hmm…');
    expect(native.received[0]?.json()['think']).toBe(true);
  });

  it('gets the gateway’s own errors as its own', async () => {
    const asked = clientAt(gateway.url, 'hg-nobody-0123456789').chat({ model: 'native', messages });
    await expect(asked).rejects.toMatchObject({ name: 'ResponseError', status_code: 401 });
    expect(native.received.length + openai.received.length).toBe(0);
  });

  it('keeps members that only Ollama knows, under its own prefix too', async () => {
    await clientAt(`${gateway.url}/ollama`).chat({
      model: 'native',
      messages,
      keep_alive: '5m',
      options: { mirostat: 1 },
    });
    expect(native.received[0]?.json()).toMatchObject({ keep_alive: '5m', options: { mirostat: 1 } });
  });
});

describeKnownClients(setup, 'an Ollama upstream');
