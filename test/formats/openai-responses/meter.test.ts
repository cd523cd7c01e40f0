import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject, ScannedFields, StreamMeter } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openaiResponses } from '../../../plugins/formats/openai-responses/index.js';
import { json, text } from '../generate/json.js';

const ROOT = fileURLToPath(new URL('../golden/openai-responses/', import.meta.url));
const meter = openaiResponses.meter!;

function wire(file: string): string[] {
  const lines = readFileSync(`${ROOT}${file}.stream.jsonl`, 'utf8').trim().split('\n');
  return lines.map((line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`);
}

function feed(stream: StreamMeter, chunks: string[]): string {
  return chunks.map((chunk) => stream.push(Buffer.from(chunk)).toString()).join('');
}

const delta = (words: string): string =>
  `data: ${JSON.stringify({ type: 'response.output_text.delta', delta: words })}\n\n`;

describe('the meter of a whole answer', () => {
  it('reads the usage of a recorded answer', () => {
    const usage = meter.body(readFileSync(`${ROOT}reasoning-tools.response.json`));
    expect(usage).toMatchObject({
      inputTokens: 291,
      outputTokens: 230,
      cacheReadTokens: 128,
      cacheWriteTokens: 64,
      reasoningTokens: 192,
    });
    expect(meter.body(readFileSync(`${ROOT}refusal.response.json`))).toBeNull();
  });

  it('finds what JSON.parse finds, wherever it stands', () => {
    const counts = fc.record({ input_tokens: fc.nat(1e6), output_tokens: fc.nat(1e6) });
    const other = fc.tuple(
      fc.constantFrom('output', 'tools', 'metadata', 'x'),
      fc.oneof(json, fc.record({ usage: counts }), fc.constant('"usage":{"input_tokens":9}')),
    );
    const usage = fc.tuple(fc.constant('usage'), fc.oneof(counts, fc.constant(null)));
    fc.assert(
      fc.property(fc.array(fc.oneof(other, usage), { maxLength: 6 }), (members) => {
        const body = Object.fromEntries(members) as { usage?: { input_tokens: number } | null };
        const found = meter.body(Buffer.from(JSON.stringify(body)));
        expect(found?.inputTokens).toBe(body.usage?.input_tokens);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the meter of a stream', () => {
  it('reads usage, start and end, in whatever groups events arrive, and changes nothing', () => {
    const events = wire('reasoning-tools');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 60 }), (groups) => {
        const stream = meter.stream({ strip: true });
        const chunks: string[] = [];
        for (let i = 0, g = 0; i < events.length; g++) {
          const take = groups[g] ?? 1;
          chunks.push(events.slice(i, i + take).join(''));
          i += take;
        }
        expect(feed(stream, chunks)).toBe(events.join(''));
        expect([stream.started, stream.finished, stream.failed]).toEqual([true, true, false]);
        expect(stream.usage()).toMatchObject({ inputTokens: 291, outputTokens: 230, reasoningTokens: 192 });
      }),
    );
  });

  it('has not started before something was made', () => {
    const stream = meter.stream({ strip: false });
    const events = wire('text');
    feed(stream, events.slice(0, 4));
    expect(stream.started).toBe(false);
    feed(stream, events.slice(4, 5));
    expect(stream.started).toBe(true);
    expect(stream.finished).toBe(false);
  });

  it('is not fooled by a model that writes about events', () => {
    const stream = meter.stream({ strip: false });
    feed(stream, [
      delta('response.completed'),
      delta('"type":"response.completed"'),
      delta('response.failed'),
      delta('event: response.failed'),
      delta('"usage":{"input_tokens":1,"output_tokens":1}'),
    ]);
    expect([stream.finished, stream.failed, stream.usage()]).toEqual([false, false, null]);
  });

  it('knows the provider’s own error', () => {
    for (const file of ['error', 'failed']) {
      const stream = meter.stream({ strip: false });
      feed(stream, wire(file));
      expect(stream.failed, file).toBe(true);
    }
    const cut = meter.stream({ strip: false });
    feed(cut, wire('incomplete'));
    expect([cut.finished, cut.failed, cut.usage()?.outputTokens]).toEqual([true, false, 16]);
  });

  it('never throws on bytes that are no JSON', () => {
    const pieces = [
      '"usage"',
      '"response.completed"',
      '"type"',
      ':',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '1',
      ' ',
      '[',
    ];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...pieces) }), text, (noise, more) => {
        const stream = meter.stream({ strip: true });
        stream.push(Buffer.from(noise + more));
        meter.body(Buffer.from(noise + more));
        expect(stream.usage()).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('the fields of a request', () => {
  const scanned = (body: JsonObject): ScannedFields => ({
    json: (name) => (name in body ? JSON.stringify(body[name]) : undefined),
  });

  it('tell the cap on output tokens and the end user, and are all named', () => {
    expect(openaiResponses.maxOutputTokens!(scanned({ max_output_tokens: 7 }))).toBe(7);
    expect(openaiResponses.maxOutputTokens!(scanned({ max_tokens: 7 }))).toBeUndefined();
    expect(openaiResponses.user!(scanned({ safety_identifier: 'ada' }))).toBe('ada');
    expect(openaiResponses.user!(scanned({ user: 'bob', safety_identifier: 'ada' }))).toBe('bob');
    const asked = new Set<string>();
    const spy: ScannedFields = { json: (name) => void asked.add(name) };
    openaiResponses.maxOutputTokens!(spy);
    openaiResponses.user!(spy);
    for (const name of asked) expect(openaiResponses.fields).toContain(name);
  });
});
