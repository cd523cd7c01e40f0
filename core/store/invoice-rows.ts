import { createHash } from 'node:crypto';
import type { BillRule } from './bill-rules.js';
import type { Invoice, Invoiced, InvoiceFilter, InvoiceLine, InvoiceStatus, InvoiceSums } from './invoice.js';
import { NOTHING, plus, totalOf } from './invoice.js';
import { one, type SqlRow, type SqlValue, type Statements } from './ledger-sql.js';

const SUMS = 'requests, input_tokens, output_tokens, cost_nano, billed_nano';
const PAGE = 500;
const COLUMNS = 'number, status, kind, subject, month, created_ms, other, terms, document, digest';

/** By which an invoice was made. */
interface Terms {
  readonly timeZone: string;
  readonly rules: readonly BillRule[];
}

interface Document {
  readonly by: string;
  readonly lines: readonly (readonly (string | number)[])[];
}

/** An invoice, and the rules that it was made by. */
export interface KeptInvoice extends Invoice {
  readonly rules: readonly BillRule[];
}

export async function insertInvoice(sql: Statements, invoice: KeptInvoice): Promise<void> {
  const { number, status, kind, subject, month, createdMs, other, by, timeZone, rules, lines } = invoice;
  const terms = JSON.stringify({ timeZone, rules } satisfies Terms);
  const document = JSON.stringify({ by, lines: lines.map(lineRow) } satisfies Document);
  await sql.run(`INSERT INTO invoices (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    number,
    status,
    kind,
    subject,
    month,
    createdMs,
    other,
    terms,
    document,
    digestOf(terms, document),
  ]);
  await sql.each(
    `INSERT INTO invoice_months (number, month, ${SUMS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [...byMonth(lines)].map(([about, sums]) => [
      number,
      about,
      sums.requests,
      sums.inputTokens,
      sums.outputTokens,
      sums.costNano,
      sums.billedNano,
    ]),
  );
}

/** Its credit note takes an invoice back: the one thing that changes. */
export async function voidInvoice(sql: Statements, number: number, note: number): Promise<void> {
  await sql.run("UPDATE invoices SET status = 'void', other = ? WHERE number = ?", [note, number]);
}

export async function lastNumber(sql: Statements): Promise<number> {
  return one(sql, 'SELECT coalesce(max(number), 0) FROM invoices');
}

/** In order of their numbers. */
export async function findInvoices(
  sql: Statements,
  where: InvoiceFilter & { status?: InvoiceStatus; number?: number },
  { after = 0, limit = 1_000_000 }: { after?: number; limit?: number } = {},
): Promise<KeptInvoice[]> {
  const parts = Object.entries(where).filter(([, value]) => value !== undefined) as [string, SqlValue][];
  const rows = await sql.all(
    `SELECT ${COLUMNS} FROM invoices WHERE number > ? ${parts.map(([name]) => `AND ${name} = ?`).join(' ')}
     ORDER BY number LIMIT ?`,
    [after, ...parts.map(([, value]) => value), limit],
  );
  return rows.map(invoiceOf);
}

/** Invoices of those months that are in force, without their lines. */
export async function invoicedMonths(
  sql: Statements,
  { kind, subject, from, to }: { kind: Invoiced; subject: string | null; from: string; to: string },
): Promise<{ subject: string; month: string; terms: string }[]> {
  const rows = await sql.all(
    `SELECT subject, month, terms FROM invoices
     WHERE status = 'issued' AND kind = ? AND month >= ? AND month < ? ${subject === null ? '' : 'AND subject = ?'}`,
    [kind, from, to, ...(subject === null ? [] : [subject])],
  );
  return rows.map(([who, month, terms]) => ({
    subject: String(who),
    month: String(month),
    terms: String(terms),
  }));
}

export function readTerms(text: string): Terms {
  return JSON.parse(text) as Terms;
}

/** What invoices in force come to, by subject and the month that their lines are about, joined by a zero byte. */
export async function invoicedSums(
  sql: Statements,
  { kind, subject }: { kind: Invoiced; subject: string | null },
): Promise<Map<string, InvoiceSums>> {
  const rows = await sql.all(
    `SELECT i.subject, m.month, ${SUMS.split(', ')
      .map((name) => `sum(m.${name})`)
      .join(', ')}
     FROM invoices i JOIN invoice_months m ON m.number = i.number
     WHERE i.status = 'issued' AND i.kind = ? ${subject === null ? '' : 'AND i.subject = ?'} GROUP BY i.subject, m.month`,
    [kind, ...(subject === null ? [] : [subject])],
  );
  return new Map(
    rows.map(([who, month, requests, input, output, cost, billed]) => [
      `${who}\0${month}`,
      {
        requests: Number(requests),
        inputTokens: Number(input),
        outputTokens: Number(output),
        costNano: BigInt(cost as number | bigint),
        billedNano: BigInt(billed as number | bigint),
      },
    ]),
  );
}

/** Numbers of invoices that are not as they were written. */
export async function damagedInvoices(sql: Statements): Promise<number[]> {
  const damaged: number[] = [];
  for (let after = 0; ; ) {
    const rows = await sql.all(
      `SELECT ${COLUMNS} FROM invoices WHERE number > ? ORDER BY number LIMIT ${PAGE}`,
      [after],
    );
    for (const row of rows) {
      const [number, , , , , , , terms, document, digest] = row;
      after = Number(number);
      const months = await sql.all(
        `SELECT month, ${SUMS} FROM invoice_months WHERE number = ? ORDER BY month`,
        [after],
      );
      const kept = months.map((month) => month.map(String).join(' '));
      const whole = digestOf(String(terms), String(document)) === digest;
      if (!whole || kept.join() !== monthTexts(invoiceOf(row).lines).join()) damaged.push(after);
    }
    if (rows.length < PAGE) return damaged;
  }
}

function monthTexts(lines: readonly InvoiceLine[]): string[] {
  return [...byMonth(lines)].map(([month, sums]) => [month, ...sumsRow(sums)].join(' ')).sort();
}

function byMonth(lines: readonly InvoiceLine[]): Map<string, InvoiceSums> {
  const found = new Map<string, InvoiceSums>();
  for (const line of lines) found.set(line.month, plus(found.get(line.month) ?? NOTHING, line));
  return found;
}

function invoiceOf(row: SqlRow): KeptInvoice {
  const [number, status, kind, subject, month, createdMs, other, terms, document] = row;
  const { timeZone, rules } = readTerms(String(terms));
  const { by, lines: kept } = JSON.parse(String(document)) as Document;
  const lines = kept.map(lineOf);
  return {
    number: Number(number),
    status: status as InvoiceStatus,
    kind: kind as Invoiced,
    subject: String(subject),
    month: String(month),
    timeZone,
    createdMs: Number(createdMs),
    by,
    other: other === null ? null : Number(other),
    lines,
    total: totalOf(lines),
    rules,
  };
}

function lineRow(line: InvoiceLine): (string | number)[] {
  return [line.kind, line.month, line.day, line.provider, line.model, ...sumsRow(line)];
}

function sumsRow(sums: InvoiceSums): (string | number)[] {
  const { requests, inputTokens, outputTokens, costNano, billedNano } = sums;
  return [requests, inputTokens, outputTokens, String(costNano), String(billedNano)];
}

function lineOf(row: readonly (string | number)[]): InvoiceLine {
  const [kind, month, day, provider, model, requests, input, output, cost, billed] = row;
  return {
    kind: kind as InvoiceLine['kind'],
    month: String(month),
    day: String(day),
    provider: String(provider),
    model: String(model),
    requests: Number(requests),
    inputTokens: Number(input),
    outputTokens: Number(output),
    costNano: BigInt(cost as string),
    billedNano: BigInt(billed as string),
  };
}

function digestOf(terms: string, document: string): string {
  return createHash('sha256').update(`${terms}\n${document}`).digest('hex');
}
