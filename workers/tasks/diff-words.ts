import { diffWordsWithSpace } from 'diff';
import type { TaskTypes, WordChange } from '../protocol.js';

type Types = TaskTypes['diffWords'];

/** Texts that have little in common take the square of their length: after so long they are told as two that differ. */
const MOST_MS = 2_000;

/** What two texts have in common, word by word. No character of either is lost. */
export function diffWords({ before, after }: Types['payload'], timeout = MOST_MS): Types['result'] {
  const found = diffWordsWithSpace(before, after, { timeout });
  const all: WordChange[] =
    found === undefined
      ? [
          { op: 'out', text: before },
          { op: 'in', text: after },
        ]
      : found.map(({ added, removed, value }) => ({
          op: removed ? 'out' : added ? 'in' : 'same',
          text: value,
        }));
  return all.filter(({ text }) => text !== '');
}
