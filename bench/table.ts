/** Prints results as aligned text. */
import type { MemoryResult } from './memory.js';
import type { Row, ScenarioResult } from './summary.js';

const MB = 1024 * 1024;
/** Share of a window without a core from which its times say more about the neighbours than about the contender. */
const STARVED = 0.1;

export function text(value: number | undefined, digits: number, suffix = ''): string {
  return value === undefined || !Number.isFinite(value) ? '-' : `${value.toFixed(digits)}${suffix}`;
}

/** Right-aligned columns but for the first. */
export function aligned(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(pad).join('  ')}`).join('\n');
}

function cells(row: Row): string[] {
  const { median } = row;
  return [
    row.target,
    text(median.rate, 0),
    text(median.cpu, 1),
    text(row.timesFloor, 2),
    text(median.busy === undefined ? undefined : median.busy * 100, 0, '%'),
    text(median.starved === undefined ? undefined : median.starved * 100, 0, '%'),
    text(median.p50, 0),
    text(median.p99, 0),
    text(row.addedP50, 0),
    text(row.addedP99, 0),
    text(row.ofDirect === undefined ? undefined : row.ofDirect * 100, 0, '%'),
    text(median.rss === undefined ? undefined : median.rss / MB, 0),
    `${row.valid}/${row.windows.length}`,
  ];
}

export function scenarioTable(result: ScenarioResult): string {
  const timed = result.unit === 'event' ? 'first ' : '';
  const head = [
    'contender',
    `${result.unit}s/s`,
    `CPU µs/${result.unit}`,
    'x floor',
    'busy',
    'starved',
    `${timed}p50 µs`,
    'p99 µs',
    '+p50',
    '+p99',
    'of direct',
    'RSS MB',
    'valid',
  ];
  const lines = [`${result.id}  ${result.title}`, aligned([head, ...result.rows.map(cells)])];
  const ratio = result.rows.find((row) => row.target === 'headgate')?.timesFloor;
  if (result.goal !== undefined && ratio !== undefined) {
    const verdict = ratio <= result.goal ? 'met' : 'missed';
    lines.push(`  goal: at most ${result.goal} times the floor's CPU: ${ratio.toFixed(2)}, ${verdict}`);
  }
  for (const row of result.rows) {
    if (row.note !== undefined) lines.push(`  note: ${row.target}: ${row.note}`);
    if ((row.median.starved ?? 0) > STARVED) {
      lines.push(`  note: ${row.target} often waited for its core: something else runs on this machine`);
    }
    for (const window of row.windows) {
      const found = Object.entries(window.problems).map(([reason, times]) => `${reason} (${times})`);
      if (found.length > 0) lines.push(`  INVALID ${row.target}, round ${window.round}: ${found.join(', ')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

export function memoryTable(result: MemoryResult): string {
  const mb = (bytes: number) => text(bytes / MB, 1);
  const head = ['contender', 'requests', 'at start', 'half-way', 'end', 'highest', 'growth of 2nd half'];
  const row = [
    'headgate',
    String(result.requests),
    mb(result.start),
    mb(result.middle),
    mb(result.end),
    mb(result.highest),
    mb(result.growth),
  ];
  const lines = [`f  memory with ${result.threads} I/O threads, RSS in MB`, aligned([head, row])];
  lines.push('  goal, after a million requests: under 200 MB, no growth over the second half');
  const found = Object.entries(result.problems).map(([reason, times]) => `${reason} (${times})`);
  if (found.length > 0) lines.push(`  INVALID: ${found.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
