import { exactUsd } from '../money.js';
import type { Invoice, InvoiceSums } from '../store/invoice.js';
import { csv, type Field } from './csv.js';

/** `INV-000012` */
export function invoiceNumber(number: number): string {
  return `INV-${String(number).padStart(6, '0')}`;
}

/** An invoice without its lines. */
export function invoiceSummary(invoice: Invoice): Record<string, unknown> {
  const { number, status, kind, subject, month, timeZone, createdMs, by, other, total } = invoice;
  return {
    number: number === 0 ? null : invoiceNumber(number),
    status,
    [kind]: subject,
    month,
    time_zone: timeZone,
    issued_at: createdMs === 0 ? null : new Date(createdMs).toISOString(),
    issued_by: by === '' ? null : by,
    ...(other !== null && { [status === 'credit' ? 'credits' : 'credit_note']: invoiceNumber(other) }),
    total: sumFields(total),
  };
}

export function invoiceJson(invoice: Invoice): Record<string, unknown> {
  return {
    ...invoiceSummary(invoice),
    lines: invoice.lines.map(({ kind, month, day, provider, model, ...sums }) => ({
      kind,
      month,
      ...(kind === 'usage' && { day, provider, model }),
      ...sumFields(sums),
    })),
  };
}

/** A line for each line of the invoice, each with its number and whom it is for, so that many can be put together. */
export function invoiceCsv(invoice: Invoice): string {
  const { number, status, kind: who, subject, lines } = invoice;
  const of = number === 0 ? '' : invoiceNumber(number);
  const header = [
    'number',
    'status',
    who,
    'kind',
    'month',
    'day',
    'provider',
    'model',
    ...Object.keys(sumFields(invoice.total)),
  ];
  return csv(
    header,
    lines.map(({ kind, month, day, provider, model, ...sums }) => [
      of,
      status,
      subject,
      kind,
      month,
      day,
      provider,
      model,
      ...Object.values(sumFields(sums)),
    ]),
  );
}

function sumFields(sums: InvoiceSums): Record<string, Field> {
  return {
    requests: sums.requests,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cost_usd: exactUsd(sums.costNano),
    billed_usd: exactUsd(sums.billedNano),
  };
}
