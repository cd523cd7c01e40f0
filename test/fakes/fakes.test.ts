import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startAnthropic } from './anthropic.js';
import { startGemini } from './gemini.js';
import { isObject, type Json } from './json-value.js';
import { startOpenAi } from './openai.js';
import { fakeVector } from './openai-embeddings.js';

// The fakes stand for the providers in every end-to-end test: here the providers' own clients must take them for real.
const openai = await startOpenAi({ strict: true });
const anthropic = await startAnthropic({ strict: true });
const gemini = await startGemini();
const openaiClient = new OpenAI({ apiKey: 'sk-fake', baseURL: `${openai.url}/v1`, maxRetries: 0 });
const anthropicClient = new Anthropic({ apiKey: 'sk-ant-fake', baseURL: anthropic.url, maxRetries: 0 });
const geminiClient = new GoogleGenAI({
  apiKey: 'AIzaFake',
  vertexai: false,
  httpOptions: { baseUrl: gemini.url },
});
const question = [{ role: 'user' as const, content: 'Hi' }];

beforeEach(() => {
  openai.reset();
  anthropic.reset();
  gemini.reset();
});
afterAll(async () => {
  await openai.close();
  await anthropic.close();
  await gemini.close();
});

describe('the fake OpenAI', () => {
  it('streams text and parallel tool calls that the SDK puts together again', async () => {
    const toolCalls = [
      { id: 'call_a', name: 'weather', arguments: '{"city":"Bern"}' },
      { id: 'call_b', name: 'weather', arguments: '{"city":"Lima"}' },
    ];
    openai.next({ answer: { text: 'Let me see.', toolCalls }, pieceBytes: 7, crlf: true, comments: true });
    const runner = openaiClient.chat.completions.stream({
      model: 'gpt-4o',
      messages: question,
      stream_options: { include_usage: true },
    });
    const completion = await runner.finalChatCompletion();
    const said = completion.choices[0]?.message;
    expect(said?.content).toBe('Let me see.');
    expect(said?.tool_calls?.map((call) => call.type === 'function' && call.function.arguments)).toEqual(
      toolCalls.map((call) => call.arguments),
    );
    expect(completion.usage?.total_tokens).toBe(30);
  });

  it('says usage:null on every chunk before the usage chunk, and nothing of usage unasked', async () => {
    const read = async (include_usage: boolean) => {
      const found: unknown[] = [];
      const stream = await openaiClient.chat.completions.create({
        model: 'gpt-4o',
        messages: question,
        stream: true,
        ...(include_usage ? { stream_options: { include_usage } } : {}),
      });
      for await (const chunk of stream) found.push(chunk.usage);
      return found;
    };
    const asked = await read(true);
    expect(asked.at(-1)).toMatchObject({ prompt_tokens: 20 });
    expect(asked.slice(0, -1).every((usage) => usage === null)).toBe(true);
    expect((await read(false)).every((usage) => usage === undefined)).toBe(true);
  });

  it('gives embeddings in base64 as the SDK asks for them, and its errors as the classes the SDK knows', async () => {
    const { data } = await openaiClient.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
    });
    expect(data.map((each) => each.embedding)).toEqual([fakeVector('a'), fakeVector('b')]);
    openai.next({ status: 401 }, { status: 404 }, { status: 429, headers: { 'retry-after': '1' } });
    const ask = () => openaiClient.chat.completions.create({ model: 'gpt-4o', messages: question });
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });

  it('refuses an unanswered tool call', async () => {
    const call = { id: 'c', type: 'function' as const, function: { name: 'f', arguments: '{}' } };
    const messages = [...question, { role: 'assistant' as const, tool_calls: [call] }, ...question];
    await expect(openaiClient.chat.completions.create({ model: 'gpt-4o', messages })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe('the fake Anthropic', () => {
  const ask = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: question };

  it('streams thinking, text and tool calls that the SDK puts together again', async () => {
    const answer = {
      thinking: 'Hmm, weather.',
      signature: 'sig==',
      text: 'Let me see.',
      toolCalls: [{ id: 'toolu_a', name: 'weather', arguments: '{"city":"Bern"}' }],
      usage: { input: 100, cacheRead: 60, cacheWrite: 30, output: 12 },
    };
    anthropic.always({ answer, pieceBytes: 11 });
    const streamed = await anthropicClient.messages.stream(ask).finalMessage();
    const whole = await anthropicClient.messages.create(ask);
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.content).toEqual([
      { type: 'thinking', thinking: 'Hmm, weather.', signature: 'sig==' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Bern' } },
    ]);
    expect(streamed.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 60,
      output_tokens: 12,
    });
  });

  it('fails in the middle of a stream and with 529 as the SDK knows it', async () => {
    anthropic.next({ errorAfterEvents: 4 }, { status: 529 });
    await expect(anthropicClient.messages.stream(ask).finalMessage()).rejects.toMatchObject({
      type: 'overloaded_error',
    });
    await expect(anthropicClient.messages.create(ask)).rejects.toMatchObject({
      status: 529,
      requestID: 'req_anthropic_4',
    });
  });

  it('counts tokens and refuses max_tokens there', async () => {
    const { max_tokens: _, ...rest } = ask;
    expect((await anthropicClient.messages.countTokens(rest)).input_tokens).toBeGreaterThan(0);
    await expect(anthropicClient.messages.countTokens(ask)).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });

  it('notices at once that the client left', async () => {
    anthropic.next({ hangAfter: 2 });
    const stream = anthropicClient.messages.stream(ask);
    const ended = expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    const request = await anthropic.request();
    stream.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
    await ended;
  });
});

describe('the responses of the fake OpenAI', () => {
  const ask = { model: 'gpt-4o', input: 'Hi' };

  it('are the same streamed and whole', async () => {
    const answer = {
      thinking: 'Hmm, weather.',
      text: 'Let me see.',
      toolCalls: [
        { id: 'call_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'call_b', name: 'weather', arguments: '{"city":"Lima"}' },
      ],
      usage: { input: 100, cacheRead: 60, output: 12, reasoning: 5 },
    };
    openai.always({ answer, pieceBytes: 11, crlf: true });
    const streamed = await openaiClient.responses.stream(ask).finalResponse();
    const whole = await openaiClient.responses.create(ask);
    expect(whole.output.map((item) => item.type)).toEqual([
      'reasoning',
      'message',
      'function_call',
      'function_call',
    ]);
    expect(streamed.output).toMatchObject(whole.output.map(({ id: _, ...item }) => item));
    expect(streamed.usage).toEqual(whole.usage);
    expect(whole.usage?.total_tokens).toBe(112);
    expect([streamed.status, whole.output_text]).toEqual(['completed', 'Let me see.']);
  });

  it('fail in the middle of a stream, and refuse what the API refuses', async () => {
    openai.next({ errorAfterEvents: 5 });
    const read = async () => {
      for await (const event of await openaiClient.responses.create({ ...ask, stream: true })) void event;
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    const orphan = { type: 'function_call_output' as const, call_id: 'call_x', output: 'rain' };
    for (const wrong of [{ input: [orphan] }, { max_output_tokens: 3 }, { messages: [] }]) {
      const refused = openaiClient.responses.create({ ...ask, ...wrong });
      await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    }
  });
});

describe('the fake Gemini', () => {
  const model = 'gemini-2.5-flash';
  const contents = 'Hi';

  it('streams thoughts, text and calls that the SDK reads like a whole answer', async () => {
    const answer = {
      thinking: 'Hmm, weather.',
      text: 'Let me see.',
      toolCalls: [{ name: 'weather', arguments: '{"city":"Bern"}' }],
      usage: { input: 100, cacheRead: 60, output: 12, reasoning: 5 },
    };
    gemini.always({ answer, pieceBytes: 11 });
    const whole = await geminiClient.models.generateContent({ model, contents });
    expect(whole.functionCalls).toEqual([{ name: 'weather', args: { city: 'Bern' } }]);
    let text = '';
    let last = whole;
    for await (const chunk of await geminiClient.models.generateContentStream({ model, contents })) {
      for (const part of chunk.candidates?.[0]?.content?.parts ?? []) text += part.text ?? '';
      last = chunk;
    }
    expect(text).toBe('Hmm, weather.Let me see.');
    expect(last.functionCalls).toEqual(whole.functionCalls);
    expect(last.candidates?.[0]?.finishReason).toBe('STOP');
    expect(last.usageMetadata).toEqual(whole.usageMetadata);
    expect(last.usageMetadata).toMatchObject({ candidatesTokenCount: 7, totalTokenCount: 112 });
  });

  it('streams an array where the query does not ask for events, errors as its last element', async () => {
    gemini.next({ answer: { text: 'Let me see.' } }, { errorAfterEvents: 2 }, { status: 503 });
    const ask = async (): Promise<Json[]> => {
      const response = await fetch(`${gemini.url}/v1beta/models/${model}:streamGenerateContent`, {
        method: 'POST',
        headers: { 'x-goog-api-key': 'AIzaFake' },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
      });
      const value: unknown = await response.json();
      return Array.isArray(value) ? value.filter(isObject) : [];
    };
    expect((await ask()).at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
    const broken = await ask();
    expect(broken).toHaveLength(3);
    expect(broken.at(-1)).toMatchObject({ error: { status: 'UNAVAILABLE' } });
    expect(await ask()).toMatchObject([{ error: { code: 503 } }]);
  });

  it('counts tokens, and refuses what the API refuses as the SDK knows it', async () => {
    expect((await geminiClient.models.countTokens({ model, contents })).totalTokens).toBeGreaterThan(0);
    const call = { functionCall: { name: 'f', args: {} } };
    const unanswered = [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [call] },
      { role: 'user', parts: [{ text: 'Well?' }] },
    ];
    const refused = geminiClient.models.generateContent({ model, contents: unanswered });
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    const parameters = { type: 'OBJECT', additionalProperties: false };
    for (const [key, body] of [
      ['AIzaFake', { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] }],
      ['AIzaFake', { generationConfig: { topk: 1 } }],
      ['wrong', {}],
    ] as const) {
      const response = await fetch(`${gemini.url}/v1beta/models/${model}:generateContent`, {
        method: 'POST',
        headers: { 'x-goog-api-key': key },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }], ...body }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } });
    }
  });

  it('fails in the middle of a stream as the SDK knows it', async () => {
    gemini.next({ errorAfterEvents: 2 });
    const read = async () => {
      for await (const chunk of await geminiClient.models.generateContentStream({ model, contents }))
        void chunk;
    };
    await expect(read()).rejects.toMatchObject({ name: 'ApiError', status: 503 });
  });
});
