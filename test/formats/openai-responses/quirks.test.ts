import type { JsonObject, StreamEvent } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { decodeStream, encodeStream, format, sseEvents, translate } from '../harness.js';

/** What servers of this API really send beside what is documented. Each case opens with what it broke. */

const OWN = 'openai-responses';
const event = (type: string, members: JsonObject = {}): string => JSON.stringify({ type, ...members });
const created = event('response.created', { response: { id: 'resp_1', model: 'm', created_at: 1 } });
const completed = (output: JsonObject[] = []): string =>
  event('response.completed', { response: { id: 'resp_1', status: 'completed', output } });
const message = (text: string, id = 'msg_1'): JsonObject => ({
  id,
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
});
const partsOf = (events: string[]) =>
  foldEvents(decodeStream(OWN, events)).choices[0]?.parts.map((part) =>
    part.type === 'tool-call' ? [part.id, part.name, part.arguments] : 'text' in part ? part.text : part.type,
  );

describe('a stream', () => {
  it('may have nothing but its last snapshot', () => {
    // Gateways that fake streaming send the whole answer at once: the client saw an empty answer.
    expect(partsOf([created, completed([message('Hi')])])).toEqual(['Hi']);
  });

  it('may leave out the beginnings of items and parts', () => {
    // Early Responses servers of vLLM and Ollama sent deltas at once: they were dropped.
    const delta = event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'Hi' });
    expect(partsOf([delta, completed([])])).toEqual(['Hi']);
    expect(partsOf([created, delta, completed([message('Hi there')])])).toEqual(['Hi there']);
  });

  it('may say arguments only at the end of a call', () => {
    const item = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '' };
    const added = event('response.output_item.added', { output_index: 0, item });
    const done = event('response.function_call_arguments.done', {
      output_index: 0,
      item_id: 'fc_1',
      arguments: '{"x":1}',
    });
    const end = event('response.output_item.done', {
      output_index: 0,
      item: { ...item, arguments: '{"x":1}' },
    });
    const expected = [['call_1', 'f', '{"x":1}']];
    expect(partsOf([created, added, done, completed()])).toEqual(expected);
    expect(partsOf([created, added, end, completed()])).toEqual(expected);
    expect(partsOf([created, end, completed()])).toEqual(expected);
    expect(partsOf([created, added, done, end, completed([{ ...item, arguments: '{"x":1}' }])])).toEqual(
      expected,
    );
  });

  it('may give all its items the index 0', () => {
    // Two calls at one place became one call with both arguments.
    const item = (n: number): JsonObject => ({
      id: `fc_${n}`,
      type: 'function_call',
      call_id: `call_${n}`,
      name: `f${n}`,
      arguments: '',
    });
    const stream = [1, 2].flatMap((n) => [
      event('response.output_item.added', { output_index: 0, item: item(n) }),
      event('response.function_call_arguments.delta', { output_index: 0, item_id: `fc_${n}`, delta: '{}' }),
      event('response.output_item.done', { output_index: 0, item: { ...item(n), arguments: '{}' } }),
    ]);
    const last = completed([1, 2].map((n) => ({ ...item(n), arguments: '{}' })));
    expect(partsOf([created, ...stream, last])).toEqual([
      ['call_1', 'f1', '{}'],
      ['call_2', 'f2', '{}'],
    ]);
  });

  it('may have calls whose arguments come mixed', () => {
    const item = (n: number): JsonObject => ({
      id: `fc_${n}`,
      type: 'function_call',
      call_id: `call_${n}`,
      name: `f${n}`,
      arguments: '',
    });
    const piece = (n: number, delta: string) =>
      event('response.function_call_arguments.delta', { output_index: n, item_id: `fc_${n}`, delta });
    const events = [
      created,
      event('response.output_item.added', { output_index: 0, item: item(0) }),
      event('response.output_item.added', { output_index: 1, item: item(1) }),
      piece(0, '{"a"'),
      piece(1, '{"b"'),
      piece(0, ':1}'),
      piece(1, ':2}'),
      completed([]),
    ];
    expect(partsOf(events)).toEqual([
      ['call_0', 'f0', '{"a":1}'],
      ['call_1', 'f1', '{"b":2}'],
    ]);
    const again = sseEvents(encodeStream(OWN, decodeStream(OWN, events)));
    const output = (again.at(-1)!['response'] as JsonObject)['output'] as JsonObject[];
    expect(output.map((one) => [one['call_id'], one['arguments']])).toEqual([
      ['call_0', '{"a":1}'],
      ['call_1', '{"b":2}'],
    ]);
  });

  it('goes on writing a text beside which a call begins', () => {
    const at = (part: number) => ({ choice: 0, part });
    const events: StreamEvent[] = [
      { type: 'start', id: 'a', model: 'm', created: 1 },
      { type: 'part-start', ...at(0), kind: 'text' },
      { type: 'part-delta', ...at(0), text: 'Let me ' },
      { type: 'part-start', ...at(1), kind: 'tool-call', toolCallId: 'c', toolName: 'f' },
      { type: 'part-delta', ...at(0), text: 'look.' },
      { type: 'part-delta', ...at(1), text: '{}' },
      { type: 'part-end', ...at(1) },
      { type: 'part-end', ...at(0) },
      { type: 'finish', choice: 0, reason: 'tool-calls' },
      { type: 'end' },
    ];
    expect(
      foldEvents(
        decodeStream(
          OWN,
          sseEvents(encodeStream(OWN, events)).map((one) => JSON.stringify(one)),
        ),
      ),
    ).toMatchObject({ choices: [{ parts: [{ text: 'Let me look.' }, { arguments: '{}' }] }] });
  });

  it('may be ended by [DONE], and must not be when it is not complete', () => {
    expect(decodeStream(OWN, [created, completed([message('Hi')]), '[DONE]']).at(-1)).toEqual({
      type: 'end',
    });
    expect(decodeStream(OWN, [created, '[DONE]']).at(-1)).toMatchObject({
      error: { code: 'stream_interrupted' },
    });
  });

  it('may hold an error in each of the shapes that servers give it', () => {
    const errorOf = (...events: string[]) => decodeStream(OWN, events).at(-1);
    expect(errorOf(event('error', { code: 'rate_limit_exceeded', message: 'slow', param: null }))).toEqual({
      type: 'error',
      error: { kind: 'rate-limit', status: 429, code: 'rate_limit_exceeded', message: 'slow' },
    });
    expect(
      errorOf(
        event('error', { error: { type: 'invalid_request_error', code: null, message: 'no', param: 'x' } }),
      ),
    ).toMatchObject({ error: { code: 'invalid_request_error', message: 'no', param: 'x' } });
    expect(errorOf(JSON.stringify({ error: { message: 'broken', code: 503 } }))).toMatchObject({
      error: { status: 503, kind: 'overloaded' },
    });
    expect(
      errorOf(
        event('response.failed', {
          response: { status: 'failed', error: { code: 'context_length_exceeded', message: 'too long' } },
        }),
      ),
    ).toMatchObject({ error: { kind: 'invalid-request', status: 400, code: 'context_length_exceeded' } });
    expect(errorOf(event('response.failed'))).toMatchObject({ error: { kind: 'upstream', status: 502 } });
  });

  it('drops the events after an error', () => {
    const events = decodeStream(OWN, [created, event('error', { message: 'x' }), completed([message('Hi')])]);
    expect(events.map((one) => one.type)).toEqual(['start', 'error']);
  });
});

describe('an answer', () => {
  it('that failed is an error, not an empty answer', () => {
    const failed = {
      id: 'resp_1',
      object: 'response',
      status: 'failed',
      error: { code: 'server_error', message: 'The model failed.' },
      output: [],
    };
    expect(() => format(OWN).response!.decode(failed)).toThrow('the provider failed: The model failed.');
  });

  it('that is still being worked on has no finish reason', () => {
    const queued = { id: 'resp_1', object: 'response', status: 'queued', output: [], model: 'm' };
    const decoded = format(OWN).response!.decode(queued);
    expect(decoded.choices[0]).toMatchObject({ finish: null, finishRaw: 'queued' });
    expect(format(OWN).response!.encode(decoded)).toMatchObject({ status: 'queued', output: [] });
  });

  it('has ids of this API, the same every time, whatever provider it came from', () => {
    const anthropic = {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const encode = () =>
      format(OWN).response!.encode(format('anthropic-messages').response!.decode(anthropic));
    const one = encode();
    expect(one['id']).toBe('resp_msg_01');
    expect((one['output'] as JsonObject[])[0]!['id']).toBe('msg_msg_01_0');
    expect(encode()['output']).toEqual(one['output']);
    const long = format(OWN).response!.encode(
      format('anthropic-messages').response!.decode({ ...anthropic, id: 'x'.repeat(300) }),
    );
    expect((long['id'] as string).length).toBeLessThanOrEqual(64);
    const nameless = format(OWN).response!.encode(
      format('anthropic-messages').response!.decode({ ...anthropic, id: undefined as never }),
    );
    expect(nameless['id']).toMatch(/^resp_[0-9a-f]{32}$/);
  });

  it('gives each text its own log probabilities', () => {
    const entry = (token: string) => ({ token, bytes: [1], logprob: -1, top_logprobs: [] });
    const chat = {
      id: 'c',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hi there' },
          logprobs: { content: [entry('Hi'), entry(' there')], refusal: null },
          finish_reason: 'stop',
        },
      ],
    };
    const encoded = format(OWN).response!.encode(format('openai-chat').response!.decode(chat));
    const [item] = encoded['output'] as { content: JsonObject[] }[];
    expect(item!.content[0]!['logprobs']).toEqual([entry('Hi'), entry(' there')]);
  });

  it('gives a picture of another provider as the tool that makes pictures would', () => {
    const encoded = format(OWN).response!.encode({
      origin: 'elsewhere',
      id: 'r1',
      model: 'm',
      created: 1,
      usage: null,
      choices: [
        {
          index: 0,
          finish: 'stop',
          parts: [
            { type: 'text', text: 'Look:' },
            { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
      ],
    });
    expect((encoded['output'] as JsonObject[])[1]).toEqual({
      id: 'ig_r1_1',
      type: 'image_generation_call',
      status: 'completed',
      result: 'iVBORw0KGgo=',
    });
  });
});

describe('a request', () => {
  const chat = (body: JsonObject) =>
    translate('openai-chat', OWN, { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body });

  it('of another format is not kept by the provider, and asks for encrypted reasoning', () => {
    expect(chat({}).body).toMatchObject({ store: false });
    expect(chat({}).body).not.toHaveProperty('include');
    expect(chat({ reasoning_effort: 'low' }).body['include']).toEqual(['reasoning.encrypted_content']);
    expect(chat({ reasoning_effort: 'none' }).body).not.toHaveProperty('include');
  });

  it('says that a function is not strict, which is the rule here', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(chat({ tools }).body['tools']).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
    ]);
  });

  it('has at least sixteen output tokens', () => {
    expect(chat({ max_tokens: 5 })).toMatchObject({
      body: { max_output_tokens: 16 },
      warnings: ['max_output_tokens: at least 16 in this format'],
    });
  });

  it('of a system message only keeps it as its input', () => {
    expect(chat({ messages: [{ role: 'system', content: 'Write a poem.' }] }).body['input']).toEqual([
      { type: 'message', role: 'system', content: 'Write a poem.' },
    ]);
  });

  it('shortens ids of calls that are too long, the same for a call and its output', () => {
    const id = 'x'.repeat(200);
    const { body } = chat({
      messages: [
        { role: 'assistant', tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '' } }] },
        { role: 'tool', tool_call_id: id, content: 'ok' },
      ],
    });
    const [call, output] = body['input'] as JsonObject[];
    expect((call!['call_id'] as string).length).toBeLessThanOrEqual(64);
    expect(output!['call_id']).toBe(call!['call_id']);
  });

  it('has all calls of a turn in one message of chat completions', () => {
    // A message per item was refused: every tool message must follow the assistant's message that has its call.
    const input = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Two lookups.' },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call', call_id: 'b', name: 'g', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: '1' },
      { type: 'function_call_output', call_id: 'b', output: '2' },
    ];
    const { body } = translate(OWN, 'openai-chat', { model: 'm', input });
    expect((body['messages'] as JsonObject[]).map((one) => one['role'])).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
    ]);
  });
});
