import type { CanonicalResponse, Choice, FinishReason, Part, StreamEvent, Usage } from '@headgate/sdk';
import { emptyUsage, foldEvents, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { name, text } from './generate/json.js';
import { checkOrder, decodeStream, encodeStream, format, sseData } from './harness.js';

const callPart = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.uuid(),
  name,
  arguments: fc.dictionary(name, text, { noNullPrototype: true }).map((input) => JSON.stringify(input)),
});
const textPart = fc.record({ type: fc.constant('text' as const), text });
const refusalPart = fc.record({ type: fc.constant('refusal' as const), text });
const plainReasoning = fc.record({ type: fc.constant('reasoning' as const), text });
const signedReasoning = fc.record({ type: fc.constant('reasoning' as const), text, signature: text });
const encryptedReasoning = fc.record({
  type: fc.constant('reasoning' as const),
  text: fc.constant(''),
  encrypted: text,
});

/** In OpenAI's stream nothing stands between two parts of one kind, so they are one, unless a signature ends the first. */
function apart(parts: Part[]): Part[] {
  return parts.filter((part, i) => {
    const before = parts[i - 1];
    if (before === undefined || before.type !== part.type || part.type === 'tool-call') return true;
    return false;
  });
}

const openaiParts = fc
  .array(
    fc.oneof(
      textPart,
      refusalPart,
      plainReasoning,
      signedReasoning,
      encryptedReasoning,
      callPart,
    ) as fc.Arbitrary<Part>,
    { minLength: 1, maxLength: 6 },
  )
  .map(apart);
const anthropicParts = fc.array(
  fc.oneof(textPart, plainReasoning, signedReasoning, encryptedReasoning, callPart) as fc.Arbitrary<Part>,
  { minLength: 1, maxLength: 6 },
);
const usage = fc
  .record({
    uncached: fc.nat(999),
    read: fc.nat(999),
    write: fc.nat(999),
    answer: fc.nat(999),
    reasoning: fc.nat(999),
  })
  .map(
    (n): Usage => ({
      ...emptyUsage(),
      inputTokens: n.uncached + n.read + n.write,
      cacheReadTokens: n.read,
      cacheWriteTokens: n.write,
      outputTokens: n.answer + n.reasoning,
      reasoningTokens: n.reasoning,
    }),
  );

function choiceOf(
  parts: fc.Arbitrary<Part[]>,
  finishes: [FinishReason, string][],
  index: number,
): fc.Arbitrary<Choice> {
  return fc
    .tuple(parts, fc.constantFrom(...finishes))
    .map(([list, [finish, finishRaw]]) => ({ index, parts: list, finish, finishRaw }));
}

function responseOf(origin: string, choices: fc.Arbitrary<Choice[]>): fc.Arbitrary<CanonicalResponse> {
  return fc.record({
    origin: fc.constant(origin),
    id: fc.uuid(),
    model: name,
    created: fc.constant(1_700_000_000),
    choices,
    usage,
  });
}

const OPENAI_FINISH: [FinishReason, string][] = [
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool-calls', 'tool_calls'],
  ['content-filter', 'content_filter'],
  ['other', 'weird'],
];
const ANTHROPIC_FINISH: [FinishReason, string][] = [
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['tool-calls', 'tool_use'],
  ['pause', 'pause_turn'],
  ['refusal', 'refusal'],
  ['length', 'model_context_window_exceeded'],
];

const RESPONSES = {
  'openai-chat': responseOf(
    'openai-chat',
    fc
      .tuple(choiceOf(openaiParts, OPENAI_FINISH, 0), choiceOf(openaiParts, OPENAI_FINISH, 1))
      .chain((both) => fc.constantFrom([both[0]], [...both])),
  ),
  'anthropic-messages': responseOf(
    'anthropic-messages',
    choiceOf(anthropicParts, ANTHROPIC_FINISH, 0).map((one) => [one]),
  ),
  'openai-completions': responseOf(
    'openai-completions',
    choiceOf(
      textPart.map((one) => [one]),
      [
        ['stop', 'stop'],
        ['length', 'length'],
      ],
      0,
    ).map((one) => [one]),
  ),
};
const IDS = Object.keys(RESPONSES) as (keyof typeof RESPONSES)[];

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

/** Sends the events of several choices alternately, as providers do. */
function interleave(events: StreamEvent[]): StreamEvent[] {
  const lanes = [0, 1].map((choice) =>
    events.filter((event) => 'choice' in event && event.choice === choice),
  );
  const mixed: StreamEvent[] = [];
  for (let i = 0; i < Math.max(...lanes.map((lane) => lane.length)); i++)
    for (const lane of lanes) if (lane[i]) mixed.push(lane[i]!);
  return [
    ...events.filter((event) => event.type === 'start'),
    ...mixed,
    ...events.filter((event) => event.type === 'usage' || event.type === 'end'),
  ];
}

describe('an answer that is streamed and read again', () => {
  for (const id of IDS) {
    it(`loses nothing in ${id}, however its text is cut`, () => {
      fc.assert(
        fc.property(RESPONSES[id], fc.integer({ min: 1, max: 8 }), (response, at) => {
          const wire = encodeStream(id, interleave(cut(unfoldResponse(response), at)));
          expect(foldEvents(decodeStream(id, sseData(wire)))).toEqual(response);
        }),
        { numRuns: 300 },
      );
    });

    it(`says the same in a stream of ${id} as in a whole answer`, () => {
      fc.assert(
        fc.property(RESPONSES[id], (response) => {
          const codec = format(id).response!;
          const whole = codec.decode(JSON.parse(JSON.stringify(codec.encode(response))));
          const streamed = foldEvents(decodeStream(id, sseData(encodeStream(id, unfoldResponse(response)))));
          const texts = (one: CanonicalResponse) =>
            one.choices.map((choice) =>
              choice.parts.map((part) => ('text' in part ? part.text : '')).join(''),
            );
          const calls = (one: CanonicalResponse) =>
            one.choices.map((choice) => choice.parts.filter((part) => part.type === 'tool-call'));
          expect(texts(streamed).map((s) => [...s].sort())).toEqual(texts(whole).map((s) => [...s].sort()));
          expect(calls(streamed)).toEqual(calls(whole));
          expect(streamed.usage).toEqual(whole.usage);
          expect(streamed.choices.map((one) => one.finish)).toEqual(whole.choices.map((one) => one.finish));
        }),
        { numRuns: 200 },
      );
    });
  }

  it('is kept in the order of the hub by every decoder', () => {
    for (const id of IDS)
      fc.assert(
        fc.property(RESPONSES[id], (response) => {
          const events = decodeStream(id, sseData(encodeStream(id, unfoldResponse(response))));
          checkOrder(events);
          expect(events.at(-1)?.type).toBe('end');
        }),
      );
  });
});
