/** Prints what keys, limits and budgets cost. */
import type { CountingResult } from './counting.js';
import { aligned, text } from './table.js';

/** Most that they may add to a request, microseconds. */
const GOAL = 8;

export function countingTable({ rounds, without, rules, added, problems }: CountingResult): string {
  const lines = [
    'k  key look-up, limits and budgets: nine rules over key, team and organization, mock provider',
    aligned([
      ['CPU µs/request', 'without a key', 'with nine rules', 'added', 'rounds'],
      ['headgate', text(without, 1), text(rules, 1), text(added, 1), String(rounds)],
    ]),
    `  goal: at most ${GOAL} µs added: ${text(added, 1)}, ${added <= GOAL ? 'met' : 'missed'}`,
  ];
  const found = Object.entries(problems).map(([reason, times]) => `${reason} (${times})`);
  if (found.length > 0) lines.push(`  INVALID: ${found.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
