import { type CanonicalRequest, foldEvents, type JsonObject, MalformedBody } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { cohereChat } from '../../../plugins/formats/cohere-chat/index.js';
import { format } from '../harness.js';
import { checkOrder, decodeWith, translateWith } from '../through-hub.js';

const openai = format('openai-chat');
const ask = (more: JsonObject): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const tool = (name: string, strict?: boolean): JsonObject => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: {} }, ...(strict !== undefined && { strict }) },
});

describe('a request of another API for Cohere', () => {
  it('forces a named tool by offering no other', () => {
    const { body, warnings } = translateWith(
      openai,
      cohereChat,
      ask({ tools: [tool('a'), tool('b')], tool_choice: { type: 'function', function: { name: 'b' } } }),
    );
    expect(body['tools']).toEqual([{ type: 'function', function: expect.objectContaining({ name: 'b' }) }]);
    expect(body['tool_choice']).toBe('REQUIRED');
    expect(warnings).toEqual([]);
  });

  it('is strict only when every tool is', () => {
    const of = (tools: JsonObject[]) => translateWith(openai, cohereChat, ask({ tools }));
    expect(of([tool('a', true), tool('b', true)]).body['strict_tools']).toBe(true);
    expect(of([tool('a', false)]).body['strict_tools']).toBeUndefined();
    const mixed = of([tool('a'), tool('b', true)]);
    expect(mixed.body['strict_tools']).toBeUndefined();
    expect(mixed.warnings).toEqual(['strict: all tools or none can be strict in this format; none is']);
  });

  it('stays within the ranges that Cohere takes', () => {
    const { body, warnings } = translateWith(
      openai,
      cohereChat,
      ask({ temperature: 2, top_p: 1, seed: -1, frequency_penalty: 0, stop: ['1', '2', '3', '4', '5', '6'] }),
    );
    expect(body).toEqual(ask({ temperature: 1, p: 0.99, stop_sequences: ['1', '2', '3', '4', '5'] }));
    expect(warnings.map((one) => one.split(':')[0])).toEqual(['temperature', 'top_p', 'seed', 'stop']);
  });

  it('asks for JSON by its schema, but not beside tools', () => {
    const schema = { type: 'object' };
    const response_format = { type: 'json_schema', json_schema: { name: 'n', schema } };
    expect(translateWith(openai, cohereChat, ask({ response_format })).body['response_format']).toEqual({
      type: 'json_object',
      json_schema: schema,
    });
    const { body, warnings } = translateWith(
      openai,
      cohereChat,
      ask({ response_format, tools: [tool('a')] }),
    );
    expect(body['response_format']).toBeUndefined();
    expect(warnings).toEqual(['response_format: cannot be combined with tools in this format']);
  });

  // Cohere's API reference names the schema `json_schema`, its guides to structured outputs `schema`, and so do programs
  // written after them. The latter was lost: providers of another format were asked for any JSON at all.
  it.each(['json_schema', 'schema'])('keeps a schema that the client names %s', (name) => {
    const schema = { type: 'object', properties: { degrees: { type: 'number' } }, required: ['degrees'] };
    const response_format = { type: 'json_object', [name]: schema };
    const { body } = translateWith(cohereChat, openai, ask({ response_format }));
    expect(body['response_format']).toMatchObject({ type: 'json_schema', json_schema: { schema } });
  });

  it('thinks as long as it is asked to', () => {
    const of = (reasoning_effort: string) =>
      translateWith(openai, cohereChat, ask({ reasoning_effort })).body['thinking'];
    expect(of('none')).toEqual({ type: 'disabled' });
    expect(of('low')).toEqual({ type: 'enabled', token_budget: 2048 });
    expect(of('high')).toEqual({ type: 'enabled' });
  });
});

describe('a request of Cohere', () => {
  it.each([
    ['messages', { model: 'm' }],
    ['messages[0].role', ask({ messages: [{ role: 'robot', content: 'x' }] })],
    ['messages[0].content', ask({ messages: [{ role: 'user' }] })],
    ['messages[0].content[0].text', ask({ messages: [{ role: 'user', content: [{ type: 'text' }] }] })],
    ['messages[0].tool_call_id', ask({ messages: [{ role: 'tool', content: 'x' }] })],
    [
      'messages[0].tool_calls[0].function',
      ask({ messages: [{ role: 'assistant', tool_calls: [{ id: '1' }] }] }),
    ],
    ['tool_choice', ask({ tool_choice: 'ANY' })],
    ['response_format.type', ask({ response_format: { type: 'xml' } })],
    ['thinking.type', ask({ thinking: { type: 'deep' } })],
    ['max_tokens', ask({ max_tokens: 'many' })],
    ['model', { messages: [] }],
  ])('is refused for its %s', (param, body) => {
    let thrown: unknown;
    try {
      cohereChat.request!.decode(body as JsonObject);
    } catch (reason) {
      thrown = reason;
    }
    expect(thrown).toBeInstanceOf(MalformedBody);
    expect((thrown as MalformedBody).param).toBe(param);
  });

  it('shows a document of a tool result to other APIs as text of the result', () => {
    const { messages }: CanonicalRequest = cohereChat.request!.decode({
      model: 'm',
      messages: [
        {
          role: 'tool',
          tool_call_id: 't1',
          content: [
            { type: 'document', document: { data: { degrees: 11, wind: 'none' } } },
            { type: 'document', document: { id: '2', data: { title: 'Paris', snippet: 'rain' } } },
          ],
        },
      ],
    });
    expect(messages[0]?.parts[0]).toMatchObject({
      type: 'tool-result',
      content: [
        { type: 'text', text: '{"degrees":11,"wind":"none"}' },
        { type: 'text', text: 'Paris\n\nrain' },
      ],
    });
  });
});

describe('an answer of Cohere', () => {
  it.each([
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop-sequence'],
    ['MAX_TOKENS', 'length'],
    ['TOOL_CALL', 'tool-calls'],
    ['ERROR', 'other'],
    ['TIMEOUT', 'other'],
    ['ERROR_TOXIC', 'content-filter'],
  ])('that finished with %s', (word, finish) => {
    const body = { id: '1', finish_reason: word, message: { role: 'assistant', content: [] } };
    expect(cohereChat.response!.decode(body).choices[0]).toMatchObject({ finish, finishRaw: word });
  });

  it.each([
    ['stop', 'COMPLETE'],
    ['stop-sequence', 'STOP_SEQUENCE'],
    ['length', 'MAX_TOKENS'],
    ['tool-calls', 'TOOL_CALL'],
    ['content-filter', 'ERROR'],
    ['refusal', 'COMPLETE'],
    ['pause', 'COMPLETE'],
    ['other', 'COMPLETE'],
  ] as const)('of another API that finished with %s ends with %s', (finish, word) => {
    const choices = [{ index: 0, parts: [], finish, finishRaw: 'x' }];
    const response = { origin: 'other', id: '1', model: 'm', created: 1, choices, usage: null };
    expect(cohereChat.response!.encode(response)['finish_reason']).toBe(word);
  });

  it('that is an error is none', () => {
    expect(() => cohereChat.response!.decode({ message: 'blocked' })).toThrow(MalformedBody);
  });
});

describe('a stream of Cohere', () => {
  const calls = (index: number, more: JsonObject): string =>
    JSON.stringify({ ...more, index, delta: { message: { tool_calls: more['call'] } }, call: undefined });

  it('may use a number twice, for two calls', () => {
    const call = (id: string): JsonObject => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: '' },
    });
    const args = { function: { arguments: '{}' } };
    const events = decodeWith(cohereChat, [
      calls(0, { type: 'tool-call-start', call: call('a') }),
      calls(0, { type: 'tool-call-delta', call: args }),
      calls(0, { type: 'tool-call-start', call: call('b') }),
      calls(0, { type: 'tool-call-delta', call: args }),
      '{"type":"message-end","delta":{}}',
    ]);
    checkOrder(events);
    expect(foldEvents(events).choices[0]).toMatchObject({
      finish: 'tool-calls',
      parts: [
        { id: 'a', arguments: '{}' },
        { id: 'b', arguments: '{}' },
      ],
    });
  });

  it('may leave out the start of a content and its number', () => {
    const events = decodeWith(cohereChat, [
      '{"type":"content-delta","delta":{"message":{"content":{"text":"A"}}}}',
      '{"type":"content-delta","delta":{"message":{"content":{"text":"B"}}}}',
      '{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}',
      '[DONE]',
    ]);
    checkOrder(events);
    expect(foldEvents(events).choices[0]?.parts).toEqual([{ type: 'text', text: 'AB' }]);
  });

  it('keeps a citation that comes before or after its text', () => {
    const citation = '{"type":"citation-start","delta":{"message":{"citations":{"start":0}}}}';
    const events = decodeWith(cohereChat, [citation, '{"type":"message-end","delta":{}}']);
    checkOrder(events);
    expect(events).toContainEqual({
      type: 'part-whole',
      choice: 0,
      part: 0,
      format: 'cohere-chat',
      value: { citations: [{ start: 0 }] },
    });
  });

  it.each([
    ['{"type":"message-end","delta":{"finish_reason":"ERROR","error":"broken"}}', 'broken'],
    ['{"message":"too many tokens","id":"1"}', 'too many tokens'],
  ])('that says %s is an error', (data, message) => {
    const events = decodeWith(cohereChat, ['{"type":"message-start","id":"1"}', data]);
    checkOrder(events);
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'upstream', message } });
  });

  it('that ends without its last event was interrupted', () => {
    expect(decodeWith(cohereChat, []).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'stream_interrupted' },
    });
  });
});
