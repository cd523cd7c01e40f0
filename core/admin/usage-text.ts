import { exactUsd } from '../money.js';
import { NO_USAGE, type UsageReport, type UsageRow, type UsageSums } from '../store/usage-report.js';
import { csv, type Field } from './csv.js';

export function usageJson(report: UsageReport): string {
  const rows = report.rows.map((row) =>
    joined(JSON.stringify(groupFields(report.groupBy, row)), JSON.stringify(sumFields(row.sums))),
  );
  const rest = { truncated: report.next !== null, next_cursor: report.next, total: sumFields(report.total) };
  const head = joined(JSON.stringify(reportHead(report)), `{"rows":[${rows.join(',')}]}`);
  return joined(head, JSON.stringify(rest));
}

/** The text of one object with the fields of two. Objects with the fields of both are made much more slowly for thousands of rows. */
function joined(one: string, other: string): string {
  return one === '{}' ? other : `${one.slice(0, -1)},${other.slice(1)}`;
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
  const rows = report.rows.map((row) =>
    Object.values(groupFields(report.groupBy, row)).concat(Object.values(sumFields(row.sums))),
  );
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
  const { billedNano } = sums;
  const fields: Record<string, Field> = {
    requests: sums.requests,
    errors: sums.errors,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cache_read_tokens: sums.cacheReadTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd: exactUsd(sums.costNano),
    cost_nano: Number(sums.costNano),
  };
  if (billedNano !== undefined) {
    fields['billed_usd'] = exactUsd(billedNano);
    fields['billed_nano'] = Number(billedNano);
  }
  fields['unpriced_requests'] = sums.unpricedRequests;
  return fields;
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
