import type { JsonObject, StreamEvent } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { encodeStream, sseEvents, translate } from '../harness.js';

const ask = (messages: JsonObject[], more: JsonObject = {}): JsonObject => ({
  model: 'command-a-reasoning-08-2025',
  messages,
  ...more,
});
const toCohere = (body: JsonObject, from = 'openai-chat') => translate(from, 'cohere-chat', body);
const user = { role: 'user', content: 'hi' };
const call = (json: string): JsonObject => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: json } }],
});
const argumentsOf = (message: unknown): unknown =>
  (message as { tool_calls: { function: { arguments: string } }[] }).tool_calls[0]?.function.arguments;

describe('a conversation of another format for Cohere', () => {
  // Custom tools of OpenAI take any text, and models break off in the middle of their JSON; Cohere parses what comes.
  it('has arguments that are JSON objects, and those as the model wrote them', () => {
    const written = (json: string): unknown =>
      argumentsOf((toCohere(ask([user, call(json)])).body['messages'] as unknown[])[1]);
    expect(written('{ "a" : 1 }')).toBe('{ "a" : 1 }');
    expect(written('')).toBe('{}');
    expect(written('select 1')).toBe('{"input":"select 1"}');
    expect(written('{"a":')).toBe('{"input":"{\\"a\\":"}');
  });

  it('has no message left that says nothing, such as one of which nothing could be sent', () => {
    const file = {
      type: 'file',
      file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
    };
    const { body, warnings } = toCohere(
      ask([user, { role: 'user', content: [file] }, { role: 'user', content: '' }]),
    );
    expect(body['messages']).toEqual([user]);
    expect(warnings).toEqual(['document: only documents of plain text can be sent in this format']);
  });

  it('names signatures that it leaves out, and sets thoughts apart', () => {
    const thinking = (text: string): JsonObject => ({ type: 'thinking', thinking: text, signature: 'c2ln' });
    const content = [thinking('One.'), thinking('Two.'), { type: 'tool_use', id: 't', name: 'f', input: {} }];
    const { body, warnings } = toCohere(
      ask([user, { role: 'assistant', content }], { max_tokens: 5 }),
      'anthropic-messages',
    );
    expect(body['messages']).toMatchObject([user, { tool_plan: 'One.\n\nTwo.' }]);
    expect(warnings).toEqual([
      'reasoning: reasoning signed by another provider is sent without its signature in this format',
    ]);
  });

  it('asks only models that can think to do so', () => {
    const asked = (model: string, reasoning_effort: string) => {
      const { body, warnings } = toCohere({ ...ask([user], { reasoning_effort }), model });
      return [body['thinking'], warnings];
    };
    const thinks = [{ type: 'enabled', token_budget: 2048 }, []];
    expect(asked('command-a-reasoning-08-2025', 'low')).toEqual(thinks);
    expect(asked('command-b-01-2027', 'low')).toEqual(thinks);
    for (const model of ['command-r-plus-08-2024', 'command-a-03-2025', 'command-light', 'command']) {
      expect(asked(model, 'low')).toEqual([
        undefined,
        ['reasoning: this model does not think before it answers'],
      ]);
      expect(asked(model, 'none')).toEqual([undefined, []]);
    }
  });
});

describe('the documents of a request for Cohere', () => {
  const documents = ['Berlin.', { id: 'd2', data: { title: 'Paris', text: 'In France.' } }];

  // They were left out, and the other provider answered without what it was to answer by.
  it('stand before what the user said last, where the provider has no place of its own for them', () => {
    const asked = ask([{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'yo' }, user], {
      documents,
    });
    const { body, warnings } = translate('cohere-chat', 'openai-chat', asked);
    expect((body['messages'] as unknown[])[2]).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: '<document>\nBerlin.\n</document>' },
        { type: 'text', text: '<document id="d2">\nParis\n\nIn France.\n</document>' },
        { type: 'text', text: 'hi' },
      ],
    });
    expect(warnings).toEqual([]);
    expect(translate('cohere-chat', 'cohere-chat', asked, { model: 'm' }).body).toEqual({
      ...asked,
      model: 'm',
    });
  });

  it('are named as left out where the user says nothing', () => {
    const asked = ask([{ role: 'system', content: 'hi' }], { documents });
    expect(translate('cohere-chat', 'openai-chat', asked).warnings).toEqual([
      'documents: not part of this format',
    ]);
  });
});

describe('a stream of another format for clients of Cohere', () => {
  const begin = (part: number): StreamEvent => ({
    type: 'part-start',
    choice: 0,
    part,
    kind: 'tool-call',
    toolCallId: `c${part}`,
    toolName: 'f',
  });
  const delta = (part: number, text: string): StreamEvent => ({ type: 'part-delta', choice: 0, part, text });
  const end = (part: number): StreamEvent => ({ type: 'part-end', choice: 0, part });
  const start: StreamEvent = { type: 'start', id: 'x', model: 'm', created: 0, origin: 'openai-chat' };
  const types = (events: StreamEvent[]): string[] =>
    sseEvents(encodeStream('cohere-chat', events).replace('data: [DONE]\n\n', '')).map((event) =>
      `${event['type']} ${event['index'] ?? ''} ${argumentsIn(event)}`.trim(),
    );
  const argumentsIn = ({ type, delta }: JsonObject): string => {
    if (type !== 'tool-call-delta') return '';
    const { message } = delta as { message: { tool_calls: { function: { arguments: string } } } };
    return message.tool_calls.function.arguments;
  };

  // OpenAI says that all calls have ended when the last has; Cohere ends each before the next begins.
  it('ends each call before the next begins', () => {
    const events = [
      start,
      begin(0),
      delta(0, '{"a":'),
      delta(0, '1}'),
      begin(1),
      delta(1, '{}'),
      end(0),
      end(1),
    ];
    expect(types(events)).toEqual([
      'message-start',
      'tool-call-start 0',
      'tool-call-delta 0 {"a":',
      'tool-call-delta 0 1}',
      'tool-call-end 0',
      'tool-call-start 1',
      'tool-call-delta 1 {}',
      'tool-call-end 1',
    ]);
  });

  it('has arguments that are JSON objects, whatever the model wrote', () => {
    const wrapped = [start, begin(0), delta(0, 'select'), delta(0, ' 1'), end(0)];
    expect(types(wrapped)[2]).toBe('tool-call-delta 0 {"input":"select 1"}');
    expect(types([start, begin(0), end(0)])[2]).toBe('tool-call-delta 0 {}');
  });
});
