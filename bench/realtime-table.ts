/** Prints the realtime scenario. */
import type { RealtimeResult } from './realtime.js';
import { aligned, text } from './table.js';

const KB = 1024;
/** Most that may be added to a frame's way there and back, microseconds. */
const GOAL_P99 = 5_000;

export function realtimeTable(result: RealtimeResult): string {
  const { rows, talking, framesEachWay, addedP50, addedP99 } = result;
  const head = [
    'contender',
    'sockets',
    'KB each',
    'p50 µs',
    'p99 µs',
    '+p50',
    '+p99',
    'CPU µs/frame',
    'busy',
  ];
  head.push('frames/s', 'busy', 'frames/s a core');
  const body = rows.map((row) => {
    const isDirect = row.target === 'direct';
    return [
      row.target,
      String(row.sockets),
      text(row.socketBytes === undefined ? undefined : row.socketBytes / KB, 1),
      text(row.p50, 0),
      text(row.p99, 0),
      text(isDirect ? undefined : addedP50, 0),
      text(isDirect ? undefined : addedP99, 0),
      text(row.cpu, 1),
      text(row.busy === undefined ? undefined : row.busy * 100, 0, '%'),
      text(row.rate, 0),
      text(row.floodBusy === undefined ? undefined : row.floodBusy * 100, 0, '%'),
      text(row.ratePerCore, 0),
    ];
  });
  const lines = [
    `r  realtime WebSockets: ${framesEachWay} frames a second each way through ${talking} sockets, then as many as pass`,
    aligned([head, ...body]),
    `  goal: at most ${GOAL_P99} µs added at the 99th percentile: ${text(addedP99, 0)}, ${addedP99 <= GOAL_P99 ? 'met' : 'missed'}`,
  ];
  const found = Object.entries(result.problems).map(([reason, times]) => `${reason} (${times})`);
  if (found.length > 0) lines.push(`  INVALID: ${found.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
