/** Prints what being observed costs. */
import { joined } from './counting-table.js';
import type { ObservingResult } from './observing.js';
import { aligned, text } from './table.js';

/** Most that log, metrics and a collector may add to a request, microseconds. */
const GOAL = 20;
const GOES_FOR = 'and a collector on this machine';

export function observingTable({ rounds, rate, costs, problems }: ObservingResult): string {
  const goes = costs.find(({ name }) => name === GOES_FOR)?.added ?? Number.NaN;
  return joined(
    [
      `o  log, metrics and a collector over OTLP, mock provider, ${rate} requests a second, ${rounds} rounds`,
      aligned([
        ['CPU µs/request', 'all threads', 'beside the serving one', 'added there'],
        ...costs.map(({ name, all, beside, added }, i) => [
          name,
          text(all, 1),
          text(beside, 1),
          i === 0 ? '' : text(added, 1),
        ]),
      ]),
      `  goal: at most ${GOAL} µs added by log, metrics and a collector: ${text(goes, 1)}, ${goes <= GOAL ? 'met' : 'missed'}`,
    ],
    problems,
  );
}
