import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventMessage, exceptionMessage } from '../../../plugins/formats/shared/eventstream-write.js';
import { text } from '../generate/json.js';
import { bedrock } from './harness.js';

const meter = bedrock.meter!;
const delta = (said: string): Buffer =>
  eventMessage('contentBlockDelta', JSON.stringify({ contentBlockIndex: 0, delta: { text: said } }));
const metadata = (usage: JsonObject): Buffer =>
  eventMessage('metadata', JSON.stringify({ usage, metrics: { latencyMs: 1 } }));

/** Texts made to look like what the meter looks for, once they are escaped into JSON. */
const hostile = fc.oneof(
  fc.constantFrom(
    '"usage":{"inputTokens":9,"outputTokens":9}',
    'messageStop',
    '\x07\0\x0bmessageStop',
    '\x07\0\x09exception',
    '\\"usage\\":{}',
  ),
  text,
);

describe('the meter of Converse', () => {
  it('reads the usage of a whole answer wherever it stands', () => {
    const body = (members: JsonObject) => meter.body(Buffer.from(JSON.stringify(members)));
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 117,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 2,
    };
    const found = { inputTokens: 112, outputTokens: 5, cacheReadTokens: 100, cacheWriteTokens: 2 };
    expect(body({ usage, output: { message: { content: [{ text: '"usage":{}' }] } } })).toMatchObject(found);
    expect(body({ output: { usage: { inputTokens: 1 } }, usage })).toMatchObject(found);
    expect(body({ output: { usage } })).toBeNull();
    expect(body({ usage: {} })).toBeNull();
  });

  it('reads start, end and usage of a stream, in whatever groups its messages come', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), fc.nat(6), (texts, group) => {
        const stream = meter.stream({ strip: true });
        const start = eventMessage('messageStart', '{"role":"assistant"}');
        expect(stream.push(start)).toBe(start);
        expect([stream.started, stream.finished]).toEqual([false, false]);
        const all = texts.map(delta);
        for (let i = 0; i < all.length; i += group + 1) {
          const chunk = Buffer.concat(all.slice(i, i + group + 1));
          expect(stream.push(chunk)).toBe(chunk);
        }
        expect([stream.started, stream.finished, stream.failed, stream.usage()]).toEqual([
          true,
          false,
          false,
          null,
        ]);
        stream.push(eventMessage('messageStop', '{"stopReason":"end_turn"}'));
        expect(stream.finished).toBe(true);
        stream.push(metadata({ inputTokens: 3, outputTokens: 4, totalTokens: 7 }));
        expect(stream.usage()).toMatchObject({ inputTokens: 3, outputTokens: 4 });
      }),
      { numRuns: 200 },
    );
  });

  it('sees that the provider told its own error', () => {
    const stream = meter.stream({ strip: false });
    stream.push(delta('a'));
    expect(stream.failed).toBe(false);
    stream.push(exceptionMessage('throttlingException', '{"message":"slow"}'));
    expect([stream.failed, stream.finished]).toEqual([true, false]);
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        meter.body(Buffer.from(bytes));
        const stream = meter.stream({ strip: true });
        stream.push(Buffer.from(bytes));
        stream.usage();
      }),
    );
  });
});

describe('the cap on output tokens', () => {
  it('is read from inferenceConfig', () => {
    const cap = (inferenceConfig: unknown) =>
      bedrock.maxOutputTokens!({
        json: (field) => (field === 'inferenceConfig' ? JSON.stringify(inferenceConfig) : undefined),
      });
    expect(cap({ maxTokens: 5 })).toBe(5);
    expect(cap({ maxTokens: 'many' })).toBeUndefined();
    expect(cap(null)).toBeUndefined();
    expect(cap(undefined)).toBeUndefined();
  });
});
