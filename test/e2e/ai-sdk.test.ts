import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeVector } from '../fakes/openai-embeddings.js';
import { startTwoProviders } from './two-providers.js';

const KEY = 'hg-test-key-0123456789';
const setup = await startTwoProviders(
  {
    models: {
      smart: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
      thoughtful: { targets: ['anthropic/claude-sonnet-4-6'], retries: { attempts: 1 } },
    },
    keys: [{ name: 'everything', value: KEY }],
  },
  { strict: true },
);
const { openai, anthropic, gateway } = setup;
const compatible = createOpenAICompatible({
  name: 'headgate',
  baseURL: `${gateway.url}/v1`,
  apiKey: KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const native = createAnthropic({ baseURL: `${gateway.url}/v1`, apiKey: KEY });
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const ways = [
  { client: 'openai-compatible', upstream: 'OpenAI', model: compatible('smart'), fake: openai },
  { client: 'openai-compatible', upstream: 'Anthropic', model: compatible('thoughtful'), fake: anthropic },
  { client: 'anthropic', upstream: 'Anthropic', model: native('thoughtful'), fake: anthropic },
  { client: 'anthropic', upstream: 'OpenAI', model: native('smart'), fake: openai },
];

describe.each(ways)('the AI SDK ($client) before $upstream', ({ model, fake }) => {
  const common = { model, maxRetries: 0, maxOutputTokens: 300 };

  it('gets a text with usage', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️', usage: { input: 33, output: 4 } } });
    const { text, finishReason, usage } = await generateText({
      ...common,
      system: 'Be brief.',
      prompt: 'Hi',
    });
    expect(text).toBe('Sunny. ☀️');
    expect(finishReason).toBe('stop');
    expect(usage).toMatchObject({ inputTokens: 33, outputTokens: 4 });
  });

  it('streams a text with usage', async () => {
    fake.next({ answer: { text: 'Sunny. ☀️ All day long.', usage: { input: 33, output: 4 } } });
    const result = streamText({ ...common, prompt: 'Hi' });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.join('')).toBe('Sunny. ☀️ All day long.');
    expect(pieces.length).toBeGreaterThan(1);
    expect(await result.usage).toMatchObject({ inputTokens: 33, outputTokens: 4 });
    expect(await result.finishReason).toBe('stop');
  });

  it.each([false, true])(
    'runs tools side by side and goes on with their results (streamed: %s)',
    async (streamed) => {
      const toolCalls = [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'weather', arguments: '{"city":"Lima"}' },
      ];
      fake.next({ answer: { toolCalls } }, { answer: { text: 'Rain and fog.' } });
      const weather = tool({
        description: 'The weather of a city',
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => ({ city, sky: city === 'Bern' ? 'rain' : 'fog' }),
      });
      const options = { ...common, prompt: 'Weather?', tools: { weather }, stopWhen: stepCountIs(3) };
      let text: string;
      if (streamed) {
        const result = streamText(options);
        await result.consumeStream();
        text = await result.text;
      } else {
        text = (await generateText(options)).text;
      }
      expect(text).toBe('Rain and fog.');
      expect(fake.received).toHaveLength(2);
      const second = fake.received[1]?.body.toString() ?? '';
      for (const part of ['id_a', 'id_b', 'rain', 'fog']) expect(second).toContain(part);
    },
  );

  it('gets an object that fits its schema', async () => {
    fake.next({ answer: { text: '{"degrees":22}' } });
    // Clients that force a tool for this get their object from the call.
    const { output } = await generateText({
      ...common,
      prompt: 'Weather?',
      output: Output.object({ schema: z.object({ degrees: z.number() }) }),
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; sent: ${fake.received[0]?.body.toString()}`);
    });
    expect(output).toEqual({ degrees: 22 });
    expect(fake.received[0]?.body.toString()).toContain('"degrees"');
  });

  it('shows a picture', async () => {
    const image = { type: 'image' as const, image: Buffer.from(pixel, 'base64'), mediaType: 'image/png' };
    await generateText({
      ...common,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }],
    });
    expect(fake.received[0]?.body.toString()).toContain(pixel);
  });

  it('gets the provider’s errors with their status', async () => {
    fake.always({ status: 429 });
    const error: unknown = await generateText({ ...common, prompt: 'Hi' }).catch((reason: unknown) => reason);
    expect(APICallError.isInstance(error) && error.statusCode).toBe(429);
  });

  it('stops the upstream when it aborts in the middle of a stream', async () => {
    fake.next({ hangAfter: 5 });
    const aborter = new AbortController();
    const result = streamText({
      ...common,
      prompt: 'Hi',
      abortSignal: aborter.signal,
      onError: () => undefined,
    });
    const request = await fake.request();
    for await (const part of result.fullStream) if (part.type === 'text-delta') aborter.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });

  it('is told when the provider fails in the middle of a stream', async () => {
    fake.next({ errorAfterEvents: 5 });
    const errors: unknown[] = [];
    const result = streamText({ ...common, prompt: 'Hi', onError: ({ error }) => void errors.push(error) });
    await result.consumeStream();
    expect(errors).toHaveLength(1);
  });
});

describe('the AI SDK', () => {
  it('gets embeddings', async () => {
    const { embeddings } = await embedMany({
      model: compatible.embeddingModel('openai/text-embedding-3-small'),
      values: ['first', 'second'],
      maxRetries: 0,
    });
    expect(embeddings).toEqual([fakeVector('first'), fakeVector('second')]);
  });
});
