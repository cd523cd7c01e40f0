import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BillRule, billedNano } from '../../../core/store/bill-rules.js';
import type { Invoice, InvoiceAsk, InvoiceSums } from '../../../core/store/invoice.js';
import { damagedInvoices } from '../../../core/store/invoice-rows.js';
import { Invoices } from '../../../core/store/invoices.js';
import type { LedgerSql } from '../../../core/store/ledger-sql.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import type { UsageDimension } from '../../../core/store/usage-report.js';
import { EVERYTHING, read } from '../reading.js';
import { anyRecord, settled, taken } from '../records.js';
import type { Database } from './database.js';

const QUARTER = 900_000;
const NONE = { fromSlot: null, toSlot: null, costPpm: 1_000_000, requestNano: 0, tokens: null };
const noon = Date.UTC(2026, 0, 31, 12);

const anyRule: fc.Arbitrary<BillRule> = fc.record({
  match: fc.constantFrom<BillRule['match']>(
    {},
    { customer: ['acme'] },
    { customer: ['ac*', '*ther'] },
    { model: ['*'], provider: ['openai', ''] },
    { tag: ['b', 'ac*e'] },
    { tag: [''], key: ['k1'] },
  ),
  fromSlot: fc.constantFrom(null, Math.floor(noon / QUARTER), Math.floor(noon / QUARTER) + 1),
  toSlot: fc.constantFrom(null, Math.floor(noon / QUARTER) + 2),
  costPpm: fc.oneof(fc.constantFrom(0, 1_000_000, 1_200_000), fc.nat({ max: 100_000_000 })),
  requestNano: fc.oneof(fc.constant(0), fc.nat({ max: 1_000_000_000 })),
  tokens: fc.option(
    fc.record({
      input: fc.nat({ max: 1_000_000_000 }),
      output: fc.nat({ max: 1_000_000_000 }),
      cacheRead: fc.nat({ max: 1_000_000_000 }),
    }),
  ),
});

/** What is charged for records, the slow way: quarter by quarter, group by group. */
function charged(records: readonly SettledRecord[], rules: readonly BillRule[]): bigint {
  const groups = new Map<string, SettledRecord[]>();
  for (const one of records) {
    const { org, team, project, user, keyId, customer, model, provider, targetModel, operation, format } =
      one;
    const who = [org, team, project, user, keyId, customer, model, provider, targetModel, operation, format];
    const name = JSON.stringify([Math.floor(one.time / QUARTER), who, [...new Set(one.tags)].sort()]);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  let sum = 0n;
  for (const members of groups.values()) {
    const first = members[0] as SettledRecord;
    const rule = rules.find((one) => fits(one, first)) ?? null;
    const count = (value: (record: SettledRecord) => number): number =>
      members.reduce((all, record) => all + value(record), 0);
    sum += billedNano(rule, {
      requests: members.length,
      inputTokens: count(({ usage }) => usage?.inputTokens ?? 0),
      outputTokens: count(({ usage }) => usage?.outputTokens ?? 0),
      cacheReadTokens: count(({ usage }) => usage?.cacheReadTokens ?? 0),
      costNano: members.reduce((all, { costNano }) => all + BigInt(Math.round(costNano ?? 0)), 0n),
    });
  }
  return sum;
}

function fits({ match, fromSlot, toSlot }: BillRule, record: SettledRecord): boolean {
  const slot = Math.floor(record.time / QUARTER);
  if (slot < (fromSlot ?? slot) || slot >= (toSlot ?? slot + 1)) return false;
  const like = (text: string, patterns: readonly string[] = ['*']): boolean =>
    patterns.some((pattern) =>
      new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/[^\w]/g, '\\$&'))
          .join('[^]*')}$`,
      ).test(text),
    );
  const tags = record.tags.length === 0 ? [''] : record.tags;
  return (
    like(record.customer, match.customer) &&
    like(record.model, match.model) &&
    like(record.provider, match.provider) &&
    like(record.keyId, match.key) &&
    tags.some((tag) => like(tag, match.tag))
  );
}

/** What every database tells of what is charged, and keeps of invoices. */
export function billingSuite({ open, runs }: Database): void {
  const start = async (...records: SettledRecord[]) => {
    const db = await open();
    const store = new LedgerStore(db);
    await store.commit([taken(...records)]);
    const usage = read(db).usage;
    return { db, store, usage, invoices: new Invoices(db, usage) };
  };
  const period = {
    kind: 'customer',
    month: '2026-01',
    timeZone: 'UTC',
    rules: [{ ...NONE, match: {}, costPpm: 1_200_000 }],
  } as const;
  const issue = (
    invoices: Invoices,
    over: Partial<Extract<InvoiceAsk, { do: 'issue' }>> = {},
  ): Promise<Invoice[]> =>
    invoices.answer({
      do: 'issue',
      subject: 'acme',
      by: 'admin',
      now: Date.UTC(2026, 5),
      ...period,
      ...over,
    });

  test('what is charged comes to the same to the nano-dollar, however it is grouped', async () => {
    const groupings: readonly UsageDimension[][] = [
      [],
      ['customer'],
      ['day', 'model'],
      ['tag'],
      ['hour', 'key', 'provider'],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 30 }),
        fc.array(anyRule, { maxLength: 40 }),
        async (records, billing) => {
          const { db, usage } = await start(...records);
          const wanted = charged(records, billing);
          for (const groupBy of groupings) {
            const { total, rows } = await usage.report({ ...EVERYTHING, groupBy, billing });
            expect(total.billedNano).toBe(wanted);
            // A request with several tags is in several rows.
            if (groupBy.length === 0 || groupBy.includes('tag')) continue;
            expect(rows.reduce((sum, row) => sum + (row.sums.billedNano ?? 0n), 0n)).toBe(wanted);
          }
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('the lines of all invoices come to what the ledger has, late records included', async () => {
    const zone = 'Asia/Kolkata';
    const customer = fc.constantFrom('acme', 'b', 'other');
    const time = fc.integer({ min: Date.UTC(2025, 11, 30), max: Date.UTC(2026, 2, 2) });
    const record = fc
      .tuple(anyRecord, customer, time)
      .map(([one, name, at]) => ({ ...one, customer: name, time: at }));
    const several = (selector = (one: SettledRecord): string => one.id) =>
      fc.uniqueArray(record, { selector, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(
        several(),
        several(),
        fc.array(anyRule, { maxLength: 3 }),
        async (early, late, rules) => {
          const { db, store, invoices, usage } = await start(...early);
          const terms = { timeZone: zone, rules, subject: null };
          await issue(invoices, { ...terms, month: '2026-01' });
          await store.commit([taken(...late.map((one) => ({ ...one, id: `late ${one.id}` })))]);
          await issue(invoices, { ...terms, month: '2026-02' });
          await issue(invoices, { ...terms, month: '2026-03' });
          const all = await invoices.answer({ do: 'list', filter: {}, after: 0, limit: 100 });
          const from = Date.UTC(2026, 0) - 5.5 * 3_600_000;
          const invoiced = new Set(
            all.filter(({ month }) => month === '2026-01').map(({ subject }) => subject),
          );
          for (const name of ['acme', 'b', 'other']) {
            const own = all.filter(({ subject }) => subject === name);
            // Nobody who had no invoice for January has what came late on a later one.
            const since = invoiced.has(name) ? from : Date.UTC(2026, 1) - 5.5 * 3_600_000;
            const { total } = await usage.report({
              ...EVERYTHING,
              from: since,
              filter: { customer: [name] },
              billing: rules,
            });
            expect(sum(own)).toEqual(sumsOf(total));
          }
          expect(await damagedInvoices(db)).toEqual([]);
          await db.close();
        },
      ),
      { numRuns: runs / 2 },
    );
  });

  test('an issued invoice stays as it is; what comes late is an adjustment of the next, by the old rules', async () => {
    const { db, store, invoices } = await start(settled({ time: noon, costNano: 100 }));
    const [first] = await issue(invoices);
    expect(first).toMatchObject({
      number: 1,
      status: 'issued',
      total: { requests: 1, costNano: 100n, billedNano: 120n },
    });
    await store.commit([
      taken(settled({ time: noon, costNano: 50 }), settled({ time: noon + 86_400_000, costNano: 10 })),
    ]);
    const rules = [{ ...NONE, match: {}, costPpm: 3_000_000 }];
    expect(await issue(invoices, { rules })).toEqual([first]);
    expect(await invoices.answer({ do: 'draft', subject: 'acme', ...period, rules })).toEqual([first]);
    const [second] = await issue(invoices, { month: '2026-02', rules });
    expect(second).toMatchObject({ number: 2, total: { requests: 2, costNano: 60n, billedNano: 90n } });
    expect(second?.lines).toMatchObject([
      { kind: 'usage', day: '2026-02-01', billedNano: 30n },
      { kind: 'adjustment', month: '2026-01', billedNano: 60n },
    ]);
    await db.close();
  });

  test('a credit note takes an invoice back, once, and the month can be invoiced anew', async () => {
    const { db, store, invoices } = await start(settled({ time: noon, costNano: 100 }));
    await issue(invoices);
    const [note] = await invoices.answer({ do: 'void', number: 1, by: 'admin', now: 5 });
    expect(note).toMatchObject({ number: 2, status: 'credit', other: 1, total: { billedNano: -120n } });
    expect(await invoices.answer({ do: 'void', number: 1, by: 'admin', now: 6 })).toEqual([note]);
    expect(await invoices.answer({ do: 'find', number: 1 })).toMatchObject([{ status: 'void', other: 2 }]);
    await store.commit([taken(settled({ time: noon, costNano: 1 }))]);
    expect(await issue(invoices)).toMatchObject([{ number: 3, total: { costNano: 101n } }]);
    await db.close();
  });

  test('two that issue at once give everybody one invoice, numbered without a gap', async () => {
    const { db, usage } = await start(
      ...['a', 'b', 'c'].map((customer) => settled({ time: noon, customer })),
    );
    const both = [new Invoices(db, usage), new Invoices(db, usage)];
    const [one, other] = await Promise.all(both.map((invoices) => issue(invoices, { subject: null })));
    expect(one).toEqual(other);
    expect(one?.map(({ number }) => number).sort()).toEqual([1, 2, 3]);
    await db.close();
  });

  test('a month that is not over is not invoiced, and an invoice that was changed is found', async () => {
    const { db, invoices } = await start(settled({ time: noon }));
    await expect(issue(invoices, { now: Date.UTC(2026, 1) - 1 })).rejects.toThrow('not over');
    await issue(invoices, { now: Date.UTC(2026, 1) });
    expect(await damagedInvoices(db)).toEqual([]);
    await changed(db);
    expect(await damagedInvoices(db)).toEqual([1]);
    await db.close();
  });
}

function changed(db: LedgerSql): Promise<number> {
  return db.run('UPDATE invoice_months SET billed_nano = billed_nano - 1');
}

function sumsOf(total: {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  costNano: bigint;
  billedNano?: bigint;
}): InvoiceSums {
  const { requests, inputTokens, outputTokens, costNano, billedNano = 0n } = total;
  return { requests, inputTokens, outputTokens, costNano, billedNano };
}

function sum(invoices: readonly Invoice[]): InvoiceSums {
  const all = { requests: 0, inputTokens: 0, outputTokens: 0, costNano: 0n, billedNano: 0n };
  for (const line of invoices.flatMap(({ lines }) => lines)) {
    all.requests += line.requests;
    all.inputTokens += line.inputTokens;
    all.outputTokens += line.outputTokens;
    all.costNano += line.costNano;
    all.billedNano += line.billedNano;
  }
  return all;
}
