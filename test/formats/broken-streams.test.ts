import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MalformedBody, type StreamEvent } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { checkOrder, decodeStream, encodeStream, type FormatId, MATRIX, piecesOf } from './harness.js';

// Connections break, proxies drop and repeat. Whatever a provider's stream lacks, clients of every format get events in their
// order and one end: that of an answer, or an error.

const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));

function streams(id: FormatId): [string, string[]][] {
  return readdirSync(ROOT + id)
    .filter((file) => file.endsWith('.stream.jsonl'))
    .map((file) => [file, readFileSync(`${ROOT}${id}/${file}`, 'utf8').trim().split('\n')]);
}

/** Every way to break a stream at one of its events. */
const damages: Record<string, (lines: string[], at: number) => string[]> = {
  'that ends early': (lines, at) => lines.slice(0, at),
  'without one event': (lines, at) => lines.toSpliced(at, 1),
  'with an event twice': (lines, at) => lines.toSpliced(at, 0, lines[at]!),
  'with two events in the wrong order': (lines, at) =>
    lines.toSpliced(at, 2, ...lines.slice(at, at + 2).reverse()),
};

/** Null: the stream was refused, which the gateway answers with an error. */
function read(id: string, lines: string[]): StreamEvent[] | null {
  try {
    return decodeStream(id, lines);
  } catch (error) {
    if (error instanceof MalformedBody) return null;
    throw error;
  }
}

const kindOfEnd = (events: StreamEvent[]): string =>
  events.at(-1)?.type === 'end' ? 'an answer' : 'an error';

describe.each(MATRIX)('a stream of %s', (id) => {
  it.each(Object.keys(damages))('%s keeps the order of events for clients of every format', (damage) => {
    for (const [name, lines] of streams(id))
      for (let at = 0; at < lines.length; at++) {
        const where = `${name}, event ${at}`;
        const events = read(id, damages[damage]!(lines, at));
        if (events === null) continue;
        expect(() => checkOrder(events), where).not.toThrow();
        // A third of the formats at each event, so that every one meets every stream.
        for (const to of MATRIX.filter((_, n) => (n + at) % 3 === 0)) {
          const there = read(to, piecesOf(to, encodeStream(to, events)));
          expect(there, `${where}, to ${to}`).not.toBeNull();
          expect(() => checkOrder(there!), `${where}, to ${to}`).not.toThrow();
          expect(kindOfEnd(there!), `${where}, to ${to}`).toBe(kindOfEnd(events));
        }
      }
  });

  it('that ends before its reason does is an error', () => {
    for (const [name, lines] of streams(id)) {
      const whole = decodeStream(id, lines);
      if (kindOfEnd(whole) === 'an error') continue;
      const finished = lines.findIndex((_, at) =>
        decodeStream(id, lines.slice(0, at + 1)).some((event) => event.type === 'finish'),
      );
      for (let at = 0; at < finished; at++) {
        const cut = decodeStream(id, lines.slice(0, at));
        expect(cut.at(-1), `${name}, ${at} events`).toMatchObject({
          type: 'error',
          error: { code: 'stream_interrupted', status: 502 },
        });
      }
    }
  });
});
