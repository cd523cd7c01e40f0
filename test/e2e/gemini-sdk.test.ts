import { ApiError, FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel, Type } from '@google/genai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, listOf } from '../fakes/json-value.js';
import { KEY, startEveryUpstream } from './every-upstream.js';

const setup = await startEveryUpstream();
const { gateway, gemini, chat, messages } = setup;
const clientWith = (apiKey: string): GoogleGenAI =>
  new GoogleGenAI({ apiKey, vertexai: false, httpOptions: { baseUrl: gateway.url, timeout: 10_000 } });
const client = clientWith(KEY);
const weather = {
  name: 'weather',
  description: 'The weather of a city',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
};
const tools = [{ functionDeclarations: [weather] }];
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } };
const counts = {
  promptTokenCount: 120,
  candidatesTokenCount: 7,
  totalTokenCount: 127,
  cachedContentTokenCount: 100,
};

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const streamOf = async (
  client: GoogleGenAI,
  ask: Parameters<GoogleGenAI['models']['generateContent']>[0],
) => {
  const chunks = [];
  for await (const chunk of await client.models.generateContentStream(ask)) chunks.push(chunk);
  return chunks;
};

describe.each([gemini, chat, messages])('the Google Gen AI SDK before $name', ({ model, target, fake }) => {
  const contents = 'Hi, how is the weather?';

  it('gets a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const answer = await client.models.generateContent({
      model,
      contents,
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        maxOutputTokens: 50,
        stopSequences: ['END'],
      },
    });
    expect(answer.text).toBe('Sunny. ☀️ 22 °C');
    expect(answer.candidates).toHaveLength(1);
    expect(answer.candidates?.[0]).toMatchObject({ finishReason: 'STOP', content: { role: 'model' } });
    expect(answer.usageMetadata).toMatchObject(counts);
    expect(answer.responseId).toBeTruthy();
    expect(answer.modelVersion).toBe(target);
    const headers = answer.sdkHttpResponse?.headers ?? {};
    expect(headers['x-headgate-request-id']).toBeTruthy();
    expect(headers['x-headgate-attempts']).toBe('1');
    expect(Number(headers['x-headgate-cost-usd'])).toBeGreaterThan(0);
    const sent = fake.received[0];
    expect(sent?.body.toString()).toContain('Be brief.');
    expect(sent?.body.toString()).toContain('END');
    if (fake === gemini.fake) expect(sent?.url).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
    else expect(sent?.json()).toMatchObject({ model: target, temperature: 0.5 });
    expect(JSON.stringify(sent?.headers)).not.toContain(KEY);
  });

  it('streams an answer, with usage at the end', async () => {
    fake.next({ answer: sunny });
    const chunks = await streamOf(client, { model, contents });
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe('Sunny. ☀️ 22 °C');
    expect(new Set(chunks.map((chunk) => chunk.responseId)).size).toBe(1);
    const finishes = chunks.flatMap((chunk) => chunk.candidates?.[0]?.finishReason ?? []);
    expect(finishes).toEqual(['STOP']);
    expect(chunks.at(-1)?.usageMetadata).toMatchObject(counts);
  });

  it('streams the same whatever the pieces that the upstream sends', async () => {
    fake.next({ answer: sunny, pieceBytes: 5 });
    const chunks = await streamOf(client, { model, contents });
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe('Sunny. ☀️ 22 °C');
  });

  it('says that the cap on tokens was reached', async () => {
    const finish = { 'by-gemini': 'MAX_TOKENS', 'by-chat': 'length' }[model] ?? 'max_tokens';
    fake.next({ answer: { text: 'It was a', finish } });
    const answer = await client.models.generateContent({ model, contents, config: { maxOutputTokens: 3 } });
    expect(answer.candidates?.[0]?.finishReason).toBe('MAX_TOKENS');
  });

  it.each([false, true])(
    'is told to call tools side by side after some text (streamed: %s)',
    async (streamed) => {
      const toolCalls = [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'weather', arguments: '{"city":"Zürich","unit":"°C"}' },
      ];
      fake.next({ answer: { text: 'Let me look.', toolCalls } });
      const ask = {
        model,
        contents,
        config: { tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } },
      };
      const answers = streamed ? await streamOf(client, ask) : [await client.models.generateContent(ask)];
      const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
      expect(parts.map((part) => part.text ?? '').join('')).toBe('Let me look.');
      expect(parts.flatMap((part) => part.functionCall ?? [])).toMatchObject([
        { name: 'weather', args: { city: 'Bern' } },
        { name: 'weather', args: { city: 'Zürich', unit: '°C' } },
      ]);
      expect(answers.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
      const sent = fake.received[0]?.json();
      expect(listOf(sent?.['tools'])).toHaveLength(1);
      const choices = { 'by-gemini': undefined, 'by-chat': 'required' } as Record<string, unknown>;
      expect(sent?.['tool_choice']).toEqual(model in choices ? choices[model] : { type: 'any' });
    },
  );

  it('sends the results of tools back, with ids and without', async () => {
    for (const ids of [
      [{ id: 'id_a' }, { id: 'id_b' }],
      [{}, {}],
    ]) {
      fake.reset();
      const answer = await client.models.generateContent({
        model,
        config: { tools },
        contents: [
          { role: 'user', parts: [{ text: 'How is the weather?' }] },
          {
            role: 'model',
            parts: [
              { text: 'Let me look.' },
              { functionCall: { ...ids[0], name: 'weather', args: { city: 'Bern' } } },
              { functionCall: { ...ids[1], name: 'weather', args: { city: 'Lima' } } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { ...ids[0], name: 'weather', response: { output: 'rain' } } },
              { functionResponse: { ...ids[1], name: 'weather', response: { sky: 'fog' } } },
            ],
          },
          { role: 'model', parts: [{ text: 'Rain and fog.' }] },
          { role: 'user', parts: [{ text: 'And which is nicer?' }] },
        ],
      });
      // The fakes refuse turns in which a call stays unanswered or the order is wrong.
      expect(answer.text).toContain('Hello from the fake');
      const sent = fake.received[0]?.body.toString() ?? '';
      for (const part of ['Bern', 'Lima', 'rain', 'fog', 'And which is nicer?']) expect(sent).toContain(part);
    }
  });

  it('shows a picture', async () => {
    await client.models.generateContent({
      model,
      contents: [
        {
          role: 'user',
          parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: pixel } }],
        },
      ],
    });
    const sent = fake.received[0]?.body.toString() ?? '';
    expect(sent).toContain(pixel);
    expect(sent.includes('data:image/png;base64,')).toBe(fake === chat.fake);
  });

  it.each(['responseSchema', 'responseJsonSchema'])('gets an object that fits its %s', async (field) => {
    const upper = field === 'responseSchema';
    const schema = {
      type: upper ? Type.OBJECT : 'object',
      properties: {
        city: { type: upper ? Type.STRING : 'string' },
        degrees: { type: upper ? Type.NUMBER : 'number' },
      },
      required: ['city', 'degrees'],
    };
    fake.next({ answer: { text: '{"city":"Bern","degrees":22}' } });
    const answer = await client.models.generateContent({
      model,
      contents,
      config: { responseMimeType: 'application/json', [field]: schema },
    });
    expect(JSON.parse(answer.text ?? '')).toEqual({ city: 'Bern', degrees: 22 });
    const sent = fake.received[0]?.json() ?? {};
    const where = { 'by-gemini': 'generationConfig', 'by-chat': 'response_format' }[model] ?? 'output_config';
    expect(JSON.stringify(sent[where])).toContain('"degrees"');
  });

  it('asks to think, and gets the thoughts apart from the answer', async () => {
    fake.always({
      answer: { thinking: 'Look outside.', text: 'Sunny.', usage: { output: 9, reasoning: 4 } },
    });
    const ask = {
      model,
      contents,
      config: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } },
    };
    for (const answers of [[await client.models.generateContent(ask)], await streamOf(client, ask)]) {
      const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
      const said = (thought: boolean) =>
        parts.flatMap((part) => ((part.thought === true) === thought ? (part.text ?? []) : [])).join('');
      expect(said(true)).toBe('Look outside.');
      expect(said(false)).toBe('Sunny.');
      if (fake !== messages.fake) {
        expect(answers.at(-1)?.usageMetadata).toMatchObject({
          thoughtsTokenCount: 4,
          candidatesTokenCount: 5,
        });
      }
    }
  });

  it.each([400, 404, 429, 500, 503])(
    'gets the provider’s %i as its error class, with Google’s words',
    async (status) => {
      fake.always({ status });
      const word = {
        400: 'INVALID_ARGUMENT',
        404: 'NOT_FOUND',
        429: 'RESOURCE_EXHAUSTED',
        503: 'UNAVAILABLE',
      }[status];
      for (const ask of [client.models.generateContent, client.models.generateContentStream]) {
        const error: unknown = await ask({ model, contents }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ApiError);
        if (!(error instanceof ApiError)) continue;
        expect(error.status).toBe(status);
        const body: unknown = JSON.parse(error.message);
        const inner = isObject(body) && isObject(body['error']) ? body['error'] : {};
        expect(inner).toMatchObject({ code: status, message: expect.stringMatching(/./) });
        expect(inner['status']).toBe(word ?? 'INTERNAL');
      }
    },
  );

  it('throws when the stream breaks off with an error of the provider', async () => {
    fake.next({ errorAfterEvents: 4, answer: { text: 'A long answer that is never told to its end.' } });
    await expect(streamOf(client, { model, contents })).rejects.toThrow(ApiError);
  });

  it('stops the upstream when it aborts in the middle of a stream', async () => {
    fake.next({ hangAfter: 5, answer: { text: 'A long answer that is never told to its end.' } });
    const abort = new AbortController();
    const stream = await client.models.generateContentStream({
      model,
      contents,
      config: { abortSignal: abort.signal },
    });
    const request = await fake.request();
    await stream.next();
    abort.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });
});

describe('the Google Gen AI SDK', () => {
  it.each([gemini, chat, messages])('counts tokens before $name', async ({ model }) => {
    const counted = await client.models.countTokens({ model, contents: 'How many tokens are these?' });
    expect(counted.totalTokens).toBeGreaterThan(5);
    expect(counted.totalTokens).toBeLessThan(60);
    if (model === gemini.model)
      expect(gemini.fake.received[0]?.url).toBe('/v1beta/models/gemini-2.5-flash:countTokens');
  });

  it('reaches a model whose name has slashes', async () => {
    const answer = await client.models.generateContent({ model: 'models/openai/gpt-4o', contents: 'Hi' });
    expect(answer.text).toContain('OpenAI');
  });

  it('keeps what only Gemini knows on the way to Gemini', async () => {
    await client.models.generateContent({
      model: gemini.model,
      contents: 'Hi',
      config: {
        topK: 7,
        thinkingConfig: { thinkingLevel: ThinkingLevel.LOW },
        tools: [{ googleSearch: {} }],
      },
    });
    expect(gemini.fake.received[0]?.json()).toMatchObject({
      generationConfig: { topK: 7, thinkingConfig: { thinkingLevel: 'LOW' } },
      tools: [{ googleSearch: {} }],
    });
  });

  it('gets the gateway’s own errors as its error class', async () => {
    const ask = (key: string, model: string) =>
      clientWith(key)
        .models.generateContent({ model, contents: 'Hi' })
        .catch((error: unknown) => error);
    const unknownKey = await ask('hg-nobody-0123456789', gemini.model);
    expect(unknownKey).toBeInstanceOf(ApiError);
    expect(unknownKey).toMatchObject({ status: 401, message: expect.stringContaining('UNAUTHENTICATED') });
    const unknownModel = await ask(KEY, 'by-gemnii');
    expect(unknownModel).toBeInstanceOf(ApiError);
    expect(unknownModel).toMatchObject({ status: 404, message: expect.stringContaining('NOT_FOUND') });
    expect(gemini.fake.received).toHaveLength(0);
  });

  it('is not told which of its keys the provider refused', async () => {
    gemini.fake.always({ status: 401 });
    const error: unknown = await client.models
      .generateContent({ model: gemini.model, contents: 'Hi' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).not.toMatchObject({ status: 401 });
    expect(String(error)).toContain('provider_refused_key');
  });
});
