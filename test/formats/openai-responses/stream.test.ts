import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CanonicalResponse, Choice, FinishReason, JsonObject, Part, StreamEvent } from '@headgate/sdk';
import { emptyUsage, foldEvents, MalformedBody, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealResponses } from '../../../plugins/formats/shared/reasoning-seal.js';
import { name, text } from '../generate/json.js';
import { decodeStream, encodeStream, format, MATRIX, sseData, sseEvents } from '../harness.js';

const OWN = 'openai-responses';
const ROOT = fileURLToPath(new URL('../golden/openai-responses/', import.meta.url));

function lines(file: string): string[] {
  return readFileSync(`${ROOT}${file}.stream.jsonl`, 'utf8').trim().split('\n');
}

const call = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid(),
  name,
  arguments: fc.dictionary(name, text, { noNullPrototype: true }).map((input) => JSON.stringify(input)),
});
const ofText = (type: 'text' | 'refusal') => fc.record({ type: fc.constant(type), text });
const thought = fc.record({ type: fc.constant('reasoning' as const), text });
const usage = fc
  .record({
    input: fc.nat(999),
    read: fc.nat(999),
    write: fc.nat(999),
    output: fc.nat(999),
    thought: fc.nat(99),
  })
  .map((n) => ({
    ...emptyUsage(),
    inputTokens: n.input + n.read + n.write,
    cacheReadTokens: n.read,
    cacheWriteTokens: n.write,
    outputTokens: n.output + n.thought,
    reasoningTokens: n.thought,
  }));
const FINISHES: [FinishReason, string][] = [
  ['length', 'max_output_tokens'],
  ['content-filter', 'content_filter'],
  ['other', 'cancelled'],
  ['other', 'new_reason'],
];

/** Parts as the decoder of this format gives them: each item has its members with its first part. */
const item = fc.oneof(
  fc.tuple(name, fc.array(fc.oneof(ofText('text'), ofText('refusal')), { minLength: 1, maxLength: 3 })),
  fc.tuple(name, fc.array(thought, { minLength: 1, maxLength: 2 }), fc.option(text)),
  fc.tuple(name, fc.tuple(call)),
);
const ownParts: fc.Arbitrary<Part[]> = fc.array(item, { minLength: 1, maxLength: 4 }).map((items) =>
  items.flatMap(([id, parts, encrypted], at) => {
    const list = structuredClone(parts) as Part[];
    if (typeof encrypted === 'string')
      list.push({
        type: 'reasoning',
        text: '',
        encrypted: sealResponses(`${id}_${at}`, encrypted),
        extra: { format: 'openai-responses-v1' },
      });
    list[0]!.extra = { ...list[0]!.extra, item: { id: `${id}_${at}` } };
    return list;
  }),
);
const foreignParts = fc.array(
  fc.oneof(
    ofText('text'),
    ofText('refusal'),
    thought,
    fc.record({ type: fc.constant('reasoning' as const), text, signature: text }),
    fc.record({ type: fc.constant('reasoning' as const), text: fc.constant(''), encrypted: text }),
    call,
  ) as fc.Arbitrary<Part>,
  { minLength: 1, maxLength: 6 },
);

function response(origin: string, parts: fc.Arbitrary<Part[]>): fc.Arbitrary<CanonicalResponse> {
  return fc
    .record({ id: fc.uuid(), model: name, parts, usage, finish: fc.constantFrom(null, ...FINISHES) })
    .map((one) => {
      const called = one.parts.some((part) => part.type === 'tool-call');
      const [finish, finishRaw] = one.finish ?? [called ? 'tool-calls' : 'stop', 'completed'];
      const choice: Choice = { index: 0, parts: one.parts, finish, finishRaw };
      return {
        origin,
        id: one.id,
        model: one.model,
        created: 1_700_000_000,
        choices: [choice],
        usage: one.usage,
      };
    });
}

/** Cuts every delta in two. */
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

describe('a stream of the Responses API', () => {
  for (const file of ['text', 'reasoning-tools', 'refusal', 'incomplete'])
    it(`is written again as it was read (${file})`, () => {
      const tidy = (data: string): JsonObject => {
        const { obfuscation: _, ...event } = JSON.parse(data) as JsonObject;
        return event;
      };
      const input = lines(file).map(tidy);
      const output = sseEvents(encodeStream(OWN, decodeStream(OWN, lines(file))));
      // The first snapshot of encrypted reasoning is replaced by the last, and an item without any has no parts to open.
      const expected = input.map((event) => {
        const inner = event['item'] as JsonObject | undefined;
        if (event['type'] !== 'response.output_item.added' || inner?.['type'] !== 'reasoning') return event;
        const { encrypted_content: __, ...rest } = inner;
        return { ...event, item: rest };
      });
      expect(output).toEqual(expected);
    });

  it('loses nothing of an answer, however its text is cut', () => {
    fc.assert(
      fc.property(response(OWN, ownParts), fc.integer({ min: 1, max: 8 }), (whole, at) => {
        const wire = encodeStream(OWN, cut(unfoldResponse(whole), at));
        const folded = foldEvents(decodeStream(OWN, sseData(wire)));
        const { extra: _, ...choice } = folded.choices[0]!;
        expect(choice).toEqual(whole.choices[0]);
        expect(folded.usage).toEqual(whole.usage);
        expect([folded.id, folded.model, folded.created]).toEqual([whole.id, whole.model, whole.created]);
      }),
      { numRuns: 500 },
    );
  });

  it('says the same as a whole answer', () => {
    const codec = format(OWN).response!;
    fc.assert(
      fc.property(fc.oneof(response(OWN, ownParts), response('elsewhere', foreignParts)), (one) => {
        const whole = JSON.parse(JSON.stringify(codec.encode(one))) as JsonObject;
        const events = sseEvents(encodeStream(OWN, unfoldResponse(one)));
        expect(events.at(-1)!['response']).toEqual(whole);
        const streamed = foldEvents(
          decodeStream(
            OWN,
            events.map((event) => JSON.stringify(event)),
          ),
        );
        const read = codec.decode(structuredClone(whole));
        expect(streamed.choices[0]!.parts).toEqual(read.choices[0]!.parts);
        expect(streamed.choices[0]!.finish).toEqual(read.choices[0]!.finish);
        expect(streamed.usage).toEqual(read.usage);
      }),
      { numRuns: 500 },
    );
  });

  it('brings reasoning of another provider back as it was', () => {
    const codec = format(OWN).response!;
    fc.assert(
      fc.property(response('elsewhere', foreignParts), (one) => {
        const back = codec.decode(codec.encode(one)).choices[0]!.parts;
        const bare = (parts: Part[]) =>
          parts.flatMap((part) =>
            part.type === 'reasoning' ? [[part.text, part.signature, part.encrypted]] : [],
          );
        expect(bare(back)).toEqual(bare(one.choices[0]!.parts));
      }),
      { numRuns: 300 },
    );
  });

  it('numbers its events, and keeps the order that the documentation gives', () => {
    fc.assert(
      fc.property(response('elsewhere', foreignParts), (one) => {
        const events = sseEvents(encodeStream(OWN, unfoldResponse(one)));
        events.forEach((event, i) => void expect(event['sequence_number']).toBe(i));
        expect(events[0]!['type']).toBe('response.created');
        expect(events[1]!['type']).toBe('response.in_progress');
        expect(events.at(-1)!['type']).toMatch(/^response\.(completed|incomplete)$/);
        const added = events.filter((event) => event['type'] === 'response.output_item.added');
        const done = events.filter((event) => event['type'] === 'response.output_item.done');
        expect(added.map((event) => event['output_index'])).toEqual(added.map((_, i) => i));
        expect(done).toHaveLength(added.length);
        const ids = added.map((event) => (event['item'] as JsonObject)['id']);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('is kept in the order of the hub, whatever events are missing, doubled or out of place', () => {
    const all = ['text', 'reasoning-tools', 'refusal', 'web-search', 'incomplete', 'failed'].flatMap(lines);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length - 1), { maxLength: 40 }), (picks) => {
        const open = new Set<number>();
        const known = new Set<number>();
        const events = decodeStream(
          OWN,
          picks.map((i) => all[i]!),
        );
        const ends = events.filter((event) => event.type === 'end' || event.type === 'error');
        expect(ends).toHaveLength(1);
        expect(events.at(-1)).toBe(ends[0]);
        for (const event of events) {
          if (event.type === 'part-start' || event.type === 'part-whole') {
            expect(known.has(event.part)).toBe(false);
            known.add(event.part);
          }
          if (event.type === 'part-start') open.add(event.part);
          if (event.type === 'part-delta') expect(open.has(event.part)).toBe(true);
          if (event.type === 'part-end') expect(open.delete(event.part)).toBe(true);
          if (event.type === 'end') expect(open.size).toBe(0);
        }
        for (const to of MATRIX) encodeStream(to, events);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read or refused, whatever one value of it is replaced by', () => {
    const files = ['text', 'reasoning-tools', 'web-search', 'error'];
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.jsonValue(), (file, line, pick, value) => {
        const events = lines(files[file % files.length]!).map((one) => JSON.parse(one) as JsonObject);
        const spots: [JsonObject, string][] = [];
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const key of Object.keys(node)) {
            spots.push([node as JsonObject, key]);
            walk((node as JsonObject)[key]);
          }
        };
        walk(events[line % events.length]!);
        const [node, key] = spots[pick % spots.length]!;
        node[key] = value as JsonObject[string];
        try {
          encodeStream(
            OWN,
            decodeStream(
              OWN,
              events.map((one) => JSON.stringify(one)),
            ),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBody);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('tells that it was cut short, wherever that was', () => {
    const whole = lines('reasoning-tools');
    for (let end = 0; end < whole.length; end++)
      expect(decodeStream(OWN, whole.slice(0, end)).at(-1)).toMatchObject({
        type: 'error',
        error: { code: 'stream_interrupted' },
      });
  });

  it('is refused when an event is no JSON object', () => {
    for (const data of ['', '[]', '"text"', '{', 'null'])
      expect(() => decodeStream(OWN, [data])).toThrow(MalformedBody);
  });
});
