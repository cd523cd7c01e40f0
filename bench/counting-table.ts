/** Prints what keys, limits and budgets cost. */
import type { CountingResult, SharedCountingResult } from './counting.js';
import { aligned, text } from './table.js';

/** Most that they may add to a request, microseconds: on one node, and where nodes share what is counted. */
const GOAL = 8;
const SHARED_GOAL = 15;
/** Of a hundred requests, most that may wait for Redis. */
const MOST_WAITS = 5;

export function countingTable({ rounds, without, rules, added, problems }: CountingResult): string {
  return joined(
    [
      'k  key look-up, limits and budgets: nine rules over key, team and organization, mock provider',
      aligned([
        ['CPU µs/request', 'without a key', 'with nine rules', 'added', 'rounds'],
        ['headgate', text(without, 1), text(rules, 1), text(added, 1), String(rounds)],
      ]),
      `  goal: at most ${GOAL} µs added: ${text(added, 1)}, ${added <= GOAL ? 'met' : 'missed'}`,
    ],
    problems,
  );
}

export function sharedCountingTable(result: SharedCountingResult): string {
  const { rounds, without, rules, added, shared, addedShared, waits, roundTrips, problems } = result;
  const met = (is: boolean): string => (is ? 'met' : 'missed');
  return joined(
    [
      'n  the same on Postgres, by itself and as a node of a cluster with a Redis',
      aligned([
        ['CPU µs/request', 'without a key', 'nine rules', 'added', 'shared', 'added', 'rounds'],
        [
          'headgate',
          text(without, 1),
          text(rules, 1),
          text(added, 1),
          text(shared, 1),
          text(addedShared, 1),
          String(rounds),
        ],
      ]),
      `  goal: at most ${SHARED_GOAL} µs added where nodes share: ${text(addedShared, 1)}, ${met(addedShared <= SHARED_GOAL)}`,
      `  goal: at most ${MOST_WAITS} of a hundred requests wait for Redis: ${text(waits, 3)}, ${met(waits <= MOST_WAITS)}; ${text(roundTrips, 3)} writes to it`,
    ],
    problems,
  );
}

export function joined(lines: string[], problems: Record<string, number>): string {
  const found = Object.entries(problems).map(([reason, times]) => `${reason} (${times})`);
  if (found.length > 0) lines.push(`  INVALID: ${found.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
