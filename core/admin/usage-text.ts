import { exactUsd } from '../money.js';
import { NO_USAGE, type UsageReport, type UsageSums } from '../store/usage-report.js';
import { csv, csvField, type Field } from './csv.js';
import { type RowShape, usageRows } from './usage-rows.js';

const AS_JSON: RowShape = {
  begin: '{',
  end: '},',
  group: (name, text, keyName) =>
    `"${name}":${JSON.stringify(text)}${keyName === null ? '' : `,"key_name":${JSON.stringify(keyName)}`}`,
  before: (name) => `"${name}":`,
  quote: '"',
};

const AS_CSV: RowShape = {
  begin: '',
  end: '\r\n',
  group: (_, text, keyName) => csvField(text) + (keyName === null ? '' : `,${csvField(keyName)}`),
  before: () => '',
  quote: '',
};

export function usageJson(report: UsageReport): string {
  const rows = usageRows(report.groupBy, report.table, AS_JSON).slice(0, -1);
  const rest = { truncated: report.next !== null, next_cursor: report.next, total: sumFields(report.total) };
  const head = joined(JSON.stringify(reportHead(report)), `{"rows":[${rows}]}`);
  return joined(head, JSON.stringify(rest));
}

/** The text of one object with the fields of two. */
function joined(one: string, other: string): string {
  return one === '{}' ? other : `${one.slice(0, -1)},${other.slice(1)}`;
}

/** What a report says of itself. */
function reportHead(report: Omit<UsageReport, 'table' | 'total' | 'next'>): Record<string, unknown> {
  return {
    from: isoTime(report.from),
    to: isoTime(report.to),
    time_zone: report.timeZone,
    ...(report.wholeDaysBefore !== null && { whole_utc_days_before: isoTime(report.wholeDaysBefore) }),
    group_by: report.groupBy,
  };
}

export function usageCsv({ groupBy, table, total }: UsageReport): string {
  const names = groupBy.flatMap((name) => (name === 'key' ? ['key', 'key_name'] : [name]));
  const sums = sumFields({ ...NO_USAGE, ...(table.billed && { billedNano: 0n }) });
  const head = csv([...names, ...Object.keys(sums)], []);
  if (groupBy.length === 0) return head + csv(null, [Object.values(sumFields(total))]);
  return head + usageRows(groupBy, table, AS_CSV);
}

function sumFields(sums: UsageSums): Record<string, Field> {
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
