import { type CallableTool, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KEY, startEveryUpstream } from './every-upstream.js';

// Clients that keep the history by themselves: what they were sent comes back with the result of the tool, and the
// proofs of the reasoning in it must reach the provider that gave them. The fakes refuse turns in the wrong order.

const setup = await startEveryUpstream();
const { gateway, gemini, chat, responses, messages } = setup;
const schema = { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false };
const SIGNATURE = 'c2lnbmF0dXJl';
const thoughtful = {
  thinking: 'Where is it?',
  signature: SIGNATURE,
  toolCalls: [{ name: 'weather', arguments: '{"city":"Bern"}' }],
};

beforeEach(() => setup.reset());
afterAll(() => setup.close());

describe.each([gemini, chat, messages])('a chat of the Google Gen AI SDK before $name', ({ model, fake }) => {
  const declaration = { functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] };

  // The SDK keeps every piece of a stream as a content of its own: the last one, an empty text, stood between the call
  // and its result, and chat completions were refused.
  it.each([false, true])('goes on after a call (Vertex paths: %s)', async (vertexai) => {
    const client = new GoogleGenAI({ apiKey: KEY, vertexai, httpOptions: { baseUrl: gateway.url } });
    const talk = client.chats.create({ model, config: { tools: [declaration] } });
    fake.next({ answer: thoughtful });
    const calls = [];
    for await (const chunk of await talk.sendMessageStream({ message: 'How is the weather?' }))
      calls.push(...(chunk.functionCalls ?? []));
    expect(calls).toMatchObject([{ name: 'weather', args: { city: 'Bern' } }]);
    const response = { output: 'rain' };
    const answer = await talk.sendMessage({ message: { functionResponse: { name: 'weather', response } } });
    expect(answer.text).toContain('Hello from the fake');
    const sent = fake.received[1]?.body.toString() ?? '';
    expect(sent).toContain('rain');
    expect(sent.includes(SIGNATURE)).toBe(fake !== chat.fake);
  });

  it('calls functions by itself', async () => {
    const client = new GoogleGenAI({
      apiKey: KEY,
      vertexai: false,
      httpOptions: { baseUrl: gateway.url },
    });
    const asked: unknown[] = [];
    const tool: CallableTool = {
      tool: async () => declaration,
      callTool: async (calls) => {
        asked.push(...calls.map((call) => call.args));
        return calls.map(({ id, name }) => ({
          functionResponse: { ...(id && { id }), name: name ?? '', response: { output: 'rain' } },
        }));
      },
    };
    fake.next({ answer: thoughtful });
    const answer = await client.models.generateContent({
      model,
      contents: 'How is the weather?',
      config: { tools: [tool] },
    });
    expect(asked).toEqual([{ city: 'Bern' }]);
    expect(answer.text).toContain('Hello from the fake');
    expect(fake.received[1]?.body.toString()).toContain('rain');
  });
});

describe.each([responses, chat, messages, gemini])('a loop over responses before $name', (upstream) => {
  const client = new OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 10_000 });

  it.each([false, true])('goes on after a call, reasoning included (streamed: %s)', async (streamed) => {
    const { model, fake } = upstream;
    const ask = {
      model,
      store: false,
      max_output_tokens: 8_000,
      reasoning: { effort: 'low' as const },
      include: ['reasoning.encrypted_content' as const],
      tools: [{ type: 'function' as const, name: 'weather', parameters: schema, strict: false }],
    };
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'How is the weather?' }];
    fake.next({ answer: thoughtful });
    const first = streamed
      ? await client.responses.stream({ ...ask, input }).finalResponse()
      : await client.responses.create({ ...ask, input });
    for (const item of first.output) {
      if (item.type !== 'reasoning' && item.type !== 'function_call') throw new Error(`a ${item.type}`);
      input.push(item);
      if (item.type !== 'function_call') continue;
      expect(JSON.parse(item.arguments)).toEqual({ city: 'Bern' });
      input.push({ type: 'function_call_output', call_id: item.call_id, output: 'rain' });
    }
    expect(input.at(-1)).toMatchObject({ type: 'function_call_output' });
    const second = await client.responses.create({ ...ask, input });
    expect(second.output_text).toContain('Hello from the fake');
    const sent = fake.received[1]?.body.toString() ?? '';
    expect(sent).toContain('rain');
    // Chat completions have no place for proofs.
    expect(sent.includes(SIGNATURE)).toBe(upstream !== chat);
  });
});
