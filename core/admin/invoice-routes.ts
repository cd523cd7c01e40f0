import { z } from 'zod';
import type { Config } from '../config/config.js';
import { wants } from '../config/wants.js';
import type { ControlAnswer } from '../control.js';
import { canonicalError } from '../errors.js';
import { StoreError } from '../store/control/store-error.js';
import { INVOICED, type Invoice, type InvoiceAsk, type Invoiced, NOT_OVER } from '../store/invoice.js';
import type { Ledger } from '../store/ledger.js';
import { cursorOf, readCursor } from './cursor.js';
import type { Governance } from './governance.js';
import { auditInvoices } from './invoice-audit.js';
import { invoiceHtml, invoicePlain } from './invoice-print.js';
import { invoiceCsv, invoiceJson, invoiceNumber, invoiceSummary } from './invoice-text.js';
import { BadParameter, readChoice, readNumber, readParameters } from './parameters.js';
import { type Reach, reachOf, usageWithin } from './reach.js';
import { checked } from './read-spec.js';
import { bodyOf, json } from './reply.js';
import { type AdminRequest, refused } from './route.js';

type Invoices = Pick<Ledger, 'invoices'>;

const MOST_ROWS = 1000;
const USUAL_ROWS = 100;
const FORMATS = ['json', 'csv', 'text', 'html'] as const;
const TYPES = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  text: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
} as const;
const WRITE = {
  json: (one: Invoice) => JSON.stringify(invoiceJson(one)),
  csv: invoiceCsv,
  text: invoicePlain,
  html: invoiceHtml,
};

export const INVOICE_PARAMETERS = ['month', ...INVOICED, 'kind', 'limit', 'cursor', 'format'];

const monthForm = wants('a month such as 2026-10');
const month = z.string(monthForm).regex(/^(19|20|21)\d\d-(0[1-9]|1[0-2])$/, monthForm);
const subjectForm = wants('the id of whom the invoice is for');
const subject = z.string(subjectForm).min(1, subjectForm).max(256, subjectForm).optional();

/** What `POST /api/invoices` takes: one of these, or `every` of a kind. */
export const issueSchema = z
  .strictObject({
    month: month.describe('Issued when it is over.'),
    ...(Object.fromEntries(INVOICED.map((name) => [name, subject])) as Record<Invoiced, typeof subject>),
    every: z
      .enum(INVOICED, wants(INVOICED.join(', ')))
      .optional()
      .describe('An invoice for each of them that has used something.'),
  })
  .refine(
    (given) => [...INVOICED, 'every' as const].filter((name) => given[name] !== undefined).length === 1,
    wants(`one of ${INVOICED.join(', ')} and every`),
  );

/** `GET /api/invoices`: the one of a month and somebody, a draft when it was not issued; else those that were. */
export function getInvoices(
  ledger: Invoices,
  config: () => Config,
  request: AdminRequest,
): Promise<ControlAnswer> {
  return told(async () => {
    const given = readParameters(request.query, INVOICE_PARAMETERS);
    const reach = reachOf(request.caller, 'usage:read');
    const of = INVOICED.filter((name) => given.has(name));
    if (of.length > 1) throw new BadParameter(of[1] ?? '', `an invoice is for one of ${INVOICED.join(', ')}`);
    const [kind] = of;
    const asked = monthOf(given);
    if (kind === undefined || asked === undefined) return list(ledger, given, { kind, month: asked, reach });
    const name = given.get(kind) ?? '';
    if (name === '') throw new BadParameter(kind, `"${kind}" must say whom the invoice is for`);
    if (!isWithin(reach, kind, name))
      throw new StoreError('entity_unknown', `there is no ${kind} "${name.slice(0, 64)}" that you may see`);
    const { timeZone, rules } = config().billing;
    const [invoice] = await ledger.invoices({
      do: 'draft',
      kind,
      subject: name,
      month: asked,
      timeZone,
      rules,
    });
    return written(invoice as Invoice, given);
  });
}

/** `GET /api/invoices/{number}` */
export function getInvoice(
  ledger: Invoices,
  { query, params, caller }: AdminRequest,
): Promise<ControlAnswer> {
  return told(async () => {
    const given = readParameters(query, ['format']);
    const [invoice] = await ledger.invoices({ do: 'find', number: numberOf(params) });
    const reach = reachOf(caller, 'usage:read');
    if (invoice === undefined || !isWithin(reach, invoice.kind, invoice.subject)) throw missing(params);
    return written(invoice, given);
  });
}

/** `POST /api/invoices`: issues, once; what was issued before is told as it is. */
export function issueInvoices(
  ledger: Invoices,
  governance: Pick<Governance, 'open'>,
  config: () => Config,
  request: AdminRequest,
): Promise<ControlAnswer> {
  return told(async () => {
    const { month: of, every, ...one } = checked(issueSchema, bodyOf(request));
    const { timeZone, rules } = config().billing;
    const kind = every ?? (Object.keys(one)[0] as Invoiced);
    const who = every === undefined ? (one[kind] as string) : null;
    const by = request.author.actor;
    const ask = { do: 'issue', kind, subject: who, month: of, timeZone, rules, by, now: Date.now() } as const;
    const issued = await ledger.invoices(ask satisfies InvoiceAsk);
    await auditInvoices(governance, request.author, 'issue', issued);
    if (every !== undefined) return json(200, { data: issued.map(invoiceSummary) });
    return json(200, invoiceJson(issued[0] as Invoice));
  });
}

/** `POST /api/invoices/{number}/void`: takes one back by a credit note, which is told. */
export function voidInvoice(
  ledger: Invoices,
  governance: Pick<Governance, 'open'>,
  request: AdminRequest,
): Promise<ControlAnswer> {
  return told(async () => {
    checked(z.strictObject({}), bodyOf(request));
    const ask = { number: numberOf(request.params), by: request.author.actor, now: Date.now() };
    const [note] = await ledger.invoices({ do: 'void', ...ask });
    if (note === undefined) throw missing(request.params);
    await auditInvoices(governance, request.author, 'void', [note]);
    return json(200, invoiceJson(note));
  });
}

interface Listed {
  readonly kind: Invoiced | undefined;
  readonly month: string | undefined;
  readonly reach: Reach | null;
}

async function list(
  ledger: Invoices,
  given: URLSearchParams,
  { kind, month: asked, reach }: Listed,
): Promise<ControlAnswer> {
  const limit = readNumber(given, 'limit', MOST_ROWS, USUAL_ROWS);
  const wanted = given.has('kind') ? readChoice(given, 'kind', INVOICED) : kind;
  readChoice(given, 'format', ['json']);
  const filter = {
    ...(wanted !== undefined && { kind: wanted }),
    ...(kind !== undefined && { subject: given.get(kind) ?? '' }),
    ...(asked !== undefined && { month: asked }),
  };
  const after = Number(readCursor(given.get('cursor')) ?? 0);
  if (!Number.isSafeInteger(after))
    throw new BadParameter('cursor', '"cursor" must be the next_cursor of an answer');
  const found = await ledger.invoices({ do: 'list', filter, after, limit: limit + 1 });
  const page = found.slice(0, limit);
  const next = found.length > limit ? cursorOf(String(page.at(-1)?.number)) : null;
  const seen = page.filter((one) => isWithin(reach, one.kind, one.subject));
  return json(200, { data: seen.map(invoiceSummary), next_cursor: next });
}

/** What the ledger says of a request that it cannot do becomes an error of that request. */
async function told(work: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError || error instanceof BadParameter) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (why === NOT_OVER) throw new BadParameter('month', why);
    return refused(canonicalError('usage_unavailable', { why }));
  }
}

function written(invoice: Invoice, given: URLSearchParams): ControlAnswer {
  const format = readChoice(given, 'format', FORMATS);
  const name = invoice.number === 0 ? 'draft' : invoiceNumber(invoice.number);
  return {
    status: 200,
    headers: [
      'content-type',
      TYPES[format],
      'cache-control',
      'no-store',
      ...(format === 'csv' ? ['content-disposition', `attachment; filename="${name}.csv"`] : []),
      // Nothing of it may do anything, whatever a client called itself.
      ...(format === 'html'
        ? ['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'"]
        : []),
    ],
    body: WRITE[format](invoice),
  };
}

/** Whose usage is within reach, their invoices are. */
function isWithin(reach: Reach | null, kind: Invoiced, subject: string): boolean {
  return reach === null || (usageWithin(reach)[kind]?.includes(subject) ?? false);
}

function monthOf(given: URLSearchParams): string | undefined {
  const text = given.get('month');
  if (text === null) return undefined;
  if (!month.safeParse(text).success) throw new BadParameter('month', '"month" must be one such as 2026-10');
  return text;
}

function numberOf(params: AdminRequest['params']): number {
  const found = /^(?:INV-)?0*(\d{1,12})$/.exec(params['number'] ?? '');
  if (found === null) throw missing(params);
  return Number(found[1]);
}

function missing({ number = '' }: AdminRequest['params']): StoreError {
  return new StoreError('entity_unknown', `there is no invoice "${number.slice(0, 64)}"`);
}
