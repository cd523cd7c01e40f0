import { arrivalOf } from '../../request-ids.js';
import type { BlockData } from '../block-data.js';
import type { BodyKeeper } from '../bodies/body-keeper.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { TimeRange } from '../request-reader.js';
import type { RequestQuestions, RequestsAnswer, RequestsAsk } from './request-questions.js';
import { RequestSearch } from './request-search.js';
import { NO_FILTER } from './search-query.js';
import { sessionOf, sessionsIn } from './session-sums.js';

/** An id is made before the arrival is noted, and both by the clock of the same machine. */
const NEAR_MS = 5_000;
/** Rounds of a run have its id, and may come that much later. */
const RUN_MS = 86_400_000;

/** Answers what is asked about requests. Loaded when somebody asks for the first time. */
export class RequestDesk {
  private readonly search: RequestSearch;

  constructor(
    db: LedgerSql,
    data: BlockData,
    private readonly keeper: BodyKeeper,
  ) {
    this.search = new RequestSearch(db, data, keeper.index);
  }

  answer(asked: RequestsAsk): Promise<RequestsAnswer> {
    switch (asked.do) {
      case 'page':
        return this.search.page(asked.ask);
      case 'find':
        return this.find(asked.ask.id);
      case 'bodies':
        return this.keeper.find(asked.ask.id);
      case 'sessions':
        return this.sessions(asked.ask);
      case 'session':
        return this.session(asked.ask);
    }
  }

  private async find(id: string): Promise<RequestQuestions['find']['answer']> {
    const range = rangeOf(id);
    return range === null ? null : this.search.find(id, range);
  }

  private async sessions({
    range,
    filter,
    limit,
    after,
  }: RequestQuestions['sessions']['ask']): Promise<RequestQuestions['sessions']['answer']> {
    const all = await sessionsIn(this.search, range, filter);
    const rest =
      after === null
        ? all
        : all.filter(({ lastMs, id }) => lastMs < after.time || (lastMs === after.time && id < after.id));
    const sessions = rest.slice(0, limit);
    const last = sessions.at(-1);
    const next = rest.length > limit && last !== undefined ? { time: last.lastMs, id: last.id } : null;
    return { sessions, next };
  }

  private session({
    id,
    range,
    filter = NO_FILTER,
    limit,
  }: RequestQuestions['session']['ask']): Promise<RequestQuestions['session']['answer']> {
    return this.search.steadily(async () => {
      const found = await sessionOf(this.search, id, range, filter);
      if (found === null) return null;
      return { sums: found.sums, records: await this.search.fetch(found.places.slice(0, limit)) };
    });
  }
}

/** When a request of that id may have arrived; null when no request has such an id. */
function rangeOf(id: string): TimeRange | null {
  const arrival = arrivalOf(id);
  if (arrival === null) return null;
  return { from: arrival - NEAR_MS, to: arrival + (id.includes('.') ? RUN_MS : NEAR_MS) };
}
