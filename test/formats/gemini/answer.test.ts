import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  CanonicalResponse,
  Choice,
  FinishReason,
  JsonObject,
  Part,
  StreamEvent,
  Usage,
} from '@headgate/sdk';
import { emptyUsage, foldEvents, MalformedBody, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { name, text } from '../generate/json.js';
import { decodeStream, encodeStream, format, MATRIX, sseData, translateAnswer } from '../harness.js';

const codec = format('gemini').response!;
const input = fc.dictionary(name, text, { noNullPrototype: true });
const callPart = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid(),
  name,
  arguments: input.map((one) => JSON.stringify(one)),
});
const FORMAT = { format: 'google-gemini-v1' };
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({ type: fc.constant('reasoning' as const), text }),
  callPart,
  fc.constant<Part>({
    type: 'opaque',
    format: 'gemini',
    value: { executableCode: { language: 'PYTHON', code: '1' } },
  }),
  fc.constant<Part>({
    type: 'image',
    source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
  }),
);
const signed: fc.Arbitrary<Part> = fc.record({
  type: fc.constant('reasoning' as const),
  text: fc.constant(''),
  encrypted: fc.base64String({ minLength: 4 }).map((one) => `gemini//${one}`),
  extra: fc.constant(FORMAT),
});

/** Pieces of one kind that follow each other are one part in a stream. A signature stands before what it signs. */
const parts = fc.array(fc.tuple(part, fc.boolean(), signed), { minLength: 1, maxLength: 5 }).map((list) => {
  const out: Part[] = [];
  for (const [one, sign, signature] of list) {
    const signs = sign && one.type !== 'opaque' && one.type !== 'reasoning';
    if (signs) out.push(signature);
    else if (out.at(-1)?.type === one.type && (one.type === 'text' || one.type === 'reasoning')) continue;
    out.push(one);
  }
  return out;
});
const usage = fc
  .record({ input: fc.nat(999), cached: fc.nat(99), answer: fc.nat(999), thought: fc.nat(99) })
  .map(
    (n): Usage => ({
      ...emptyUsage(),
      inputTokens: n.input + n.cached,
      cacheReadTokens: n.cached,
      outputTokens: n.answer + n.thought,
      reasoningTokens: n.thought,
    }),
  );
const FINISH: [FinishReason, string][] = [
  ['length', 'MAX_TOKENS'],
  ['content-filter', 'SAFETY'],
  ['content-filter', 'RECITATION'],
  ['content-filter', 'BLOCKLIST'],
  ['content-filter', 'PROHIBITED_CONTENT'],
  ['content-filter', 'SPII'],
  ['content-filter', 'IMAGE_SAFETY'],
  ['other', 'LANGUAGE'],
  ['other', 'OTHER'],
  ['other', 'MALFORMED_FUNCTION_CALL'],
  ['other', 'UNEXPECTED_TOOL_CALL'],
  ['other', 'A_NEW_WORD'],
  ['stop', 'STOP'],
];
const choice = (index: number): fc.Arbitrary<Choice> =>
  fc.tuple(parts, fc.constantFrom(...FINISH)).map(([list, [finish, finishRaw]]) => {
    const called = finish === 'stop' && list.some((one) => one.type === 'tool-call');
    return { index, parts: list, finish: called ? 'tool-calls' : finish, finishRaw };
  });
const response: fc.Arbitrary<CanonicalResponse> = fc.record({
  origin: fc.constant('gemini'),
  id: fc.uuid(),
  model: name,
  created: fc.constant(1_700_000_000),
  choices: fc.tuple(choice(0), choice(1)).chain((both) => fc.constantFrom([both[0]], [...both])),
  usage,
});

function interleave(events: StreamEvent[]): StreamEvent[] {
  const lanes = [0, 1].map((one) => events.filter((event) => 'choice' in event && event.choice === one));
  const mixed: StreamEvent[] = [];
  for (let i = 0; i < Math.max(...lanes.map((lane) => lane.length)); i++)
    for (const lane of lanes) if (lane[i]) mixed.push(lane[i]!);
  return [
    ...events.filter((event) => event.type === 'start'),
    ...mixed,
    ...events.filter((event) => event.type === 'usage' || event.type === 'end'),
  ];
}

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

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

describe('an answer in this format', () => {
  it('comes back unchanged, whole', () => {
    fc.assert(
      fc.property(response, (one) => {
        expect(codec.decode(JSON.parse(JSON.stringify(codec.encode(one))) as JsonObject)).toEqual(one);
      }),
      { numRuns: 300 },
    );
  });

  it('comes back unchanged as a stream, however it is cut and framed', () => {
    fc.assert(
      fc.property(response, fc.integer({ min: 1, max: 8 }), fc.boolean(), (one, at, array) => {
        const events = interleave(cut(unfoldResponse(one), at));
        const wire = encodeStream('gemini', events, { framing: array ? 'json-array' : 'sse' });
        const pieces = array
          ? (JSON.parse(wire) as unknown[]).map((piece) => JSON.stringify(piece))
          : sseData(wire);
        expect(foldEvents(decodeStream('gemini', pieces))).toEqual(one);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the order of the hub in its streams', () => {
    fc.assert(
      fc.property(response, (one) => {
        const events = decodeStream('gemini', sseData(encodeStream('gemini', unfoldResponse(one))));
        const open = new Set<string>();
        const seen = new Map<number, number>();
        expect(events[0]?.type).toBe('start');
        expect(events.filter((event) => event.type === 'end')).toHaveLength(1);
        expect(events.at(-1)?.type).toBe('end');
        for (const event of events) {
          if (event.type === 'part-start' || event.type === 'part-whole') {
            expect(event.part).toBe(seen.get(event.choice) ?? 0);
            seen.set(event.choice, event.part + 1);
            if (event.type === 'part-start') open.add(`${event.choice}/${event.part}`);
          }
          if (event.type === 'part-delta') expect(open.has(`${event.choice}/${event.part}`)).toBe(true);
          if (event.type === 'part-end') expect(open.delete(`${event.choice}/${event.part}`)).toBe(true);
        }
        expect(open.size).toBe(0);
      }),
    );
  });

  it('gives calls without ids different ones in different answers', () => {
    const answer = (responseId: string): JsonObject => ({
      candidates: [
        { content: { parts: [{ functionCall: { name: 'one' } }, { functionCall: { name: 'one' } }] } },
      ],
      responseId,
    });
    const ids = ['first', 'second', ''].flatMap((id) =>
      codec.decode(answer(id)).choices[0]!.parts.map((one) => (one.type === 'tool-call' ? one.id : '')),
    );
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
  });

  it('counts thoughts once where a model counts them into the candidates', () => {
    const of = (usageMetadata: JsonObject) => codec.decode({ candidates: [], usageMetadata }).usage;
    const counts = { promptTokenCount: 10, candidatesTokenCount: 30, thoughtsTokenCount: 20 };
    expect(of({ ...counts, totalTokenCount: 60 })?.outputTokens).toBe(50);
    expect(of({ ...counts, totalTokenCount: 40 })?.outputTokens).toBe(30);
  });

  it('has audio tokens of both sides', () => {
    const usageMetadata = {
      promptTokenCount: 30,
      candidatesTokenCount: 12,
      totalTokenCount: 42,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 5 },
        { modality: 'AUDIO', tokenCount: 25 },
      ],
      candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 12 }],
    };
    expect(codec.decode({ usageMetadata }).usage).toMatchObject({
      inputAudioTokens: 25,
      outputAudioTokens: 12,
    });
    const { choices: _, ...openai } = translateAnswer('gemini', 'openai-chat', { usageMetadata });
    const back = translateAnswer('openai-chat', 'gemini', { ...openai, choices: [] });
    expect(codec.decode(back).usage).toEqual(codec.decode({ usageMetadata }).usage);
  });
});

describe('a stream of this format', () => {
  const chunk = (members: JsonObject): string =>
    JSON.stringify({ candidates: [{ content: { parts: [{ text: 'a' }] }, ...members }], responseId: 'r' });
  const types = (events: StreamEvent[]) => events.map((event) => event.type);

  it('that ends without a finish reason was cut short', () => {
    for (const events of [[], [chunk({})], [chunk({ finishReason: 'STOP' }), chunk({ index: 1 })]]) {
      const last = decodeStream('gemini', events).at(-1);
      expect(last).toMatchObject({ type: 'error', error: { code: 'stream_interrupted' } });
    }
  });

  it('is over once, where every piece says that it stops', () => {
    // The first Gemini models, and some servers still, write the finish reason into every piece.
    const events = decodeStream('gemini', [chunk({ finishReason: 'STOP' }), chunk({ finishReason: 'STOP' })]);
    expect(types(events)).toEqual([
      'start',
      'part-start',
      'part-delta',
      'part-delta',
      'part-end',
      'finish',
      'end',
    ]);
  });

  it('may hold an error, also as an array of one', () => {
    const error = { error: { code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED' } };
    for (const data of [JSON.stringify(error), JSON.stringify([error])]) {
      const events = decodeStream('gemini', [chunk({}), data, chunk({ finishReason: 'STOP' })]);
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'rate-limit', status: 429 } });
    }
  });

  it('must hold JSON objects', () => {
    for (const data of ['', '[]', '"text"', '{', 'null', '[1]'])
      expect(() => decodeStream('gemini', [data]), data).toThrow(MalformedBody);
  });

  it('is one JSON array where the client reads no events, errors included', () => {
    const start: StreamEvent = { type: 'start', id: 'a', model: 'm', created: 1 };
    const error = { kind: 'timeout', status: 504, code: 'c', message: 'm' } as const;
    const at = { choice: 0, part: 0 };
    const wire = encodeStream(
      'gemini',
      [
        start,
        { type: 'part-start', ...at, kind: 'text' },
        { type: 'part-delta', ...at, text: 'x' },
        { type: 'error', error },
      ],
      { framing: 'json-array' },
    );
    expect(wire).toMatch(/^\[\{.*\}\n,\n\{.*\}\n\]$/);
    expect(JSON.parse(wire)).toMatchObject([
      { candidates: [{}] },
      { error: { code: 504, status: 'DEADLINE_EXCEEDED' } },
    ]);
    expect(
      JSON.parse(encodeStream('gemini', [{ type: 'error', error }], { framing: 'json-array' })),
    ).toHaveLength(1);
    expect(
      JSON.parse(encodeStream('gemini', [start, { type: 'end' }], { framing: 'json-array' })),
    ).toHaveLength(1);
  });

  it('builds the arguments that come in pieces', () => {
    const call = (functionCall: JsonObject, more: JsonObject = {}) =>
      JSON.stringify({ candidates: [{ content: { parts: [{ functionCall }] }, ...more }] });
    const pieces = (...partialArgs: JsonObject[]) => call({ partialArgs, willContinue: true });
    const folded = foldEvents(
      decodeStream('gemini', [
        call({ name: 'one', id: 'x', willContinue: true }),
        pieces({ jsonPath: '$.a.b[1].c', stringValue: 'q"', willContinue: true }),
        pieces(
          { jsonPath: '$.a.b[1].c', stringValue: '\n' },
          { jsonPath: "$['d e']", nullValue: 'NULL_VALUE' },
        ),
        pieces(
          { jsonPath: '$.f', boolValue: false },
          { jsonPath: '$.g[]' },
          { jsonPath: '$.__proto__.x', numberValue: 1 },
        ),
        pieces({ jsonPath: '$.huge[999999999]', numberValue: 1 }, { jsonPath: 'nonsense', numberValue: 1 }),
        call({}),
        call({ name: 'two', args: {} }, { finishReason: 'STOP' }),
      ]),
    );
    expect(folded.choices[0]).toMatchObject({
      finish: 'tool-calls',
      parts: [
        {
          id: 'x',
          name: 'one',
          arguments: '{"a":{"b":[null,{"c":"q\\"\\n"}]},"d e":null,"f":false,"g":[],"__proto__":{"x":1}}',
        },
        { name: 'two', arguments: '{}' },
      ],
    });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('is read or refused by name when a provider sends anything', () => {
    const root = fileURLToPath(new URL('../golden/gemini/', import.meta.url));
    const files = (suffix: string) =>
      readdirSync(root)
        .filter((file) => file.endsWith(suffix))
        .map((file) => readFileSync(root + file, 'utf8'));
    const answers = files('.response.json').map((one) => JSON.parse(one) as JsonObject);
    const streams = files('.stream.jsonl').map((one) => one.trim().split('\n'));
    const places = (value: unknown, at: (string | number)[] = []): (string | number)[][] =>
      typeof value === 'object' && value !== null
        ? [at, ...Object.entries(value).flatMap(([key, one]) => places(one, [...at, key]))]
        : [at];
    const replace = (body: JsonObject, place: (string | number)[], by: unknown): JsonObject => {
      const copy = structuredClone(body);
      let target = copy as Record<string | number, unknown>;
      for (const key of place.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
      target[place.at(-1)!] = by;
      return copy;
    };
    const known = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBody);
      }
    };
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.jsonValue(), (file, pick, value) => {
        const answer = answers[file % answers.length]!;
        const spots = places(answer).slice(1);
        const wrong = replace(answer, spots[pick % spots.length]!, value);
        const lines = [...streams[file % streams.length]!];
        const line = pick % lines.length;
        const event = JSON.parse(lines[line]!) as JsonObject;
        const all = places(event).slice(1);
        lines[line] = JSON.stringify(replace(event, all[file % all.length]!, value));
        for (const to of MATRIX) {
          known(() => void translateAnswer('gemini', to, wrong));
          known(() => void encodeStream(to, decodeStream('gemini', lines)));
        }
      }),
      { numRuns: 600 },
    );
  });
});
