import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv, type Field } from '../../core/admin/csv.js';
import { usageCsv, usageJson } from '../../core/admin/usage-text.js';
import { exactUsd } from '../../core/money.js';
import type { UsageReport, UsageSums } from '../../core/store/usage-report.js';
import { COST, SUM_WIDTH, sumsAt } from '../../core/store/usage-sums.js';
import { rowsOf, type UsageTexts } from '../../core/store/usage-table.js';

const text = fc.oneof(
  fc.string({ maxLength: 9 }),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom('', '=1+1', '-5', 'a,b', 'say "hi"', 'two\r\nlines', 'ünï ☀️'),
);
const count = fc.oneof(fc.nat({ max: 3 }), fc.nat(), fc.maxSafeNat());
/** What is below 2^52, and how many times that. */
const parts = fc.tuple(
  fc.nat({ max: 2 ** 31 }).map((n) => n * 2 ** 20),
  fc.oneof(fc.constant(0), fc.nat({ max: 9 })),
);
const small = fc.tuple(fc.nat(), fc.constant(0));

const texts = (length: number, isKey: boolean): fc.Arbitrary<UsageTexts> =>
  fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }).chain((values) =>
    fc.array(fc.nat({ max: values.length - 1 }), { minLength: length, maxLength: length }).map((at) => ({
      texts: values.map(([value]) => value),
      names: isKey ? values.map(([, name]) => name) : null,
      at: Int32Array.from(at),
    })),
  );

const row = fc
  .tuple(
    fc.array(count, { minLength: COST, maxLength: COST }),
    fc.oneof(parts, small),
    fc.oneof(parts, small),
  )
  .map(([plain, cost, billed]) => [...plain, ...cost, ...billed]);

const report: fc.Arbitrary<UsageReport> = fc
  .tuple(fc.array(row, { maxLength: 6 }), fc.boolean(), fc.boolean())
  .chain(([rows, billed, keyed]) =>
    fc.tuple(texts(rows.length, false), texts(rows.length, true)).map(([customers, keys]) => {
      const sums = Float64Array.from(rows.flat());
      return {
        from: null,
        to: null,
        timeZone: 'UTC',
        groupBy: keyed ? ['customer', 'key'] : ['customer'],
        table: { length: rows.length, groups: keyed ? [customers, keys] : [customers], sums, billed },
        next: null,
        total: sumsAt(Float64Array.from(rows[0] ?? new Array(SUM_WIDTH).fill(0)), 0, billed),
        wholeDaysBefore: null,
      } satisfies UsageReport;
    }),
  );

function fieldsOf(sums: UsageSums): Record<string, Field> {
  const { billedNano } = sums;
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
    ...(billedNano !== undefined && { billed_usd: exactUsd(billedNano), billed_nano: Number(billedNano) }),
    unpriced_requests: sums.unpricedRequests,
  };
}

/** The same, made row by row. */
const slowly = ({ groupBy, table }: UsageReport): Record<string, Field>[] =>
  rowsOf(table).map(({ group: [customer = '', key = ''], keyName, sums }) => ({
    customer,
    ...(groupBy.includes('key') && { key, key_name: keyName }),
    ...fieldsOf(sums),
  }));

test('JSON has the rows of the table', () => {
  fc.assert(
    fc.property(report, (told) => {
      const { rows } = JSON.parse(usageJson(told)) as { rows: unknown };
      expect(JSON.stringify(rows)).toBe(JSON.stringify(slowly(told)));
    }),
  );
});

test('CSV has a header and the rows of the table', () => {
  fc.assert(
    fc.property(report, (told) => {
      const { groupBy, total } = told;
      const names = groupBy.flatMap((name) => (name === 'key' ? ['key', 'key_name'] : [name]));
      const rows = slowly(told).map((one) => Object.values(one));
      expect(usageCsv(told)).toBe(csv([...names, ...Object.keys(fieldsOf(total))], rows));
    }),
  );
});
