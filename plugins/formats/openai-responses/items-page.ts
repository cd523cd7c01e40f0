import type { JsonObject, ListProblem } from '@headgate/sdk';

const USUAL = 20;
const MOST = 100;

/**
 * A page of `GET /v1/responses/{id}/input_items`: `limit` 1 to 100, `order` by time (`desc` unless said otherwise),
 * `after` and `before` an item's id. `include` asks for members that are always there.
 */
export function pageOf(items: readonly JsonObject[], query: URLSearchParams): JsonObject | ListProblem {
  const limit = query.get('limit') === null ? USUAL : Number(query.get('limit'));
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    return { problem: `'limit' must be a whole number from 1 to ${MOST}`, param: 'limit' };
  const order = query.get('order') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') return { problem: "'order' must be asc or desc", param: 'order' };
  const ordered = order === 'asc' ? [...items] : [...items].reverse();
  let from = 0;
  let to = ordered.length;
  for (const param of ['after', 'before'] as const) {
    const id = query.get(param);
    if (id === null || id === '') continue;
    const at = ordered.findIndex((item) => item['id'] === id);
    if (at < 0) return { problem: `'${param}' names no item of this list`, param };
    if (param === 'after') from = at + 1;
    else to = at;
  }
  const data = ordered.slice(from, Math.min(to, from + limit));
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: from + limit < to,
  };
}
