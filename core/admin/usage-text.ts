import type { UsageReport, UsageRow, UsageSums } from '../store/usage-report.js';

type Field = string | number;

/** Nano-dollars of any size as an exact decimal number of dollars with all nine decimals: 12345678n → "0.012345678". */
function exactUsd(nano: bigint): string {
  const digits = nano.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

export function usageJson(report: UsageReport): string {
  return JSON.stringify({
    from: isoTime(report.from),
    to: isoTime(report.to),
    group_by: report.groupBy,
    rows: report.rows.map((row) => ({ ...groupFields(report, row), ...sumFields(row.sums) })),
    truncated: report.truncated,
    total: sumFields(report.total),
  });
}

/** RFC 4180: a header line, then one line a row; CRLF. */
export function usageCsv(report: UsageReport): string {
  const lines = report.rows.map((row) => ({ ...groupFields(report, row), ...sumFields(row.sums) }));
  if (report.groupBy.length === 0) lines.push(sumFields(report.total));
  const header = Object.keys(lines[0] ?? { ...emptyGroup(report), ...sumFields(report.total) });
  return [header.join(','), ...lines.map((line) => Object.values(line).map(csvField).join(','))]
    .join('\r\n')
    .concat('\r\n');
}

function groupFields(report: UsageReport, row: UsageRow): Record<string, Field> {
  const fields: Record<string, Field> = {};
  report.groupBy.forEach((dimension, i) => {
    fields[dimension] = row.group[i] ?? '';
    if (dimension === 'key') fields['key_name'] = row.keyName;
  });
  return fields;
}

function emptyGroup(report: UsageReport): Record<string, Field> {
  const sums = report.total;
  return groupFields(report, { group: report.groupBy.map(() => ''), keyName: '', sums });
}

function sumFields(sums: UsageSums): Record<string, Field> {
  return {
    requests: sums.requests,
    errors: sums.errors,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cache_read_tokens: sums.cacheReadTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd: exactUsd(sums.costNano),
    cost_nano: Number(sums.costNano),
    unpriced_requests: sums.unpricedRequests,
  };
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** One field of RFC 4180. */
export function csvField(value: Field): string {
  if (typeof value === 'number') return String(value);
  // Clients choose their customer names, and a spreadsheet would run a name that looks like a formula.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
