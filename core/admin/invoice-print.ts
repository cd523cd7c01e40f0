import { exactUsd } from '../money.js';
import { type Invoice, type InvoiceLine, type InvoiceSums, NOTHING, plus } from '../store/invoice.js';
import { invoiceNumber } from './invoice-text.js';

interface Row {
  readonly what: string;
  readonly sums: InvoiceSums;
}

const CENT_NANO = 10_000_000n;

/** For people: a line for each provider and model, and what came late. */
export function invoicePlain(invoice: Invoice): string {
  const table = [
    ['', 'requests', 'input tokens', 'output tokens', 'USD'],
    ...rowsOf(invoice).map(({ what, sums }) => [what, ...cells(sums)]),
    ['Total', ...cells(invoice.total)],
  ];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((row) => (row[i] ?? '').length)));
  const lines = table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
  const rule = '-'.repeat(lines[0]?.length ?? 0);
  return [
    title(invoice),
    '',
    ...facts(invoice).map(([name, value]) => `${name.padEnd(12)}${value}`),
    '',
    lines[0],
    rule,
    ...lines.slice(1, -1),
    rule,
    lines.at(-1),
    '',
    `To pay: USD ${inCents(invoice.total.billedNano)}`,
    '',
  ].join('\n');
}

/** The same as a page that prints well. It loads nothing. */
export function invoiceHtml(invoice: Invoice): string {
  const line = ({ what, sums }: Row, tag: 'td' | 'th'): string =>
    `<tr><${tag}>${escaped(what)}</${tag}>${cells(sums)
      .map((cell) => `<${tag}>${cell}</${tag}>`)
      .join('')}</tr>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title(invoice))}</title><style>
body{font:14px/1.5 sans-serif;max-width:50em;margin:3em auto;padding:0 1em}
table{width:100%;border-collapse:collapse;margin:2em 0}td,th{padding:.3em;text-align:right;border-bottom:1px solid #ccc}
td:first-child,th:first-child{text-align:left}dl{display:grid;grid-template-columns:8em 1fr}dd{margin:0}
</style></head><body>
<h1>${escaped(title(invoice))}</h1>
<dl>${facts(invoice)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
    .join('')}</dl>
<table><thead><tr><th></th><th>Requests</th><th>Input tokens</th><th>Output tokens</th><th>USD</th></tr></thead>
<tbody>
${rowsOf(invoice)
  .map((row) => line(row, 'td'))
  .join('\n')}
</tbody><tfoot>${line({ what: 'Total', sums: invoice.total }, 'th')}</tfoot></table>
<p>To pay: <strong>USD ${inCents(invoice.total.billedNano)}</strong></p>
</body></html>
`;
}

function title({ number, status }: Invoice): string {
  if (number === 0) return 'Draft of an invoice';
  return `${status === 'credit' ? 'Credit note' : 'Invoice'} ${invoiceNumber(number)}`;
}

function facts(invoice: Invoice): [string, string][] {
  const { kind, subject, month, timeZone, createdMs, status, other } = invoice;
  const note = other === null ? '' : invoiceNumber(other);
  return [
    [kind.charAt(0).toUpperCase() + kind.slice(1), subject],
    ['Month', `${month} (${timeZone})`],
    ...(createdMs === 0
      ? []
      : ([['Issued', new Date(createdMs).toISOString().slice(0, 10)]] as [string, string][])),
    ...(status === 'void' ? ([['Void', `taken back by ${note}`]] as [string, string][]) : []),
    ...(status === 'credit' ? ([['For', note]] as [string, string][]) : []),
  ];
}

function rowsOf({ lines }: Invoice): Row[] {
  const rows = new Map<string, InvoiceSums>();
  for (const line of lines) {
    const what = nameOf(line);
    rows.set(what, plus(rows.get(what) ?? NOTHING, line));
  }
  return [...rows].map(([what, sums]) => ({ what, sums }));
}

function nameOf({ kind, month, provider, model }: InvoiceLine): string {
  if (kind === 'adjustment') return `Adjustment for ${month}`;
  return [model === '' ? 'no model' : model, provider === '' ? 'no provider' : provider].join(', ');
}

function cells({ requests, inputTokens, outputTokens, billedNano }: InvoiceSums): string[] {
  return [String(requests), String(inputTokens), String(outputTokens), exactUsd(billedNano)];
}

/** Rounded to the nearest cent, halves away from zero. */
function inCents(nano: bigint): string {
  const sign = nano < 0n ? '-' : '';
  const cents = ((nano < 0n ? -nano : nano) + CENT_NANO / 2n) / CENT_NANO;
  return `${cents === 0n ? '' : sign}${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
