import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffWords } from '../../workers/tasks/diff-words.js';

const joined = (changes: ReturnType<typeof diffWords>, but: string): string =>
  changes.flatMap(({ op, text }) => (op === but ? [] : [text])).join('');

it('no character of two texts is lost in what differs between them', () => {
  const word = fc.constantFrom(
    'a',
    'word',
    ' ',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '.',
    'süß',
    '語',
    '🌍',
    '\u0301',
    '\ud800',
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 30 }).map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  fc.assert(
    fc.property(text, text, (before, after) => {
      const changes = diffWords({ before, after });
      expect(joined(changes, 'in')).toBe(before);
      expect(joined(changes, 'out')).toBe(after);
      if (before === after) expect(changes.every(({ op }) => op === 'same')).toBe(true);
    }),
  );
});

it('tells texts as two that differ where finding out takes too long', () => {
  const text = (seed: number): string =>
    Array.from({ length: 60_000 }, (_, i) => ((i * seed) % 7919).toString(36)).join(' ');
  const [before, after] = [text(31), text(57)];
  expect(diffWords({ before, after }, 5)).toEqual([
    { op: 'out', text: before },
    { op: 'in', text: after },
  ]);
});
