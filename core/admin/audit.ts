import { AUDIT_FILTERS, type ControlStore } from '../store/control/control-store.js';
import type { AuditTable } from '../store/control/tables.js';
import { BadParameter, readNumber, readParameters, readTime, readTimeZone } from './parameters.js';

const MOST = 1000;
const USUAL = 100;

/**
 * `GET /api/audit`: every change of the store, the latest first: when, who, what, before, after, from where.
 *
 * @param query what follows the `?`: `kind`, `id`, `actor`, `action`, `from`, `to`, `time_zone`, `limit` (up to 1000), `cursor`
 */
export async function auditPage(store: Pick<ControlStore, 'audit'>, query: string): Promise<object> {
  const given = readParameters(query, [...AUDIT_FILTERS, 'from', 'to', 'time_zone', 'limit', 'cursor']);
  const limit = readNumber(given, 'limit', MOST, USUAL);
  const zone = readTimeZone(given);
  const [actor, action, kind, id] = AUDIT_FILTERS.map((name) => given.get(name));
  const found = await store.audit({
    actor: actor ?? null,
    action: action ?? null,
    kind: kind ?? null,
    id: id ?? null,
    from: readTime(given, 'from', zone),
    to: readTime(given, 'to', zone),
    before: readCursor(given.get('cursor')),
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    data: page.map(lineOf),
    next_cursor: found.length > limit && last !== undefined ? String(last.revision) : null,
  };
}

function lineOf({ revision, at_ms, actor, action, kind, id, before, after, source }: AuditTable): object {
  return {
    revision: Number(revision),
    at: new Date(Number(at_ms)).toISOString(),
    actor,
    source,
    action,
    kind,
    id,
    before: before === null ? null : (JSON.parse(before) as object),
    after: after === null ? null : (JSON.parse(after) as object),
  };
}

function readCursor(text: string | null): number | null {
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text))
    throw new BadParameter('cursor', '"cursor" must be the next_cursor of an answer');
  return Number(text);
}
