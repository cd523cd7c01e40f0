import { type LinkKind, QUARTER_MS, type UsedBy, type UsedSoFar } from '@headgate/sdk';
import type { Statements } from './ledger-sql.js';
import type { RecordColumns } from './record-columns.js';
import type { RequestReader, TimeRange } from './request-reader.js';
import { groupsWith } from './usage-filter.js';
import { type SqlPart, sumsByGroup } from './usage-parts.js';
import type { GroupDimension } from './usage-report.js';
import { QUARTERS_A_DAY } from './usage-totals.js';
import { wholeNano, wholeNumber } from './whole-number.js';

/** No quarter of an hour is as late as this one. */
const END = 2 ** 31 - QUARTERS_A_DAY;

export const DIMENSION_OF: Readonly<Record<LinkKind, GroupDimension>> = {
  key: 'key',
  project: 'project',
  team: 'team',
  organization: 'org',
  user: 'user',
  customer: 'customer',
  tag: 'tag',
  // Their records name them so; see `core/mcp/tool-record.ts`.
  mcp_server: 'provider',
  mcp_tool: 'model',
};

/** The sums of whole quarters of an hour, and the records between that moment and the first of them. */
export async function usedSince(
  sql: Statements,
  requests: Pick<RequestReader, 'batches'>,
  of: UsedBy,
  since: number,
): Promise<UsedSoFar> {
  const slot = Math.ceil(since / QUARTER_MS);
  const groups = groupsWith(sql.kind, { [DIMENSION_OF[of.kind]]: [of.id] });
  const sums = sumsByGroup({ from: slot, to: END }, groups);
  const counted = countedRequests(sql.kind, of);
  const [row = []] = await sql.all(
    `SELECT sum(${counted.text}), sum(input_tokens), sum(output_tokens), sum(cost_nano) FROM (${sums.text}) t`,
    [...counted.values, ...sums.values],
  );
  const [count = 0, input = 0, output = 0, nanos = 0] = row.map(Number);
  const first = await ofRecords(sql, requests, of, { from: since, to: slot * QUARTER_MS });
  return {
    requests: count + first.requests,
    inputTokens: input + first.inputTokens,
    outputTokens: output + first.outputTokens,
    nanos: nanos + first.nanos,
  };
}

/** What of a sum limits on requests count, see `wasRefused`. */
function countedRequests(kind: Statements['kind'], of: UsedBy): SqlPart {
  const dimension = DIMENSION_OF[of.kind];
  // What was refused names no server of tools.
  if (dimension === 'provider') return { text: 'requests', values: [] };
  const unasked = groupsWith(kind, { [dimension]: [of.id], provider: [''] }) as SqlPart;
  return {
    text: `CASE WHEN ${unasked.text} THEN requests - errors ELSE requests END`,
    values: unasked.values,
  };
}

async function ofRecords(
  sql: Statements,
  requests: Pick<RequestReader, 'batches'>,
  of: UsedBy,
  { from, to }: TimeRange,
): Promise<UsedSoFar> {
  const sum = { requests: 0, inputTokens: 0, outputTokens: 0, nanos: 0 };
  if (from >= to) return sum;
  for await (const { columns, count } of requests.batches({ from, to }, sql)) {
    const isOf = matcher(columns, of);
    if (isOf === null) continue;
    const { time, costNano, usage, outcome, provider } = columns;
    for (let row = 0; row < count; row++) {
      if (!isOf(row) || time.at(row) < from || time.at(row) >= to) continue;
      if (outcome.at(row) !== 'error' || provider.at(row) !== '') sum.requests++;
      sum.inputTokens += wholeNumber(usage.inputTokens.at(row));
      sum.outputTokens += wholeNumber(usage.outputTokens.at(row));
      sum.nanos += wholeNano(costNano.at(row) ?? 0);
    }
  }
  return sum;
}

const COLUMN_OF = {
  key: 'keyId',
  project: 'project',
  team: 'team',
  organization: 'org',
  user: 'user',
  customer: 'customer',
  mcp_server: 'provider',
  mcp_tool: 'model',
} as const satisfies Record<Exclude<LinkKind, 'tag'>, keyof RecordColumns>;

/** Tells the rows that are counted for it; null when there are none, found out without looking at them. */
function matcher(columns: RecordColumns, { kind, id }: UsedBy): ((row: number) => boolean) | null {
  if (kind === 'tag') return (row) => columns.tags.at(row).includes(id);
  const column = columns[COLUMN_OF[kind]];
  return column.mayHave(id) ? (row) => column.at(row) === id : null;
}
