import type { StreamEvent } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { decodeStream, encodeStream, format, sseData } from './harness.js';

/** What providers really send beside what they document. Each case opens with who does it and what it broke. */

const chunk = (delta: object, finish: string | null = null): string =>
  JSON.stringify({ id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] });
const call = (members: object): string => chunk({ tool_calls: [members] });

function openai(events: string[]): StreamEvent[] {
  return decodeStream('openai-chat', events);
}

function callsOf(events: StreamEvent[]): [string, string, string][] {
  return foldEvents(events).choices.flatMap((choice) =>
    choice.parts.flatMap((part): [string, string, string][] =>
      part.type === 'tool-call' ? [[part.id, part.name, part.arguments]] : [],
    ),
  );
}

describe('tool calls of OpenAI-like streams', () => {
  it('are told apart by their ids when a server leaves the index out', () => {
    // Gemini's OpenAI endpoint and some proxies send deltas without `index`: all calls fell into one.
    const events = openai([
      call({ id: 'a', function: { name: 'one', arguments: '{"x":' } }),
      call({ function: { arguments: '1}' } }),
      call({ id: 'b', function: { name: 'two', arguments: '{}' } }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ]);
    expect(callsOf(events)).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'two', '{}'],
    ]);
  });

  it('stay one call when id and name are repeated in every delta', () => {
    // Some vLLM versions and Qwen repeat both: every delta opened a new call.
    const events = openai([
      call({ index: 0, id: 'a', type: 'function', function: { name: 'one', arguments: '{"x"' } }),
      call({ index: 0, id: 'a', type: 'function', function: { name: 'one', arguments: ':1}' } }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ]);
    expect(callsOf(events)).toEqual([['a', 'one', '{"x":1}']]);
  });

  it('are two calls when a server gives both the index 0', () => {
    // Some servers send each parallel call whole, always with index 0: the arguments were glued together.
    const events = openai([
      call({ index: 0, id: 'a', function: { name: 'one', arguments: '{"x":1}' } }),
      call({ index: 0, id: 'b', function: { name: 'two', arguments: '{"y":2}' } }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ]);
    expect(callsOf(events)).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'two', '{"y":2}'],
    ]);
  });

  it('may have an object as arguments, and no id', () => {
    // Ollama's native shape leaks through some adapters: `arguments` became "[object Object]".
    const events = openai([
      call({ index: 0, function: { name: 'one', arguments: { city: 'Paris' } } }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ]);
    expect(callsOf(events)).toEqual([['call_0_0', 'one', '{"city":"Paris"}']]);
    const whole = format('openai-chat').response!.decode({
      choices: [
        {
          message: { content: null, tool_calls: [{ function: { name: 'one', arguments: { a: 1 } } }] },
          finish_reason: 'tool_calls',
        },
      ],
    });
    expect(whole.choices[0]?.parts).toEqual([
      { type: 'tool-call', id: 'call_0', name: 'one', arguments: '{"a":1}' },
    ]);
  });

  it('reach an Anthropic client one after the other though their deltas are mixed', () => {
    // Anthropic has one open block at a time. Mixed deltas went to whichever block was open last.
    const events = openai([
      call({ index: 0, id: 'a', function: { name: 'one', arguments: '{"x"' } }),
      call({ index: 1, id: 'b', function: { name: 'two', arguments: '{"y"' } }),
      call({ index: 0, function: { arguments: ':1}' } }),
      call({ index: 1, function: { arguments: ':2}' } }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ]);
    const wire = sseData(encodeStream('anthropic-messages', events)).map(
      (data) => JSON.parse(data) as { type: string; index?: number },
    );
    const blocks = wire
      .filter((event) => event.type.startsWith('content_block'))
      .map((event) => `${event.type.slice(14)} ${event.index}`);
    expect(blocks).toEqual([
      'start 0',
      'delta 0',
      'delta 0',
      'stop 0',
      'start 1',
      'delta 1',
      'delta 1',
      'stop 1',
    ]);
    expect(
      callsOf(
        decodeStream(
          'anthropic-messages',
          wire.map((event) => JSON.stringify(event)),
        ),
      ),
    ).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'two', '{"y":2}'],
    ]);
  });

  it('make an Anthropic client run the tool though the finish reason is `stop`', () => {
    // OpenAI itself ends a forced call with `stop`: Anthropic clients read `end_turn` and never ran the tool.
    const events = openai([
      call({ index: 0, id: 'a', function: { name: 'one', arguments: '{}' } }),
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    expect(encodeStream('anthropic-messages', events)).toContain('"stop_reason":"tool_use"');
  });
});

describe('OpenAI-like streams', () => {
  it('may repeat the finish reason and go on after it', () => {
    const events = openai([
      chunk({ content: 'a' }),
      chunk({}, 'stop'),
      chunk({ content: '' }, 'stop'),
      chunk({ content: 'late' }),
      '[DONE]',
    ]);
    expect(events.filter((event) => event.type === 'finish')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'part-delta')).toHaveLength(1);
  });

  it('may have null where content or the delta should be', () => {
    const events = openai([
      chunk({ role: 'assistant', content: null }),
      '{"id":"c","choices":[{"index":0,"delta":null}]}',
      chunk({ content: 'a' }),
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    expect(foldEvents(events).choices[0]?.parts).toEqual([{ type: 'text', text: 'a' }]);
  });

  it('may have no choices at all, and no [DONE]', () => {
    const events = openai([
      '{"id":"c","choices":[]}',
      '{"id":"c"}',
      chunk({ content: 'a' }),
      chunk({}, 'stop'),
    ]);
    expect(events.at(-1)?.type).toBe('end');
  });

  it('may end with [DONE] and no finish reason', () => {
    expect(openai([chunk({ content: 'a' }), '[DONE]']).slice(-2)).toEqual([
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'end' },
    ]);
    expect(openai([call({ index: 0, id: 'a', function: { name: 'x' } }), '[DONE]']).slice(-2)).toEqual([
      { type: 'finish', choice: 0, reason: 'tool-calls' },
      { type: 'end' },
    ]);
  });

  it('may report usage with every chunk; the last one counts', () => {
    const counted = (n: number): string =>
      JSON.stringify({
        id: 'c',
        choices: [{ index: 0, delta: { content: 'x' } }],
        usage: { prompt_tokens: 5, completion_tokens: n, total_tokens: 5 + n },
      });
    const folded = foldEvents(openai([counted(1), counted(2), chunk({}, 'stop'), '[DONE]']));
    expect(folded.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  });

  it('are an error when they stop in the middle', () => {
    expect(openai([chunk({ content: 'a' })]).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'stream_interrupted' },
    });
    expect(openai([]).at(-1)).toMatchObject({ type: 'error', error: { code: 'stream_interrupted' } });
  });

  it('are over after an error inside a stream that began with status 200', () => {
    const events = openai([
      chunk({ content: 'a' }),
      '{"error":{"message":"Rate limit","type":"requests","code":"rate_limit_exceeded"}}',
      chunk({ content: 'b' }),
      '[DONE]',
    ]);
    expect(events.at(-1)).toEqual({
      type: 'error',
      error: { kind: 'rate-limit', status: 429, code: 'rate_limit_exceeded', message: 'Rate limit' },
    });
    const wire = encodeStream('openai-chat', events);
    expect(wire).not.toContain('[DONE]');
  });

  it('may carry OpenRouter errors, whose code is a status', () => {
    const events = openai([
      '{"id":"gen","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}',
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'unavailable', status: 502 } });
  });

  it('keep reasoning in one piece though every delta has members nobody knows', () => {
    // Groq says `"channel":"analysis"` with every piece of reasoning: each became a thinking block of its own.
    const events = openai([
      chunk({ reasoning: 'a', channel: 'analysis' }),
      chunk({ reasoning: 'b', channel: 'analysis' }),
      chunk({ content: 'c' }),
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    const wire = encodeStream('anthropic-messages', events);
    expect(wire.match(/"type":"thinking","thinking"/g)).toHaveLength(1);
  });

  it('may stream their content in parts, as Mistral does when it reasons', () => {
    const events = openai([
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      chunk({ content: [{ type: 'text', text: 'yes' }] }),
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    expect(foldEvents(events).choices[0]?.parts).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'yes' },
    ]);
  });

  it("count xAI's reasoning into the output, which it leaves out of its sum", () => {
    const events = openai([
      chunk({ content: 'a' }, 'stop'),
      '{"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}}',
      '[DONE]',
    ]);
    expect(foldEvents(events).usage).toMatchObject({ outputTokens: 25, reasoningTokens: 20 });
  });

  it('may call functions the legacy way', () => {
    const events = openai([
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{}' } }),
      chunk({}, 'function_call'),
      '[DONE]',
    ]);
    expect(callsOf(events)).toEqual([['call_legacy_1', 'f', '{}']]);
    expect(encodeStream('openai-chat', events)).toContain('"delta":{"function_call":{"arguments":"{}"}}');
    expect(encodeStream('openai-chat', events)).toContain('"finish_reason":"function_call"');
  });
});

describe('signed reasoning', () => {
  it('survives turns of an OpenAI client, streamed', () => {
    // A client of the OpenAI API had no place for Anthropic's signatures: the second turn with tools was refused.
    const anthropic = decodeStream('anthropic-messages', [
      '{"type":"message_start","message":{"id":"m","model":"c"}}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"think"}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"ing"}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}',
      '{"type":"content_block_stop","index":0}',
      '{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"enc"}}',
      '{"type":"content_block_stop","index":1}',
      '{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}',
      '{"type":"content_block_stop","index":2}',
      '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":3}}',
      '{"type":"message_stop"}',
    ]);
    // The client collects the arrays of all deltas, as OpenRouter documents.
    const details = sseData(encodeStream('openai-chat', anthropic))
      .filter((data) => data !== '[DONE]')
      .flatMap(
        (data) =>
          (JSON.parse(data) as { choices: { delta: { reasoning_details?: object[] } }[] }).choices[0]?.delta
            .reasoning_details ?? [],
      );
    const next = format('openai-chat').request!.decode({
      model: 'm',
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'assistant',
          content: null,
          reasoning_details: details as never,
          tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 't', content: 'ok' },
      ],
    });
    const sent = format('anthropic-messages').request!.encode(next, {
      model: 'claude-sonnet-4-5',
      warn: () => {},
    });
    expect((sent['messages'] as { content: object[] }[])[1]?.content).toEqual([
      { type: 'thinking', thinking: 'thinking', signature: 'sig' },
      { type: 'redacted_thinking', data: 'enc' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ]);
  });
});

describe('Anthropic streams', () => {
  const start =
    '{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":3,"output_tokens":1}}}';

  it('may ping before they start', () => {
    const events = decodeStream('anthropic-messages', [
      '{"type":"ping"}',
      start,
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"}}',
      '{"type":"message_stop"}',
    ]);
    expect(events.map((event) => event.type)).toEqual(['ping', 'start', 'usage', 'finish', 'end']);
    expect(encodeStream('openai-chat', events)).not.toContain('ping');
  });

  it('may give the whole input of a tool at once', () => {
    const events = decodeStream('anthropic-messages', [
      start,
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}}',
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_delta","delta":{"stop_reason":"tool_use"}}',
      '{"type":"message_stop"}',
    ]);
    expect(callsOf(events)).toEqual([['t', 'f', '{"a":1}']]);
  });

  it('give an OpenAI client JSON as arguments even when the tool takes none', () => {
    // Anthropic sends no input delta then; clients that parse the arguments failed on an empty text.
    const events = decodeStream('anthropic-messages', [
      start,
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}',
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_stop"}',
    ]);
    expect(callsOf(events)).toEqual([['t', 'f', '{}']]);
    expect(events.at(-2)).toEqual({ type: 'finish', choice: 0, reason: 'tool-calls' });
  });

  it('may leave blocks open, miss message_stop, or have events nobody knows', () => {
    const events = decodeStream('anthropic-messages', [
      start,
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}',
      '{"type":"vendor_event"}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
    ]);
    expect(events.map((event) => event.type)).toEqual([
      'start',
      'usage',
      'part-start',
      'part-delta',
      'part-end',
      'finish',
      'usage',
      'end',
    ]);
  });

  it('may lack the beginning of a text, but not that of a call', () => {
    const delta = (member: string) =>
      `{"type":"content_block_delta","index":7,"delta":{"type":"${member}_delta","${member === 'input_json' ? 'partial_json' : member}":"{}"}}`;
    const end = '{"type":"message_delta","delta":{"stop_reason":"end_turn"}}';
    const parts = (member: string) =>
      foldEvents(decodeStream('anthropic-messages', [start, delta(member), end])).choices[0]?.parts;
    expect(parts('text')).toEqual([{ type: 'text', text: '{}' }]);
    expect(parts('thinking')).toEqual([{ type: 'reasoning', text: '{}' }]);
    expect(() => parts('input_json')).toThrow('came without its beginning');
  });

  it('are an error when they stop in the middle', () => {
    expect(decodeStream('anthropic-messages', [start]).at(-1)).toMatchObject({
      type: 'error',
      error: { kind: 'upstream', code: 'stream_interrupted' },
    });
  });
});
