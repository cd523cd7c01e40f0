import { instantOf } from '@headgate/sdk';
import {
  type Invoice,
  type InvoiceAsk,
  type InvoiceLine,
  type InvoicePeriod,
  type InvoiceSums,
  isNothing,
  localMonth,
  NOT_OVER,
  NOTHING,
  plus,
  totalOf,
} from './invoice.js';
import {
  findInvoices,
  insertInvoice,
  invoicedMonths,
  invoicedSums,
  type KeptInvoice,
  lastNumber,
  readTerms,
  voidInvoice,
} from './invoice-rows.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import type { UsageReader } from './usage-reader.js';
import type { UsageDimension, UsageQuery, UsageRow } from './usage-report.js';
import { rowsOf } from './usage-table.js';

const PAGE_ROWS = 50_000;
/** Months of before that are looked at for what came late. */
const MONTHS_BACK = 12;
const MOST_TRIES = 5;

/**
 * Invoices of a month: a line for each day, provider and model. An issued one is kept as it is. What comes late of a month that was
 * invoiced is a line of the next invoice.
 */
export class Invoices {
  constructor(
    private readonly db: LedgerSql,
    private readonly usage: Pick<UsageReader, 'report'>,
  ) {}

  async answer(ask: InvoiceAsk): Promise<Invoice[]> {
    switch (ask.do) {
      case 'draft':
        return [await this.draft(ask, await this.subjectOf(ask.kind, ask.subject))];
      case 'issue':
        return this.issue(ask);
      case 'find':
        return findInvoices(this.db, { number: ask.number });
      case 'list':
        return findInvoices(this.db, ask.filter, { after: ask.after, limit: ask.limit });
      case 'void':
        return this.takeBack(ask.number, ask.by, ask.now);
    }
  }

  /** The invoice of that month where there is one, else what it would be. */
  private async draft(period: InvoicePeriod, subject: string): Promise<Invoice> {
    const { kind, month } = period;
    const [kept] = await findInvoices(this.db, { kind, subject, month, status: 'issued' });
    return kept ?? (await this.made(period, subject)).get(subject) ?? empty(period, subject);
  }

  private async issue(ask: Extract<InvoiceAsk, { do: 'issue' }>): Promise<Invoice[]> {
    const { kind, month, timeZone } = ask;
    if (ask.now < instantOf(timeZone, localMonth(month).to)) throw new Error(NOT_OVER);
    const subject = ask.subject === null ? null : await this.subjectOf(kind, ask.subject);
    for (let tries = 1; ; tries++) {
      const seen = await lastNumber(this.db);
      const drafts = await this.made(ask, subject);
      if (subject !== null && !drafts.has(subject)) drafts.set(subject, empty(ask, subject));
      const issued = await this.keep(ask, [...drafts.values()], seen);
      if (issued !== null) return issued;
      // Another node has issued some meanwhile: what came late must not be charged twice.
      if (tries === MOST_TRIES) throw new Error('others issue invoices at the moment; try again');
    }
  }

  /** Null when there are other invoices by now than those that were seen. */
  private keep(
    { kind, month, by, now }: Extract<InvoiceAsk, { do: 'issue' }>,
    drafts: readonly KeptInvoice[],
    seen: number,
  ): Promise<Invoice[] | null> {
    return this.db.transaction(async (sql) => {
      await lock(sql);
      let number = await lastNumber(sql);
      if (number !== seen) return null;
      const there = await findInvoices(sql, { kind, month, status: 'issued' });
      const kept = new Map(there.map((one) => [one.subject, one]));
      const issued: Invoice[] = [];
      for (const draft of drafts) {
        let one = kept.get(draft.subject);
        if (one === undefined) {
          one = { ...draft, number: ++number, status: 'issued', by, createdMs: now };
          await insertInvoice(sql, one);
        }
        issued.push(one);
      }
      return issued;
    });
  }

  /** Issues a credit note, once. */
  private takeBack(number: number, by: string, now: number): Promise<Invoice[]> {
    return this.db.transaction(async (sql) => {
      await lock(sql);
      const [invoice] = await findInvoices(sql, { number });
      if (invoice === undefined) return [];
      if (invoice.status === 'void') return findInvoices(sql, { number: invoice.other ?? 0 });
      if (invoice.status === 'credit') return [invoice];
      const lines = invoice.lines.map((line) => ({ ...line, ...plus(NOTHING, line, -1) }));
      const note: KeptInvoice = {
        ...invoice,
        number: (await lastNumber(sql)) + 1,
        status: 'credit',
        createdMs: now,
        by,
        other: number,
        lines,
        total: totalOf(lines),
      };
      await insertInvoice(sql, note);
      await voidInvoice(sql, number, note.number);
      return [note];
    });
  }

  /** Drafts by subject; of everybody who has used something when it is null. */
  private async made(period: InvoicePeriod, subject: string | null): Promise<Map<string, KeptInvoice>> {
    const { month } = period;
    const lines = new Map<string, InvoiceLine[]>();
    const of = (name: string): InvoiceLine[] => {
      const known = lines.get(name) ?? [];
      lines.set(name, known);
      return known;
    };
    for (const { group, sums } of (await this.rows(period, subject, ['day', 'provider', 'model'])) ?? []) {
      const [name = '', day = '', provider = '', model = ''] = group;
      if (name !== '') of(name).push({ kind: 'usage', month, day, provider, model, ...sumsOf(sums) });
    }
    for (const [name, late] of await this.late(period, subject)) of(name).push(...late);
    return new Map(
      [...lines].map(([name, own]) => [name, { ...empty(period, name), lines: own, total: totalOf(own) }]),
    );
  }

  /** What differs now from what was invoiced: of earlier months that were, and of this one on later invoices. */
  private async late(period: InvoicePeriod, subject: string | null): Promise<Map<string, InvoiceLine[]>> {
    const { kind, month } = period;
    const sums = await invoicedSums(this.db, { kind, subject });
    const lines = new Map<string, InvoiceLine[]>();
    const add = (name: string, about: string, now: InvoiceSums): void => {
      const line = adjustment(about, plus(now, sums.get(`${name}\0${about}`) ?? NOTHING, -1));
      if (!isNothing(line)) lines.set(name, [...(lines.get(name) ?? []), line]);
    };
    const range = { from: monthBefore(month, MONTHS_BACK), to: month };
    const before = await invoicedMonths(this.db, { kind, subject, ...range });
    // Those of a month that were made by the same rules are told by one report.
    for (const same of alike(before)) {
      const [{ month: about, terms }] = same as [(typeof same)[number]];
      const now = await this.totals({ kind, month: about, ...readTerms(terms) }, subject);
      // Where only whole days are left, the days at its ends are not its own.
      if (now !== null) for (const { subject: name } of same) add(name, about, now.get(name) ?? NOTHING);
    }
    for (const name of [...sums.keys()])
      if (name.endsWith(`\0${month}`)) add(name.slice(0, -month.length - 1), month, NOTHING);
    return lines;
  }

  private async totals(
    period: InvoicePeriod,
    subject: string | null,
  ): Promise<Map<string, InvoiceSums> | null> {
    const rows = await this.rows(period, subject, []);
    return rows === null ? null : new Map(rows.map(({ group, sums }) => [group[0] ?? '', sumsOf(sums)]));
  }

  private async rows(
    period: InvoicePeriod,
    subject: string | null,
    by: readonly UsageDimension[],
  ): Promise<UsageRow[] | null> {
    const { from, to } = localMonth(period.month);
    const rows: UsageRow[] = [];
    let after: string | null = null;
    do {
      const groupBy = [period.kind, ...by];
      const page: Awaited<ReturnType<UsageReader['report']>> = await this.usage.report({
        ...query(period, from, to, subject),
        groupBy,
        after,
      });
      if (page.wholeDaysBefore !== null && by.length === 0) return null;
      for (const row of rowsOf(page.table)) rows.push(row);
      after = page.next;
    } while (after !== null);
    return rows;
  }

  /** Keys may be named by their names. */
  private async subjectOf(kind: InvoicePeriod['kind'], subject: string): Promise<string> {
    if (kind !== 'key') return subject;
    const known = await this.db.all('SELECT key_id FROM key_names WHERE key_id = ?', [subject]);
    if (known.length > 0) return subject;
    const named = await this.db.all('SELECT key_id FROM key_names WHERE name = ? ORDER BY key_id', [subject]);
    return named.length === 1 ? String(named[0]?.[0]) : subject;
  }
}

function query(
  { kind, timeZone, rules }: InvoicePeriod,
  from: number,
  to: number,
  subject: string | null,
): Omit<UsageQuery, 'groupBy'> {
  return {
    from: instantOf(timeZone, from),
    to: instantOf(timeZone, to),
    filter: subject === null ? {} : { [kind]: [subject] },
    timeZone,
    limit: PAGE_ROWS,
    after: null,
    billing: rules,
  };
}

async function lock(sql: Statements): Promise<void> {
  if (sql.kind === 'postgres') await sql.run('LOCK TABLE invoices IN EXCLUSIVE MODE');
}

function empty({ kind, month, timeZone, rules }: InvoicePeriod, subject: string): KeptInvoice {
  return {
    number: 0,
    status: 'draft',
    kind,
    subject,
    month,
    timeZone,
    createdMs: 0,
    by: '',
    other: null,
    lines: [],
    total: NOTHING,
    rules,
  };
}

function sumsOf(sums: UsageRow['sums']): InvoiceSums {
  const { requests, inputTokens, outputTokens, costNano, billedNano = costNano } = sums;
  return { requests, inputTokens, outputTokens, costNano, billedNano };
}

function adjustment(month: string, sums: InvoiceSums): InvoiceLine {
  return { kind: 'adjustment', month, day: '', provider: '', model: '', ...sums };
}

/** Of the same month and the same rules together. */
function alike<T extends { month: string; terms: string }>(invoices: readonly T[]): T[][] {
  const found = new Map<string, T[]>();
  for (const one of invoices) {
    const name = `${one.month} ${one.terms}`;
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return [...found.values()];
}

function monthBefore(month: string, back: number): string {
  const date = new Date(localMonth(month).from);
  date.setUTCMonth(date.getUTCMonth() - back);
  return date.toISOString().slice(0, 7);
}
