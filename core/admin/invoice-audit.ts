import { exactUsd } from '../money.js';
import type { Author } from '../store/control/control-store.js';
import type { Invoice } from '../store/invoice.js';
import type { Governance } from './governance.js';
import { invoiceNumber } from './invoice-text.js';

/**
 * A line of the audit for each invoice that was issued or taken back. The ledger has them already: where that line could not be written
 * the next request for the same writes it, and none is written twice.
 */
export async function auditInvoices(
  governance: Pick<Governance, 'open'>,
  { actor, source }: Author,
  action: 'issue' | 'void',
  invoices: readonly Invoice[],
): Promise<void> {
  if (invoices.length === 0) return;
  const { store } = await governance.open();
  const idOf = ({ number, other }: Invoice): string =>
    invoiceNumber(action === 'void' ? (other ?? number) : number);
  // Whoever may bill was asked before; it is about no entity that anybody could be kept from.
  await store.changes({ actor, source }, async (writing) => {
    const known = await writing.audited('invoice', action, invoices.map(idOf));
    return invoices
      .filter((one) => !known.has(idOf(one)))
      .map((one) => ({
        action,
        kind: 'invoice',
        id: idOf(one),
        before: null,
        after: null,
        note: {
          [one.kind]: one.subject,
          month: one.month,
          billed_usd: exactUsd(one.total.billedNano),
          adjustments: String(one.lines.filter(({ kind }) => kind === 'adjustment').length),
          ...(action === 'void' && { credit_note: invoiceNumber(one.number) }),
        },
      }));
  });
}
