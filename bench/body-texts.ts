/** Prompts and answers as people write them: few words occur often, most of 50,000 seldom. */
import type { SettledRecord } from '@headgate/sdk';
import type { TakenBodies, TakenBody } from '../core/observe/bodies/body-settings.js';
import { randoms } from './ledger-records.js';

const WORDS = 50_000;
const PROMPT = 60;
const ANSWER = 40;
const SYLLABLES = [
  'ba',
  'ce',
  'di',
  'fo',
  'gu',
  'ha',
  'le',
  'mi',
  'no',
  'pu',
  'ra',
  'se',
  'ti',
  'vo',
  'zu',
  'ly',
];

/** The word of a rank: the most frequent is 0. Each is another one. */
export function wordAt(rank: number): string {
  let word = '';
  for (let rest = rank; ; rest = Math.floor(rest / SYLLABLES.length) - 1) {
    word += SYLLABLES[rest % SYLLABLES.length];
    if (rest < SYLLABLES.length) return word;
  }
}

/** What was said with each of these records; always the same. */
export function* bodiesOf(records: Iterable<SettledRecord>): Generator<TakenBodies> {
  const random = randoms(7);
  const words = Array.from({ length: WORDS }, (_, rank) => wordAt(rank));
  const say = (count: number): string =>
    Array.from({ length: count }, () => words[Math.floor(WORDS * random() ** 3)]).join(' ');
  for (const { id, time, keyId, status, targetModel } of records) {
    const prompt = { model: targetModel, messages: [{ role: 'user', content: say(PROMPT) }] };
    const answer = { choices: [{ message: { role: 'assistant', content: say(ANSWER) } }] };
    yield {
      ...{ id, time, keyId, status, method: 'POST', path: '/v1/chat/completions', query: '', headers: [] },
      request: bodyOf(prompt),
      answer: bodyOf(answer),
    };
  }
}

function bodyOf(json: object): TakenBody {
  const text = Uint8Array.from(Buffer.from(JSON.stringify(json)));
  return { text, type: 'application/json', bytes: text.length, whole: false };
}
