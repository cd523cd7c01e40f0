import { foldEvents, type JsonObject, MalformedBody, type WireFormat } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { ollamaChat } from '../../../plugins/formats/ollama-chat/index.js';
import { ollamaGenerate } from '../../../plugins/formats/ollama-generate/index.js';
import { checkOrder, decodeStream, encodeStream, format, translate } from '../harness.js';

const openai = format('openai-chat');
const ask = (more: JsonObject): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const call = (name: string, id?: string): JsonObject => ({
  ...(id !== undefined && { id }),
  function: { name, arguments: {} },
});
const assistant = (...calls: JsonObject[]): JsonObject => ({
  role: 'assistant',
  content: '',
  tool_calls: calls,
});
const result = (more: JsonObject): JsonObject => ({ role: 'tool', content: 'r', ...more });

/** Ids of the calls, and of the results, of a conversation. */
function ids(messages: JsonObject[]): [string[], string[]] {
  const parts = ollamaChat
    .request!.decode({ model: 'm', messages })
    .messages.flatMap((message) => message.parts);
  return [
    parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
    parts.flatMap((part) => (part.type === 'tool-result' ? [part.callId] : [])),
  ];
}

describe('a tool result without an id', () => {
  it('answers the first open call of its name', () => {
    const [calls, results] = ids([
      assistant(call('a'), call('b'), call('a')),
      result({ tool_name: 'b' }),
      result({ tool_name: 'a' }),
      result({ tool_name: 'a' }),
    ]);
    expect(results).toEqual([calls[1], calls[0], calls[2]]);
    expect(new Set(calls).size).toBe(3);
  });

  it('answers the first open call when it has no name, or one that was never called', () => {
    const [calls, results] = ids([assistant(call('a'), call('b')), result({ tool_name: 'c' }), result({})]);
    expect(results).toEqual(calls);
  });

  it('answers a call whose id the client kept', () => {
    const [, results] = ids([
      assistant(call('a', 'x1'), call('b', 'x2')),
      result({ tool_name: 'b' }),
      result({}),
    ]);
    expect(results).toEqual(['x2', 'x1']);
    const [, named] = ids([
      assistant(call('a', 'x1'), call('a', 'x2')),
      result({ tool_call_id: 'x1' }),
      result({}),
    ]);
    expect(named).toEqual(['x1', 'x2']);
  });

  it('does not answer a call of an earlier turn', () => {
    const [calls, results] = ids([
      assistant(call('a'), call('a')),
      result({ tool_name: 'a' }),
      assistant(call('a')),
      result({ tool_name: 'a' }),
    ]);
    expect(results).toEqual([calls[0], calls[2]]);
  });

  it('has an id of its own when nothing was called, and the same in every turn', () => {
    const messages = [result({ tool_name: 'a' }), assistant(call('a'))];
    const [calls, results] = ids(messages);
    expect(results[0]).not.toBe(calls[0]);
    expect(ids([...messages, result({})])[0]).toEqual(calls);
  });
});

describe('a request of Ollama', () => {
  it('streams unless it says no', () => {
    const streams = (more: JsonObject) => ollamaChat.request!.decode(ask(more)).stream;
    expect([
      streams({}),
      streams({ stream: null }),
      streams({ stream: true }),
      streams({ stream: false }),
    ]).toEqual([true, true, true, false]);
    expect(ollamaChat.streamByDefault).toBe(true);
    expect(ollamaGenerate.streamByDefault).toBe(true);
  });

  it.each<[WireFormat, string, JsonObject]>([
    [ollamaChat, 'model', { messages: [] }],
    [ollamaChat, 'messages[0].role', ask({ messages: [{ role: 'robot', content: 'x' }] })],
    [ollamaChat, 'messages[0].content', ask({ messages: [{ role: 'user', content: [] }] })],
    [ollamaChat, 'messages[0].images[0]', ask({ messages: [{ role: 'user', content: '', images: [1] }] })],
    [ollamaChat, 'messages[0].tool_calls[0].function.name', ask({ messages: [assistant({ function: {} })] })],
    [ollamaChat, 'options.temperature', ask({ options: { temperature: 'hot' } })],
    [ollamaChat, 'format', ask({ format: 'xml' })],
    [ollamaChat, 'think', ask({ think: 'deeply' })],
    [ollamaChat, 'tools[0].function', ask({ tools: [{}] })],
    [ollamaGenerate, 'prompt', { model: 'm', prompt: [1] }],
    [ollamaGenerate, 'images', { model: 'm', prompt: 'x', images: 'y' }],
  ])('of %o is refused for its %s', (own, param, body) => {
    let thrown: unknown;
    try {
      own.request!.decode(body);
    } catch (reason) {
      thrown = reason;
    }
    expect(thrown).toBeInstanceOf(MalformedBody);
    expect((thrown as MalformedBody).param).toBe(param);
  });

  it('may write its pictures as data URLs, and says what they are', () => {
    const body = ask({
      messages: [{ role: 'user', content: 'x', images: ['data:image/webp;base64,AAAA', '/9j/4A'] }],
    });
    expect(ollamaChat.request!.decode(body).messages[0]?.parts).toMatchObject([
      { source: { mediaType: 'image/webp', data: 'AAAA' } },
      { source: { mediaType: 'image/jpeg', data: '/9j/4A' } },
      { type: 'text' },
    ]);
  });

  it('keeps a negative num_predict out of the cap', () => {
    const request = ollamaChat.request!.decode(ask({ options: { num_predict: -1 } }));
    expect(request.maxOutputTokens).toBeUndefined();
    expect(request.extra).toEqual({ options: { num_predict: -1 } });
  });
});

describe('a request of another API for Ollama', () => {
  const of = (more: JsonObject) => translate(openai.id, ollamaChat.id, ask(more));
  const tools = [{ type: 'function', function: { name: 'f' } }];

  it('forbids tools by leaving them out', () => {
    expect(of({ tools, tool_choice: 'none' }).body['tools']).toBeUndefined();
    expect(of({ tools, tool_choice: 'auto' }).warnings).toEqual([]);
    expect(of({ tools, tool_choice: 'required' }).warnings).toEqual([
      'tool_choice: the model decides itself whether to call a tool in this format',
    ]);
  });

  it('thinks on a level that every version knows', () => {
    const think = (reasoning_effort: string) => of({ reasoning_effort }).body['think'];
    expect(['none', 'minimal', 'medium', 'xhigh', 'max'].map(think)).toEqual([
      false,
      'low',
      'medium',
      'high',
      'high',
    ]);
    expect(of({ reasoning: { max_tokens: 9000 } }).body['think']).toBe('high');
    expect(of({ reasoning: { enabled: true } }).body['think']).toBe(true);
  });

  it('keeps arguments that are no object', () => {
    const messages = [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"broken' } }],
      },
    ];
    expect(of({ messages }).body['messages']).toMatchObject([
      { tool_calls: [{ id: 'c1', function: { arguments: { input: '{"broken' } } }] },
    ]);
  });
});

describe('a stream of Ollama', () => {
  it('gives calls without ids different ones, also when their numbers start anew', () => {
    const chunk = (name: string): string =>
      JSON.stringify({
        created_at: '2025-01-01T00:00:00Z',
        message: { tool_calls: [{ function: { index: 0, name, arguments: {} } }] },
      });
    const events = decodeStream(ollamaChat.id, [
      chunk('a'),
      chunk('a'),
      '{"done":true,"done_reason":"stop"}',
    ]);
    checkOrder(events);
    const { parts, finish } = foldEvents(events).choices[0]!;
    expect(parts).toMatchObject([
      { id: 'ollama_call_20250101000000_0', name: 'a', arguments: '{}' },
      { id: 'ollama_call_20250101000000_1', name: 'a', arguments: '{}' },
    ]);
    expect(finish).toBe('tool-calls');
  });

  it('keeps log probabilities of text that is held back', () => {
    const events = decodeStream(ollamaChat.id, [
      '{"message":{"content":""},"logprobs":[{"token":"a","logprob":-1}]}',
      '{"message":{"content":"ab"},"logprobs":[{"token":"b","logprob":-2}]}',
      '{"message":{"content":""},"logprobs":[{"token":"","logprob":-3}],"done":true}',
    ]);
    checkOrder(events);
    const [choice] = foldEvents(events).choices;
    expect(choice?.parts).toEqual([{ type: 'text', text: 'ab' }]);
    expect(choice?.logprobs).toEqual({
      content: [
        { token: 'a', logprob: -1 },
        { token: 'b', logprob: -2 },
        { token: '', logprob: -3 },
      ],
    });
  });

  it('that ends before it is done was interrupted', () => {
    for (const pieces of [[], ['{"message":{"content":"a"},"done":false}']]) {
      const events = decodeStream(ollamaChat.id, pieces);
      checkOrder(events);
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'stream_interrupted' } });
    }
  });

  it('that is no JSON is refused', () => {
    expect(() => decodeStream(ollamaChat.id, ['{"a'])).toThrow(MalformedBody);
    expect(() => decodeStream(ollamaChat.id, ['[]'])).toThrow(MalformedBody);
  });
});

describe('an answer of Ollama', () => {
  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['load', 'other'],
    ['unload', 'other'],
    [undefined, 'stop'],
  ])('that finished with %s', (word, finish) => {
    const body: JsonObject = { model: 'm', message: { role: 'assistant', content: 'a' }, done: true };
    if (word !== undefined) body['done_reason'] = word;
    expect(ollamaChat.response!.decode(body).choices[0]?.finish).toBe(finish);
  });

  it('that is an error is none', () => {
    expect(() => ollamaChat.response!.decode({ error: 'x' })).toThrow(MalformedBody);
    expect(() => ollamaGenerate.response!.decode({ error: 'x' })).toThrow(MalformedBody);
  });
});

describe('a request from one of Ollama’s paths at the other', () => {
  const shared = { keep_alive: '10m', think: 'max', options: { num_ctx: 8192, min_p: 0.1, temperature: 0 } };

  // They were said to be unknown at the other path, and left out there; `max` became `high`.
  it('keeps its options, how long the model stays and how much it thinks', () => {
    const fromChat = translate('ollama-chat', 'ollama-generate', ask(shared));
    expect(fromChat).toEqual({ body: { model: 'm', prompt: 'hi', stream: true, ...shared }, warnings: [] });
    const fromGenerate = translate('ollama-generate', 'ollama-chat', {
      model: 'm',
      prompt: 'hi',
      suffix: 'end',
      ...shared,
    });
    expect(fromGenerate).toEqual({
      body: { ...ask({ stream: true }), ...shared },
      warnings: ['suffix: not part of this format'],
    });
  });
});

describe('what Ollama cannot be told', () => {
  it('is named: the detail of a picture, and the signature of a thought', () => {
    const image_url = { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'high' };
    const picture = ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url }] }] });
    for (const to of ['ollama-chat', 'ollama-generate'])
      expect(translate(openai.id, to, picture).warnings).toEqual([
        'detail: the detail of a picture cannot be chosen in this format',
      ]);
    const thinking = { type: 'thinking', thinking: 'One.', signature: 'c2ln' };
    const content = [thinking, { ...thinking, thinking: 'Two.' }, { type: 'text', text: 'Hi' }];
    const signed = { model: 'm', max_tokens: 5, messages: [{ role: 'assistant', content }] };
    const { body, warnings } = translate('anthropic-messages', 'ollama-chat', signed);
    expect(body['messages']).toEqual([{ role: 'assistant', content: 'Hi', thinking: 'One.\n\nTwo.' }]);
    expect(warnings).toEqual([
      'reasoning: reasoning signed by another provider is sent without its signature in this format',
    ]);
  });

  it('is a conversation for /api/generate: results are said by tools, and nobody says nothing', () => {
    const result = { type: 'tool_result', tool_use_id: 't', content: '18 °C' };
    const messages = [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'weather', input: {} }] },
      { role: 'user', content: [result, { type: 'text', text: 'And tomorrow?' }] },
    ];
    const { body } = translate('anthropic-messages', 'ollama-generate', {
      model: 'm',
      max_tokens: 5,
      messages,
    });
    expect(body['prompt']).toBe('User: Weather?\n\nTool: 18 °C\n\nUser: And tomorrow?\n\nAssistant:');
  });
});

describe('a picture in an answer for clients of Ollama', () => {
  it('stands where Ollama has those of a message, or of what was generated, streamed and whole', () => {
    const source = { kind: 'base64' as const, mediaType: 'image/png', data: 'iVBORw0KGgo=' };
    const lines = (to: string): JsonObject[] =>
      encodeStream(to as 'ollama-chat', [
        { type: 'start', id: 'x', model: 'm', created: 0, origin: 'gemini' },
        { type: 'part-whole', choice: 0, part: 0, format: 'hub', value: { type: 'image', source } },
        { type: 'finish', choice: 0, reason: 'stop' },
        { type: 'end' },
      ])
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as JsonObject);
    expect(lines('ollama-chat')[0]).toMatchObject({
      message: { content: '', images: [source.data] },
      done: false,
    });
    expect(lines('ollama-generate')[0]).toMatchObject({ response: '', image: source.data, done: false });
  });
});
