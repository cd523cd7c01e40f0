import type { TimeRange } from '../request-reader.js';
import type { SessionsAsk, SessionsPage } from './request-questions.js';
import type { RequestSearch } from './request-search.js';
import type { SearchFilter, SearchPlace } from './search-query.js';
import { SessionCandidates } from './session-candidates.js';
import { SessionRows, WantedNames } from './session-rows.js';
import type { SessionFound, SessionSums } from './session-sums.js';

/**
 * Conversations with a request in that time, those with the latest first; their sums are those of all that fits in that time. It goes
 * back from the latest request until it has a page of them, and then looks for the other requests of these.
 */
export function sessionsPage(
  search: RequestSearch,
  ask: SessionsAsk,
  /** Names that are remembered on the way. */
  mostNames?: number,
): Promise<SessionsPage> {
  return search.steadily(() => onePage(search, ask, mostNames));
}

async function onePage(
  search: RequestSearch,
  { range, filter, limit, after }: SessionsAsk,
  mostNames: number | undefined,
): Promise<SessionsPage> {
  const rows = await SessionRows.of(search, range, filter);
  const candidates = new SessionCandidates(rows, after, mostNames);
  const sessions: SessionSums[] = [];
  for (;;) {
    const some = await candidates.next(limit + 1 - sessions.length);
    const [first] = some;
    const last = some.at(-1);
    if (first === undefined || last === undefined) return { sessions, next: candidates.end };
    const names = new WantedNames();
    for (const one of some) names.add(one.names, one.firstMs);
    // What has later requests than these was told before, here or on another page.
    const fresh = (await rows.totals(names))
      .sessions()
      .filter((one) => one.lastMs <= first.lastMs && isAfter(one, after));
    sessions.push(...fresh);
    if (sessions.length > limit) return pageOf(sessions.slice(0, limit));
  }
}

/**
 * One of them by its name, or by the id of one of its answers; null when there is none. Throws {@link Moved}.
 *
 * @param most requests of which is told where they lie
 */
export async function sessionOf(
  search: RequestSearch,
  id: string,
  {
    range,
    filter,
    most,
  }: { readonly range: TimeRange; readonly filter: SearchFilter; readonly most: number },
): Promise<SessionFound | null> {
  const names = new WantedNames();
  names.look(id);
  const rows = await SessionRows.of(search, range, filter);
  return (await rows.totals(names, most)).sessionOf(id);
}

function isAfter({ lastMs, id }: SessionSums, after: SearchPlace | null): boolean {
  return after === null || lastMs < after.time || (lastMs === after.time && id < after.id);
}

function pageOf(sessions: SessionSums[]): SessionsPage {
  const last = sessions.at(-1) as SessionSums;
  return { sessions, next: { time: last.lastMs, id: last.id } };
}
