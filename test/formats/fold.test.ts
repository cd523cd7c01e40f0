import type { CanonicalResponse, Part, StreamEvent } from '@headgate/sdk';
import { emptyUsage, foldEvents, unfoldResponse } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extra, json, name, text } from './generate/json.js';

const some = <T extends Record<string, fc.Arbitrary<unknown>>>(members: T, required: (keyof T & string)[]) =>
  fc.record(members, { requiredKeys: required, noNullPrototype: true }) as unknown as fc.Arbitrary<Part>;

const part: fc.Arbitrary<Part> = fc.oneof(
  some(
    {
      type: fc.constant('text'),
      text: fc.string(),
      citations: fc.array(json, { minLength: 1, maxLength: 2 }),
      extra,
    },
    ['type', 'text'],
  ),
  some({ type: fc.constant('reasoning'), text: fc.string(), signature: text, encrypted: text, extra }, [
    'type',
    'text',
  ]),
  some({ type: fc.constant('refusal'), text: fc.string() }, ['type', 'text']),
  some({ type: fc.constant('tool-call'), id: name, name, arguments: fc.string(), extra }, [
    'type',
    'id',
    'name',
    'arguments',
  ]),
  some({ type: fc.constant('opaque'), format: name.filter((one) => one !== 'hub'), value: extra }, [
    'type',
    'format',
    'value',
  ]),
  fc.constant<Part>({ type: 'image', source: { kind: 'url', url: 'https://example.com' } }),
);
const finish = fc.constantFrom(
  'stop',
  'stop-sequence',
  'length',
  'tool-calls',
  'content-filter',
  'refusal',
  'pause',
  'other',
  null,
);
const choice = fc
  .record({
    parts: fc.array(part, { maxLength: 4 }),
    finish,
    raw: text,
    stopSequence: fc.option(text),
    extra: fc.option(extra),
    logprobs: fc.boolean(),
  })
  // A choice that neither says nor ends anything leaves no event; log probabilities need a text to travel with.
  .filter((one) => one.parts.length > 0 || one.finish !== null)
  .map((one) => ({
    parts: one.parts,
    finish: one.finish,
    ...(one.finish === null ? {} : { finishRaw: one.raw }),
    ...(one.finish === null || one.stopSequence === null ? {} : { stopSequence: one.stopSequence }),
    ...(one.finish === null || one.extra === null ? {} : { extra: one.extra }),
    ...(one.logprobs && one.parts.some((p) => p.type === 'text')
      ? { logprobs: { content: [{ token: 'a' }] } }
      : {}),
  }));
const response = fc
  .record({
    id: text,
    model: name,
    created: fc.nat(),
    choices: fc.array(choice, { maxLength: 3 }),
    usage: fc.constantFrom(null, emptyUsage()),
    tier: fc.option(name),
    extra: fc.option(extra),
    origin: name,
  })
  .map(
    (one) =>
      ({
        origin: one.origin,
        id: one.id,
        model: one.model,
        created: one.created,
        choices: one.choices.map((c, index) => ({ index, ...c })),
        usage: one.usage,
        ...(one.tier === null ? {} : { serviceTier: one.tier }),
        ...(one.extra === null ? {} : { extra: one.extra }),
      }) as CanonicalResponse,
  );

describe('a response and the events of its stream', () => {
  it('are each other’s inverse', () => {
    fc.assert(
      fc.property(response, (whole) => {
        expect(foldEvents(unfoldResponse(whole))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('do not depend on how the text was cut into deltas', () => {
    fc.assert(
      fc.property(response, fc.nat(7), (whole, cut) => {
        const events = unfoldResponse(whole).flatMap((event): StreamEvent[] =>
          event.type === 'part-delta' && event.text.length > cut && event.logprobs === undefined
            ? [
                { ...event, text: event.text.slice(0, cut) },
                { ...event, text: event.text.slice(cut) },
              ]
            : [event],
        );
        expect(foldEvents(events)).toEqual(whole);
      }),
    );
  });

  it('follow the order that decoders guarantee', () => {
    fc.assert(
      fc.property(response, (whole) => {
        const events = unfoldResponse(whole);
        expect(events[0]?.type).toBe('start');
        expect(events.at(-1)?.type).toBe('end');
        const open = new Set<string>();
        for (const event of events) {
          if (event.type === 'part-start') open.add(`${event.choice}/${event.part}`);
          if (event.type === 'part-delta') expect(open.has(`${event.choice}/${event.part}`)).toBe(true);
          if (event.type === 'part-end') expect(open.delete(`${event.choice}/${event.part}`)).toBe(true);
          if (event.type === 'finish') expect(open.size).toBe(0);
        }
      }),
    );
  });

  it('join log probabilities of several deltas', () => {
    const at = { choice: 0, part: 0 };
    const folded = foldEvents([
      { type: 'start', id: 'a', model: 'm', created: 1 },
      { type: 'part-start', ...at, kind: 'text' },
      { type: 'part-delta', ...at, text: 'a', logprobs: { content: [{ token: 'a' }], refusal: null } },
      { type: 'part-delta', ...at, text: 'b', logprobs: { content: [{ token: 'b' }], refusal: null } },
      { type: 'part-end', ...at },
    ]);
    expect(folded.choices[0]?.logprobs).toEqual({ content: [{ token: 'a' }, { token: 'b' }], refusal: null });
    expect(folded.choices[0]?.finish).toBeNull();
  });
});
