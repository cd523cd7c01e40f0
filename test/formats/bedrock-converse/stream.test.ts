import type { CanonicalResponse, JsonObject, StreamEvent } from '@headgate/sdk';
import { emptyUsage, foldEvents, MalformedBody, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EventStreamReader } from '../../../core/wire/aws-eventstream.js';
import { cuts, cutUp } from '../../wire/chunking.js';
import { json, name, text } from '../generate/json.js';
import { bedrock, decodeStream, encodeStream, messagesOf } from './harness.js';

const call = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid(),
  name,
  arguments: fc.dictionary(name, text, { noNullPrototype: true }).map((input) => JSON.stringify(input)),
});
const said = fc.record({ type: fc.constant('text' as const), text });
const cited = fc.record({
  type: fc.constant('text' as const),
  text,
  citations: fc.array(fc.record({ title: text }), { minLength: 1, maxLength: 2 }),
});
const thought = fc.record({ type: fc.constant('reasoning' as const), text });
const signed = fc.record({ type: fc.constant('reasoning' as const), text, signature: text });
const hidden = fc.record({
  type: fc.constant('reasoning' as const),
  text: fc.constant(''),
  encrypted: fc.oneof(text, fc.base64String({ minLength: 4 })),
});
const usage = fc
  .record({ input: fc.nat(999), read: fc.nat(999), write: fc.nat(999), long: fc.nat(9), output: fc.nat(999) })
  .map((n) => ({
    ...emptyUsage(),
    inputTokens: n.input + n.read + n.write + n.long,
    cacheReadTokens: n.read,
    cacheWriteTokens: n.write,
    cacheWriteLongTokens: n.long,
    outputTokens: n.output,
  }));

function answer(origin: string): fc.Arbitrary<CanonicalResponse> {
  return fc
    .record({
      parts: fc.array(fc.oneof(said, cited, thought, signed, hidden, call), { minLength: 1, maxLength: 5 }),
      finish: fc.constantFrom(
        ['stop', 'end_turn'] as const,
        ['length', 'max_tokens'] as const,
        ['length', 'model_context_window_exceeded'] as const,
        ['tool-calls', 'tool_use'] as const,
        ['stop-sequence', 'stop_sequence'] as const,
        ['content-filter', 'guardrail_intervened'] as const,
        ['content-filter', 'content_filtered'] as const,
        ['other', 'malformed_tool_use'] as const,
        ['other', 'malformed_model_output'] as const,
      ),
      usage,
      trace: fc.option(json.filter((value) => value !== null)),
    })
    .map(({ parts, finish: [finish, finishRaw], usage: counted, trace }) => ({
      origin,
      id: '',
      model: '',
      created: 1_700_000_000,
      choices: [
        {
          index: 0,
          parts,
          finish,
          finishRaw,
          extra: { metrics: { latencyMs: 7 }, ...(trace === null ? {} : { trace: { x: trace } }) },
        },
      ],
      usage: counted,
    }));
}

/** Cuts every delta of text in two. */
function cut(events: StreamEvent[], at: number): StreamEvent[] {
  return events.flatMap((event): StreamEvent[] =>
    event.type === 'part-delta' && event.text.length > at
      ? [
          { ...event, text: event.text.slice(0, at) },
          { ...event, text: event.text.slice(at) },
        ]
      : [event],
  );
}

/** The raw usage is only kept to write it again. */
function withoutRaw(response: CanonicalResponse): CanonicalResponse {
  for (const choice of response.choices) if (choice.extra !== undefined) delete choice.extra['usage'];
  return response;
}

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

describe('a stream of Converse', () => {
  it('loses nothing when it is written and read again, however its text is cut', () => {
    fc.assert(
      fc.property(answer('bedrock-converse'), fc.integer({ min: 1, max: 8 }), (response, at) => {
        const wire = encodeStream(cut(unfoldResponse(response), at));
        expect(withoutRaw(foldEvents(decodeStream(messagesOf(wire))))).toEqual(response);
      }),
      { numRuns: 300 },
    );
  });

  it('is read the same from bytes cut anywhere', () => {
    fc.assert(
      fc.property(answer('bedrock-converse'), cuts, (response, places) => {
        const wire = encodeStream(unfoldResponse(response));
        const decoder = bedrock.stream!.decoder();
        const events: StreamEvent[] = [];
        const emit = (event: StreamEvent): void => void events.push(event);
        const reader = new EventStreamReader((event, data) => decoder.push(event, data, emit));
        for (const piece of cutUp(wire, places)) reader.push(piece);
        reader.end();
        decoder.end(emit);
        expect(withoutRaw(foldEvents(events))).toEqual(response);
      }),
      { numRuns: 100 },
    );
  });

  it('says the same as the whole answer', () => {
    fc.assert(
      fc.property(answer('bedrock-converse'), (response) => {
        const codec = bedrock.response!;
        const whole = codec.decode(JSON.parse(JSON.stringify(codec.encode(response))) as JsonObject);
        const streamed = foldEvents(decodeStream(messagesOf(encodeStream(unfoldResponse(response)))));
        expect(streamed).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('carries texts, calls and usage of an answer of another format, in the order of Converse', () => {
    fc.assert(
      fc.property(answer('openai-chat'), (response) => {
        const messages = messagesOf(encodeStream(unfoldResponse(response)));
        expect(messages[0]?.[0]).toBe('messageStart');
        expect(messages.slice(-2).map(([event]) => event)).toEqual(['messageStop', 'metadata']);
        let open = -1;
        let next = 0;
        for (const [event, data] of messages.slice(1, -2)) {
          const index = data['contentBlockIndex'] as number;
          if (event !== 'contentBlockStop' && open === -1) {
            expect(index).toBe(next++);
            open = index;
          }
          expect(index).toBe(open);
          if (event === 'contentBlockStop') open = -1;
        }
        expect(open).toBe(-1);
        const back = foldEvents(decodeStream(messages));
        const strip = (one: CanonicalResponse) =>
          one.choices[0]!.parts.map((part) => {
            const { citations: _, ...rest } = part as unknown as Record<string, unknown>;
            return rest;
          });
        expect(strip(back)).toEqual(strip(response));
        expect(back.usage).toEqual(response.usage);
      }),
      { numRuns: 300 },
    );
  });

  it('is kept in the order of the hub, whatever order its messages come in', () => {
    const message = fc.oneof(
      fc.constantFrom<[string, JsonObject]>(
        ['messageStart', { role: 'assistant' }],
        ['messageStop', { stopReason: 'end_turn' }],
        ['messageStop', {}],
        ['metadata', { usage: { inputTokens: 1, outputTokens: 2 }, metrics: { latencyMs: 1 } }],
        ['vendorEvent', { x: 1 }],
        ['contentBlockDelta', {}],
      ),
      fc
        .tuple(
          fc.constantFrom('contentBlockStart', 'contentBlockDelta', 'contentBlockStop'),
          fc.nat(2),
          fc.constantFrom<JsonObject>(
            { toolUse: { toolUseId: 'a', name: 'f', input: '{}' } },
            { toolUse: { toolUseId: 'a', name: 'f', type: 'server_tool_use', input: '{"x"' } },
            { toolResult: [{ text: 'x' }] },
            { toolResult: { toolUseId: 'a' } },
            { image: { format: 'png', source: { bytes: 'AAAA' } } },
            { text: 'hi' },
            { reasoningContent: { text: 'hm' } },
            { reasoningContent: { signature: 's' } },
            { reasoningContent: { redactedContent: 'AAAA' } },
            { citation: { title: 't' } },
            {},
          ),
        )
        .map(([event, contentBlockIndex, inner]): [string, JsonObject] => [
          event,
          { contentBlockIndex, start: inner, delta: inner },
        ]),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 25 }), (messages) => {
        const events = decodeStream(messages);
        const open = new Set<number>();
        let seen = 0;
        expect(['start', 'error']).toContain(events[0]?.type);
        expect(['end', 'error']).toContain(events.at(-1)?.type);
        expect(events.filter((one) => one.type === 'end' || one.type === 'error')).toHaveLength(1);
        for (const event of events) {
          if (event.type === 'part-start' || event.type === 'part-whole') {
            if (event.type === 'part-start') {
              expect(event.part).toBe(seen);
              open.add(event.part);
            }
            seen = Math.max(seen, event.part + 1);
          }
          if (event.type === 'part-delta') expect(open.has(event.part)).toBe(true);
          if (event.type === 'part-end') expect(open.delete(event.part)).toBe(true);
          if (event.type === 'finish') expect(open.size).toBe(0);
        }
        messagesOf(encodeStream(events));
      }),
      { numRuns: 500 },
    );
  });

  it('is an error when it stops in the middle, and complete without metadata', () => {
    expect(decodeStream([['messageStart', {}]]).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'stream_interrupted' },
    });
    expect(decodeStream([['messageStop', { stopReason: 'end_turn' }]]).map((one) => one.type)).toEqual([
      'start',
      'finish',
      'end',
    ]);
  });

  it('is over after an exception, with or without the mark of the wire', () => {
    for (const event of ['exception:modelStreamErrorException', 'modelStreamErrorException']) {
      const events = decodeStream([
        ['messageStart', {}],
        [event, { message: 'broken', originalStatusCode: 500 }],
        ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'late' } }],
      ]);
      expect(events.at(-1)).toEqual({
        type: 'error',
        error: { kind: 'upstream', status: 424, code: 'modelStreamErrorException', message: 'broken' },
      });
    }
  });

  it('is refused when an event is no JSON object', () => {
    for (const data of ['', '[]', '"text"', '{', 'null'])
      expect(() => bedrock.stream!.decoder().push('metadata', data, () => {})).toThrow(MalformedBody);
  });

  it('joins a picture whose bytes come in several deltas', () => {
    const one = Buffer.from('first').toString('base64');
    const two = Buffer.from(' and second').toString('base64');
    const events = decodeStream([
      ['contentBlockStart', { contentBlockIndex: 0, start: { image: { format: 'png' } } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: one } } } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: two } } } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      ['messageStop', { stopReason: 'end_turn' }],
    ]);
    expect(foldEvents(events).choices[0]?.parts).toEqual([
      {
        type: 'image',
        source: {
          kind: 'base64',
          mediaType: 'image/png',
          data: Buffer.from('first and second').toString('base64'),
        },
      },
    ]);
  });

  it('has one call after the other though their deltas are mixed', () => {
    const part = (index: number) => ({ choice: 0, part: index });
    const messages = messagesOf(
      encodeStream([
        { type: 'start', id: 'a', model: 'm', created: 1 },
        { type: 'part-start', ...part(0), kind: 'tool-call', toolCallId: 'a', toolName: 'one' },
        { type: 'part-delta', ...part(0), text: '{"x"' },
        { type: 'part-start', ...part(1), kind: 'tool-call', toolCallId: 'b', toolName: 'two' },
        { type: 'part-delta', ...part(1), text: '{"y"' },
        { type: 'part-delta', ...part(0), text: ':1}' },
        { type: 'part-delta', ...part(1), text: ':2}' },
        { type: 'part-end', ...part(0) },
        { type: 'part-end', ...part(1) },
        { type: 'finish', choice: 0, reason: 'stop' },
        { type: 'end' },
      ]),
    );
    const parts = foldEvents(decodeStream(messages)).choices[0]?.parts;
    expect(parts).toMatchObject([
      { id: 'a', arguments: '{"x":1}' },
      { id: 'b', arguments: '{"y":2}' },
    ]);
    // OpenAI ends a forced call with `stop`, and clients of this API only run tools on `tool_use`.
    expect(messages.at(-2)).toEqual(['messageStop', { stopReason: 'tool_use' }]);
  });
});
