import type { CanonicalResponse, Part } from '@headgate/sdk';
import { emptyUsage, foldEvents, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { name, text } from './generate/json.js';
import {
  checkOrder,
  decodeStream,
  encodeStream,
  type FormatId,
  format,
  MATRIX,
  piecesOf,
  translateAnswer,
  written,
} from './harness.js';

/** Times as many runs as usual: `RUNS=20 npx vitest run test/formats/answer-matrix.test.ts` finds what is rare. */
const TIMES = Number(process.env['RUNS'] ?? 1);

const call = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid().map((id) => `call_${id}`),
  name,
  arguments: fc.dictionary(name, text, { noNullPrototype: true }).map((input) => JSON.stringify(input)),
});
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({ type: fc.constant('refusal' as const), text }),
  fc.record({ type: fc.constant('reasoning' as const), text }),
  fc.record({ type: fc.constant('reasoning' as const), text, signature: text }),
  fc.record({ type: fc.constant('reasoning' as const), text: fc.constant(''), encrypted: text }),
  call,
);
/** What any provider may answer, before it is written in the provider's own format. */
const answer: fc.Arbitrary<CanonicalResponse> = fc
  .record({
    parts: fc.array(part, { minLength: 1, maxLength: 6 }),
    cut: fc.boolean(),
    input: fc.nat(9999),
    output: fc.nat(9999),
  })
  .map(({ parts, cut, input, output }) => ({
    origin: 'elsewhere',
    id: 'id_1',
    model: 'm',
    created: 1_700_000_000,
    choices: [
      {
        index: 0,
        // Chat completions keep a refusal beside the text, so only one that comes last has a place everywhere.
        parts: [
          ...parts.filter(({ type }) => type !== 'refusal'),
          ...parts.filter(({ type }) => type === 'refusal'),
        ],
        finish: cut ? 'length' : parts.some((one) => one.type === 'tool-call') ? 'tool-calls' : 'stop',
      },
    ],
    usage: { ...emptyUsage(), inputTokens: input, outputTokens: output },
  }));

/** Formats that have no tool calls: only texts of an answer come through. */
const TEXT_ONLY = new Set<FormatId>(['ollama-generate', 'openai-completions']);

function meaning(response: CanonicalResponse, textOnly: boolean) {
  const { parts, finish } = response.choices[0]!;
  return {
    said: parts.map((one) => (one.type === 'text' || one.type === 'refusal' ? one.text : '')).join(''),
    calls: textOnly
      ? []
      : parts.flatMap((one) =>
          one.type === 'tool-call' ? [[one.id, one.name, JSON.parse(one.arguments) as unknown]] : [],
        ),
    finish: textOnly && finish === 'tool-calls' ? 'stop' : finish,
    input: response.usage?.inputTokens,
    output: response.usage?.outputTokens,
  };
}

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

describe('an answer of a provider', () => {
  for (const from of MATRIX)
    it(`of ${from} says the same to clients of every format, whole and streamed`, () => {
      for (const to of MATRIX.filter((one) => one !== from)) {
        const textOnly = TEXT_ONLY.has(to) || TEXT_ONLY.has(from);
        fc.assert(
          fc.property(answer, (any) => {
            const provider = format(from).response!.decode(written(from, any));
            const expected = meaning(provider, textOnly);
            const body = written(to, provider);
            expect(meaning(format(to).response!.decode(structuredClone(body)), textOnly)).toEqual(expected);
            const wire = encodeStream(to, unfoldResponse(provider));
            const events = decodeStream(to, piecesOf(to, wire));
            checkOrder(events);
            expect(meaning(foldEvents(events), textOnly)).toEqual(expected);
          }),
          { numRuns: 30 * TIMES },
        );
      }
    });

  for (const id of MATRIX)
    it(`comes back unchanged from the hub in ${id}`, () => {
      fc.assert(
        fc.property(answer, (any) => {
          const body = written(id, any);
          expect(translateAnswer(id, id, body)).toEqual(body);
        }),
        { numRuns: 100 * TIMES },
      );
    });
});
