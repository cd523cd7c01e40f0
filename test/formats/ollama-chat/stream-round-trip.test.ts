import type {
  CanonicalResponse,
  Choice,
  FinishReason,
  JsonObject,
  Part,
  StreamEvent,
  Usage,
  WireFormat,
} from '@headgate/sdk';
import { emptyUsage, foldEvents, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cohereChat } from '../../../plugins/formats/cohere-chat/index.js';
import { ollamaChat } from '../../../plugins/formats/ollama-chat/index.js';
import { ollamaGenerate } from '../../../plugins/formats/ollama-generate/index.js';
import { name, text } from '../generate/json.js';
import { checkOrder, decodeStream, encodeStream, piecesOf } from '../harness.js';

const textPart = fc.record({ type: fc.constant('text' as const), text });
const reasoning = fc.record({ type: fc.constant('reasoning' as const), text });
const plan = fc.record({
  type: fc.constant('reasoning' as const),
  text,
  extra: fc.constant({ plan: true }),
});
const signed = fc.record({ type: fc.constant('reasoning' as const), text, signature: text });
const encrypted = fc.record({
  type: fc.constant('reasoning' as const),
  text: fc.constant(''),
  encrypted: text,
});
const call = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid(),
  name,
  arguments: fc.dictionary(name, text, { noNullPrototype: true }).map((input) => JSON.stringify(input)),
});

/** Where nothing stands between two parts of one kind they are one. */
function apart(parts: Part[]): Part[] {
  return parts.filter((part, i) => part.type === 'tool-call' || parts[i - 1]?.type !== part.type);
}

const usage = fc
  .record({ input: fc.nat(999), output: fc.nat(999) })
  .map(({ input, output }): Usage => ({ ...emptyUsage(), inputTokens: input, outputTokens: output }));

function responses(
  origin: string,
  parts: fc.Arbitrary<Part[]>,
  finishes: [FinishReason, string][],
  more: (response: CanonicalResponse) => CanonicalResponse,
): fc.Arbitrary<CanonicalResponse> {
  return fc
    .record({ parts, finish: fc.constantFrom(...finishes), usage, model: name })
    .map(({ parts: list, finish: [finish, finishRaw], usage: counts, model }) => {
      // Ollama says `stop` after a call too.
      const called = finishRaw === 'stop' && list.some((part) => part.type === 'tool-call');
      const choice: Choice = { index: 0, parts: list, finish: called ? 'tool-calls' : finish, finishRaw };
      return more({ origin, id: 'id_1', model, created: 1_700_000_000, choices: [choice], usage: counts });
    });
}

const ollamaParts = fc
  .array(fc.oneof(textPart, reasoning, signed, encrypted, call) as fc.Arbitrary<Part>, {
    minLength: 1,
    maxLength: 6,
  })
  .map(apart);
const cohereParts = fc
  .array(fc.oneof(textPart, reasoning, plan, signed, encrypted, call) as fc.Arbitrary<Part>, {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) =>
    // Two pieces of a plan after each other are one.
    parts.filter((part, i) => part.extra?.['plan'] !== true || parts[i - 1]?.extra?.['plan'] !== true),
  );

const OLLAMA_FINISH: [FinishReason, string][] = [
  ['stop', 'stop'],
  ['length', 'length'],
  ['other', 'load'],
];
const COHERE_FINISH: [FinishReason, string][] = [
  ['stop', 'COMPLETE'],
  ['stop-sequence', 'STOP_SEQUENCE'],
  ['length', 'MAX_TOKENS'],
  ['tool-calls', 'TOOL_CALL'],
  ['other', 'TIMEOUT'],
];

const CREATED_AT = '2023-11-14T22:13:20.123456789Z';
/** What Ollama's answers have of their own: a time with fractions, an id made of it. */
const ollamaOwn = (response: CanonicalResponse): CanonicalResponse => ({
  ...response,
  id: 'ollama-20231114221320123456789',
  extra: { created_at: CREATED_AT },
});
/** What Cohere's have: no model, and its own words for usage. */
const cohereOwn = (response: CanonicalResponse): CanonicalResponse => {
  const counts = { input_tokens: response.usage!.inputTokens, output_tokens: response.usage!.outputTokens };
  const extra: JsonObject = {
    usage: { billed_units: counts, tokens: { input_tokens: 9, output_tokens: 9 } },
  };
  return { ...response, model: '', choices: response.choices.map((choice) => ({ ...choice, extra })) };
};

const OWN: [WireFormat, fc.Arbitrary<CanonicalResponse>][] = [
  [ollamaChat, responses('ollama-chat', ollamaParts, OLLAMA_FINISH, ollamaOwn)],
  [ollamaGenerate, responses('ollama-generate', ollamaParts, OLLAMA_FINISH, ollamaOwn)],
  [cohereChat, responses('cohere-chat', cohereParts, COHERE_FINISH, cohereOwn)],
];

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

/** Cuts every text delta in two. */
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

const say = (one: CanonicalResponse): string =>
  one.choices[0]!.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
const thought = (one: CanonicalResponse): string =>
  one.choices[0]!.parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('');
/** In any order, and without what sets thoughts apart in a whole answer. */
const letters = (text: string): string[] => [...text].filter((letter) => letter !== '\n').sort();
const calls = (one: CanonicalResponse): unknown[] =>
  one.choices[0]!.parts.flatMap((part) =>
    part.type === 'tool-call' ? [[part.id, part.name, JSON.parse(part.arguments)]] : [],
  );

/** Without the marks of how a call was numbered on the wire. */
function plainParts(response: CanonicalResponse): CanonicalResponse {
  const bare = (part: Part): Part => {
    if (part.type !== 'tool-call') return part;
    const { extra: _, ...rest } = part;
    return rest;
  };
  return {
    ...response,
    choices: response.choices.map((choice) => ({ ...choice, parts: choice.parts.map(bare) })),
  };
}

describe('an answer that is streamed and read again', () => {
  for (const [own, generator] of OWN) {
    it(`loses nothing in ${own.id}, however its text is cut`, () => {
      fc.assert(
        fc.property(generator, fc.integer({ min: 1, max: 8 }), (response, at) => {
          const wire = encodeStream(own.id, cut(unfoldResponse(response), at));
          const events = decodeStream(own.id, piecesOf(own.id, wire));
          checkOrder(events);
          expect(plainParts(foldEvents(events))).toEqual(response);
        }),
        { numRuns: 500 },
      );
    });

    it(`says the same in a stream of ${own.id} as in a whole answer`, () => {
      fc.assert(
        fc.property(generator, (response) => {
          const codec = own.response!;
          const whole = codec.decode(JSON.parse(JSON.stringify(codec.encode(response))));
          const streamed = foldEvents(
            decodeStream(own.id, piecesOf(own.id, encodeStream(own.id, unfoldResponse(response)))),
          );
          expect(say(streamed)).toBe(say(whole));
          expect(letters(thought(streamed))).toEqual(letters(thought(whole)));
          expect(calls(streamed)).toEqual(calls(whole));
          const { choices, ...rest } = streamed;
          const { choices: wholeChoices, ...wholeRest } = whole;
          expect(rest).toEqual(wholeRest);
          expect({ ...choices[0], parts: 0 }).toEqual({ ...wholeChoices[0], parts: 0 });
        }),
        { numRuns: 300 },
      );
    });

    it(`comes back unchanged from the hub as a whole answer of ${own.id}`, () => {
      fc.assert(
        fc.property(generator, (response) => {
          const body = JSON.parse(JSON.stringify(own.response!.encode(response))) as JsonObject;
          const again = own.response!.encode(own.response!.decode(structuredClone(body)));
          expect(JSON.parse(JSON.stringify(again))).toEqual(body);
        }),
        { numRuns: 300 },
      );
    });

    it(`keeps another provider's signatures in ${own.id}, streamed and whole`, () => {
      fc.assert(
        fc.property(generator, (response) => {
          const seals = (one: CanonicalResponse): unknown[] =>
            one.choices[0]!.parts.flatMap((part) =>
              part.type === 'reasoning' && (part.signature ?? part.encrypted) !== undefined
                ? [[part.text, part.signature, part.encrypted]]
                : [],
            );
          const foreign = { ...response, origin: 'anthropic-messages' };
          const whole = own.response!.decode(JSON.parse(JSON.stringify(own.response!.encode(foreign))));
          expect(seals(whole)).toEqual(seals(response));
          const streamed = foldEvents(
            decodeStream(own.id, piecesOf(own.id, encodeStream(own.id, unfoldResponse(foreign)))),
          );
          expect(seals(streamed)).toEqual(seals(response));
        }),
        { numRuns: 200 },
      );
    });

    it(`is in the order of the hub however the stream of ${own.id} is torn and shuffled`, () => {
      fc.assert(
        fc.property(generator, fc.array(fc.nat(99), { maxLength: 40 }), (response, order) => {
          const pieces = piecesOf(own.id, encodeStream(own.id, cut(unfoldResponse(response), 2)));
          checkOrder(
            decodeStream(
              own.id,
              order.map((at) => pieces[at % pieces.length]!),
            ),
          );
          checkOrder(decodeStream(own.id, pieces.slice(0, order.length)));
        }),
        { numRuns: 300 },
      );
    });
  }
});
