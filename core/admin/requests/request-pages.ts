import type { SettledRecord } from '@headgate/sdk';
import type { PriceTable } from '../../catalog/prices/price-table.js';
import type { ControlAnswer } from '../../control.js';
import { canonicalError } from '../../errors.js';
import type { Ledger } from '../../store/ledger.js';
import { isWithin, type Within } from '../../store/requests/search-query.js';
import { may } from '../caller.js';
import { readChoice } from '../parameters.js';
import { reachOf, usageWithin } from '../reach.js';
import { json } from '../reply.js';
import type { Permission } from '../role.js';
import { type AdminRequest, refused } from '../route.js';
import { costJson } from './cost-json.js';
import { requestsCsv } from './request-csv.js';
import { bodyJson, requestDetailJson, requestJson, sessionJson } from './request-json.js';
import { placeText, readLimit, readPlace, readRequestAsk } from './request-query.js';

const USUAL_ROWS = 50;
const MOST_ROWS = 1000;
/** Of a page for export: some megabytes. */
const MOST_EXPORTED = 10_000;
const USUAL_SESSIONS_MS = 7 * 86_400_000;
const PAGE = ['limit', 'cursor'];

/** The records that the caller may see, or do something else with; null: all. */
export function withinOf(
  { caller }: Pick<AdminRequest, 'caller'>,
  permission: Permission = 'requests:read',
): Within | null {
  const reach = reachOf(caller, permission);
  if (reach === null) return null;
  const { org = [], team = [], user = [] } = usageWithin(reach);
  return { org, team, user };
}

/** `GET /api/requests`: as JSON, or for export a page at a time as CSV or a line of JSON each. */
export async function listRequests(ledger: Ledger, request: AdminRequest): Promise<ControlAnswer> {
  const {
    filter: asked,
    range,
    given,
  } = readRequestAsk(request.query, withinOf(request), [...PAGE, 'format']);
  const filter = { ...asked, bodiesWithin: withinOf(request, 'bodies:read') };
  const format = readChoice(given, 'format', ['json', 'jsonl', 'csv']);
  const limit = readLimit(given, format === 'json' ? MOST_ROWS : MOST_EXPORTED, USUAL_ROWS);
  const { records, next } = await ledger.requests('page', {
    filter,
    ...range,
    limit,
    after: readPlace(given),
  });
  const cursor = placeText(next);
  if (format === 'json')
    return json(200, { data: records.map(requestJson), has_more: next !== null, next_cursor: cursor });
  const isCsv = format === 'csv';
  const type = isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson';
  const body = isCsv
    ? requestsCsv(records)
    : records.map((one) => `${JSON.stringify(requestJson(one))}\n`).join('');
  const headers = ['content-type', type, 'cache-control', 'no-store'];
  if (cursor !== null) headers.push('x-headgate-next-cursor', cursor);
  return { status: 200, headers, body };
}

/** The record, or why the caller does not get it: what one may not see is not there. */
export async function recordFor(
  ledger: Ledger,
  request: AdminRequest,
  id = request.params['id'] ?? '',
): Promise<SettledRecord | ControlAnswer> {
  const record = await ledger.requests('find', { id });
  if (record !== null && isWithin(record, withinOf(request))) return record;
  return refused(canonicalError('entity_unknown', { why: `no request has the id "${id.slice(0, 128)}"` }));
}

/** `GET /api/requests/{id}` */
export async function getRequest(
  ledger: Ledger,
  prices: () => PriceTable,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const record = await recordFor(ledger, request);
  if (!('id' in record)) return record;
  const seen = may(request.caller, 'bodies:read') && isWithin(record, withinOf(request, 'bodies:read'));
  const told = { ...requestDetailJson(record), cost: costJson(record, prices) };
  return json(200, { ...told, ...(seen && (await bodiesJson(ledger, record.id))) });
}

/** What was kept of request and answer; that they cannot be got does not hide the rest. */
async function bodiesJson(ledger: Ledger, id: string): Promise<object> {
  try {
    const kept = await ledger.requests('bodies', { id });
    return {
      bodies: kept === null ? null : { request: bodyJson(kept.request), answer: bodyJson(kept.answer) },
    };
  } catch (error) {
    return { bodies: null, bodies_unavailable: error instanceof Error ? error.message : String(error) };
  }
}

/** `GET /api/requests/sessions` */
export async function listSessions(ledger: Ledger, request: AdminRequest): Promise<ControlAnswer> {
  const { filter, range: asked, given } = readRequestAsk(request.query, withinOf(request), PAGE);
  // Their sums are those of that time: all of it is looked through.
  const usual = Math.min(asked.to, Date.now()) - USUAL_SESSIONS_MS;
  const range = { ...asked, from: given.has('from') ? asked.from : Math.max(asked.from, usual) };
  const limit = readLimit(given, MOST_ROWS, USUAL_ROWS);
  const { sessions, next } = await ledger.requests('sessions', {
    filter,
    range,
    limit,
    after: readPlace(given),
  });
  return json(200, {
    data: sessions.map(sessionJson),
    has_more: next !== null,
    next_cursor: placeText(next),
  });
}

/** `GET /api/requests/sessions/{id}` */
export async function getSession(ledger: Ledger, request: AdminRequest): Promise<ControlAnswer> {
  const id = request.params['id'] ?? '';
  const { filter, range, given } = readRequestAsk(request.query, withinOf(request), ['limit']);
  const limit = readLimit(given, MOST_ROWS, USUAL_ROWS);
  const found = await ledger.requests('session', { id, filter, range, limit });
  if (found === null)
    return refused(canonicalError('entity_unknown', { why: `no session has the id "${id.slice(0, 128)}"` }));
  return json(200, { ...sessionJson(found.sums), data: found.records.map(requestJson) });
}
