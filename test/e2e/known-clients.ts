import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { isObject } from '../fakes/json-value.js';
import { type BesideOpenAi, KEY, pixel, weatherSchema } from './beside-openai.js';

const question = 'Hi, how is the weather?';
const answer = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, output: 7 } };
const call = { id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' };

/** What the clients of OpenAI and Anthropic must get from the provider behind the model `native`. */
export function describeKnownClients(setup: BesideOpenAi, upstream: string): void {
  const { gateway, native } = setup;
  const options = { apiKey: KEY, maxRetries: 0, timeout: 10_000 };
  const openai = new OpenAI({ ...options, baseURL: `${gateway.url}/v1` });
  const anthropic = new Anthropic({ ...options, authToken: null, baseURL: gateway.url });

  describe(`the OpenAI SDK before ${upstream}`, () => {
    const params = {
      model: 'native',
      max_tokens: 100,
      messages: [
        { role: 'system' as const, content: 'Be brief.' },
        { role: 'user' as const, content: question },
      ],
    };
    const weather = {
      type: 'function' as const,
      function: { name: 'weather', description: 'The weather of a city', parameters: weatherSchema },
    };

    it('gets a whole answer and a streamed one, with usage', async () => {
      native.always({ answer });
      const whole = await openai.chat.completions.create(params);
      const streamed = await openai.chat.completions
        .stream({ ...params, stream_options: { include_usage: true } })
        .finalChatCompletion();
      for (const completion of [whole, streamed]) {
        expect(completion.choices[0]).toMatchObject({
          finish_reason: 'stop',
          message: { content: answer.text },
        });
        expect(completion.usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 7 });
      }
      expect(native.received[0]?.body.toString()).toContain('Be brief.');
    });

    it.each([false, true])('runs a tool (streamed: %s)', async (stream) => {
      native.next({ answer: { toolCalls: [call] } }, { answer });
      const asked = { ...params, tools: [weather] };
      const first = stream
        ? await openai.chat.completions.stream(asked).finalChatCompletion()
        : await openai.chat.completions.create(asked);
      expect(first.choices[0]?.finish_reason).toBe('tool_calls');
      const message = first.choices[0]?.message;
      const made = message?.tool_calls?.[0];
      if (message === undefined || made?.type !== 'function') throw new Error('no call was made');
      expect(made.function.name).toBe('weather');
      expect(JSON.parse(made.function.arguments)).toEqual({ city: 'Zürich' });
      const second = await openai.chat.completions.create({
        ...asked,
        messages: [...params.messages, message, { role: 'tool', tool_call_id: made.id, content: 'rain' }],
      });
      expect(second.choices[0]?.message.content).toBe(answer.text);
      // The fakes refuse turns in which a call stays unanswered.
      expect(native.received[1]?.body.toString()).toContain('rain');
    });

    it('shows a picture', async () => {
      const content = [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${pixel}` } },
      ];
      await openai.chat.completions.create({ ...params, messages: [{ role: 'user', content }] });
      expect(native.received[0]?.body.toString()).toContain(pixel);
    });

    it('gets errors as the classes it knows', async () => {
      native.always({ status: 429 });
      for (const stream of [false, true])
        await expect(openai.chat.completions.create({ ...params, stream })).rejects.toBeInstanceOf(
          OpenAI.RateLimitError,
        );
    });

    it.each([
      ['dies', { cutAfterEvents: 3 }],
      ['reports an error', { errorAfterEvents: 3 }],
    ])('throws when the stream %s', async (_how, behaviour) => {
      native.next({ answer, ...behaviour });
      const stream = openai.chat.completions.stream(params);
      await expect(stream.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError);
    });

    it('stops the upstream when it aborts', async () => {
      native.next({ answer, hangAfter: 3 });
      const stream = await openai.chat.completions.create({ ...params, stream: true });
      const request = await native.request();
      stream.controller.abort();
      await expect(request.gone).resolves.toBeGreaterThan(0);
    });
  });

  describe(`the Anthropic SDK before ${upstream}`, () => {
    const params = {
      model: 'native',
      max_tokens: 100,
      system: 'Be brief.',
      messages: [{ role: 'user' as const, content: question }],
    };
    const tools: Anthropic.Tool[] = [
      { name: 'weather', input_schema: { ...weatherSchema, type: 'object' as const } },
    ];

    it('gets a whole message and a streamed one, with usage', async () => {
      native.always({ answer });
      const whole = await anthropic.messages.create(params);
      const streamed = await anthropic.messages.stream(params).finalMessage();
      for (const message of [whole, streamed]) {
        expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: answer.text })]);
        expect(message.stop_reason).toBe('end_turn');
        expect(message.usage).toMatchObject({ input_tokens: 120, output_tokens: 7 });
      }
    });

    it.each([false, true])('runs a tool (streamed: %s)', async (stream) => {
      native.next({ answer: { toolCalls: [call] } }, { answer });
      const asked = { ...params, tools };
      const first = stream
        ? await anthropic.messages.stream(asked).finalMessage()
        : await anthropic.messages.create(asked);
      expect(first.stop_reason).toBe('tool_use');
      const made = first.content.find((block) => block.type === 'tool_use');
      expect(made).toMatchObject({ name: 'weather', input: { city: 'Zürich' } });
      const result = { type: 'tool_result' as const, tool_use_id: made?.id ?? '', content: 'rain' };
      const second = await anthropic.messages.create({
        ...asked,
        messages: [
          ...params.messages,
          { role: 'assistant', content: first.content },
          { role: 'user', content: [result] },
        ],
      });
      expect(second.content[0]).toMatchObject({ type: 'text', text: answer.text });
      expect(native.received[1]?.body.toString()).toContain('rain');
    });

    it('gets errors as the classes it knows', async () => {
      native.always({ status: 429 });
      for (const stream of [false, true]) {
        const error: unknown = await anthropic.messages
          .create({ ...params, stream })
          .catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Anthropic.RateLimitError);
        if (error instanceof Anthropic.APIError) expect(isObject(error.error)).toBe(true);
      }
    });

    it('throws when the stream dies', async () => {
      native.next({ answer, cutAfterEvents: 3 });
      await expect(anthropic.messages.stream(params).finalMessage()).rejects.toBeInstanceOf(
        Anthropic.APIError,
      );
    });
  });
}
