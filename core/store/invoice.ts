import type { BillRule } from './bill-rules.js';
import type { GroupDimension } from './usage-report.js';

/** Who may be sent an invoice. */
export const INVOICED = [
  'customer',
  'org',
  'team',
  'project',
  'user',
  'key',
] as const satisfies readonly GroupDimension[];
export type Invoiced = (typeof INVOICED)[number];

/** Sums on an invoice. Those of an adjustment or a credit note may be negative. */
export interface InvoiceSums {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Nano-dollars. */
  readonly costNano: bigint;
  /** Nano-dollars that are charged. */
  readonly billedNano: bigint;
}

export interface InvoiceLine extends InvoiceSums {
  /** `usage`: of one day, provider and model. `adjustment`: what came late, or was invoiced before, of a month. */
  readonly kind: 'usage' | 'adjustment';
  /** The month that it is about, `2026-10`. */
  readonly month: string;
  /** `2026-10-31`; '' of an adjustment, as are the others. */
  readonly day: string;
  readonly provider: string;
  readonly model: string;
}

/**
 * `draft`: what there is so far, not kept. `issued`: kept, and never changed. `void`: taken back by a credit note. `credit`: that
 * note.
 */
export type InvoiceStatus = 'draft' | 'issued' | 'void' | 'credit';

export interface Invoice {
  /** From 1 on without a gap; 0 of a draft. */
  readonly number: number;
  readonly status: InvoiceStatus;
  readonly kind: Invoiced;
  /** Of a key its id. */
  readonly subject: string;
  /** `2026-10`, of that zone. */
  readonly month: string;
  readonly timeZone: string;
  /** When it was issued, unix milliseconds; 0 of a draft. */
  readonly createdMs: number;
  /** Who issued it, as the audit names them. */
  readonly by: string;
  /** The invoice that a credit note takes back, or the note that took this one back; null: none. */
  readonly other: number | null;
  readonly lines: readonly InvoiceLine[];
  readonly total: InvoiceSums;
}

/** Of which months and whom invoices are made, and by which rules. */
export interface InvoicePeriod {
  readonly kind: Invoiced;
  readonly month: string;
  readonly timeZone: string;
  readonly rules: readonly BillRule[];
}

/** What the ledger can be asked about invoices. */
export type InvoiceAsk =
  | ({ do: 'draft'; subject: string } & InvoicePeriod)
  /** `subject` null: of everybody who has used something. */
  | ({ do: 'issue'; subject: string | null; by: string; now: number } & InvoicePeriod)
  | { do: 'find'; number: number }
  | { do: 'list'; filter: InvoiceFilter; after: number; limit: number }
  | { do: 'void'; number: number; by: string; now: number };

export interface InvoiceFilter {
  readonly kind?: Invoiced;
  readonly subject?: string;
  readonly month?: string;
}

/** Errors of the ledger's thread reach others by their message alone. */
export const NOT_OVER = 'that month is not over yet, so nothing of it can be invoiced';

export const NOTHING: InvoiceSums = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  costNano: 0n,
  billedNano: 0n,
};

export function plus(a: InvoiceSums, b: InvoiceSums, sign: 1 | -1 = 1): InvoiceSums {
  return {
    requests: a.requests + sign * b.requests,
    inputTokens: a.inputTokens + sign * b.inputTokens,
    outputTokens: a.outputTokens + sign * b.outputTokens,
    costNano: a.costNano + BigInt(sign) * b.costNano,
    billedNano: a.billedNano + BigInt(sign) * b.billedNano,
  };
}

export function totalOf(lines: readonly InvoiceSums[]): InvoiceSums {
  return lines.reduce((sum, line) => plus(sum, line), NOTHING);
}

export function isNothing(sums: InvoiceSums): boolean {
  return (
    sums.requests === 0 &&
    sums.inputTokens === 0 &&
    sums.outputTokens === 0 &&
    sums.costNano === 0n &&
    sums.billedNano === 0n
  );
}

/** `2026-10` → the first instants of that month and of the next, as if they were UTC, unix milliseconds. */
export function localMonth(month: string): { from: number; to: number } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return { from: Date.UTC(year, number - 1), to: Date.UTC(year, number) };
}
