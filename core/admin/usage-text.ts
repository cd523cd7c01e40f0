import { exactUsd } from '../money.js';
import { NO_USAGE, type UsageReport, type UsageRow, type UsageSums } from '../store/usage-report.js';
import { csv, type Field } from './csv.js';

export function usageJson(report: UsageReport): string {
  return JSON.stringify({
    ...reportHead(report),
    rows: report.rows.map((row) => ({ ...groupFields(report.groupBy, row), ...sumFields(row.sums) })),
    truncated: report.next !== null,
    next_cursor: report.next,
    total: sumFields(report.total),
  });
}

/** What a report says of itself. */
export function reportHead(report: Omit<UsageReport, 'rows' | 'total' | 'next'>): Record<string, unknown> {
  return {
    from: isoTime(report.from),
    to: isoTime(report.to),
    time_zone: report.timeZone,
    ...(report.wholeDaysBefore !== null && { whole_utc_days_before: isoTime(report.wholeDaysBefore) }),
    group_by: report.groupBy,
  };
}

export function usageCsv(report: UsageReport): string {
  const none: UsageRow = { group: report.groupBy.map(() => ''), keyName: '', sums: NO_USAGE };
  const billed = report.total.billedNano !== undefined && { billedNano: 0n };
  const header = Object.keys({
    ...groupFields(report.groupBy, none),
    ...sumFields({ ...NO_USAGE, ...billed }),
  });
  const rows = report.rows.map((row) => [
    ...Object.values(groupFields(report.groupBy, row)),
    ...Object.values(sumFields(row.sums)),
  ]);
  if (report.groupBy.length === 0) rows.push(Object.values(sumFields(report.total)));
  return csv(header, rows);
}

export function groupFields(
  groupBy: readonly string[],
  row: Pick<UsageRow, 'group' | 'keyName'>,
): Record<string, Field> {
  const fields: Record<string, Field> = {};
  groupBy.forEach((dimension, i) => {
    fields[dimension] = row.group[i] ?? '';
    if (dimension === 'key') fields['key_name'] = row.keyName;
  });
  return fields;
}

export function sumFields(sums: UsageSums): Record<string, Field> {
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
    ...(sums.billedNano !== undefined && {
      billed_usd: exactUsd(sums.billedNano),
      billed_nano: Number(sums.billedNano),
    }),
    unpriced_requests: sums.unpricedRequests,
  };
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
