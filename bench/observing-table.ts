/** Prints what being observed costs. */
import { joined } from './counting-table.js';
import type { ObservingResult } from './observing.js';
import { aligned, text } from './table.js';

/** Most that log, metrics and a collector may add to a request, microseconds. */
const GOAL = 20;

export function observingTable(result: ObservingResult): string {
  const { rounds, without, logged, addedLogged, told, addedTold, packed, addedPacked, problems } = result;
  const row = (name: string, cpu: number, added: string): string[] => [name, text(cpu, 1), added];
  return joined(
    [
      `o  log, metrics and a collector over OTLP, mock provider, ${rounds} rounds`,
      aligned([
        ['CPU µs/request, all threads', 'in all', 'added'],
        row('without', without, ''),
        row('log and metrics', logged, text(addedLogged, 1)),
        row('and a collector on this machine', told, text(addedTold, 1)),
        row('and what it is told compressed', packed, text(addedPacked, 1)),
      ]),
      `  goal: at most ${GOAL} µs added by log, metrics and a collector: ${text(addedTold, 1)}, ${addedTold <= GOAL ? 'met' : 'missed'}`,
    ],
    problems,
  );
}
