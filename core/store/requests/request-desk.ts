import type { BlockData } from '../block-data.js';
import type { BodyKeeper } from '../bodies/body-keeper.js';
import type { LedgerSql } from '../ledger-sql.js';
import { RequestExports } from './request-exports.js';
import type { RequestQuestions, RequestsAnswer, RequestsAsk } from './request-questions.js';
import { ONCE_BOUNDS, RequestSearch } from './request-search.js';
import { RequestTail } from './request-tail.js';
import { NO_FILTER } from './search-query.js';
import { sessionOf, sessionsPage } from './session-pages.js';

/** Who follows requests as they settle, and files that are made, at a time; each costs the ledger's thread its time. */
const MOST_LISTENERS = 32;
const MOST_EXPORTS = 4;

/** Answers what is asked about requests. Loaded when somebody asks for the first time. */
export class RequestDesk {
  private readonly search: RequestSearch;
  readonly tail: RequestTail;
  private readonly exports: RequestExports;

  constructor(
    db: LedgerSql,
    data: BlockData,
    private readonly keeper: BodyKeeper,
    onTrouble: (message: string, error: unknown) => void,
  ) {
    this.search = new RequestSearch(db, data, keeper.index);
    this.tail = new RequestTail(this.search, db, data, onTrouble);
    this.exports = new RequestExports(new RequestSearch(db, data, keeper.index, ONCE_BOUNDS));
  }

  async answer(asked: RequestsAsk): Promise<RequestsAnswer> {
    switch (asked.do) {
      case 'tailBegin':
        return this.tail.size >= MOST_LISTENERS ? null : this.tail.begin(asked.ask);
      case 'tailNext':
        return this.tail.next(asked.ask);
      case 'tailEnd':
        this.tail.end(asked.ask.id);
        return null;
      case 'exportBegin':
        return this.exports.size >= MOST_EXPORTS ? null : this.exports.begin(asked.ask);
      case 'exportNext':
        return this.exports.next(asked.ask.id);
      case 'exportEnd':
        this.exports.end(asked.ask.id);
        return null;
      case 'page':
        return this.search.page(asked.ask);
      case 'find':
        return this.search.findById(asked.ask.id);
      case 'bodies':
        return this.keeper.find(asked.ask.id);
      case 'sessions':
        return sessionsPage(this.search, asked.ask);
      case 'session':
        return this.session(asked.ask);
    }
  }

  private session({
    id,
    range,
    filter = NO_FILTER,
    limit,
  }: RequestQuestions['session']['ask']): Promise<RequestQuestions['session']['answer']> {
    return this.search.steadily(async () => {
      const found = await sessionOf(this.search, id, { range, filter, most: limit });
      if (found === null) return null;
      return { sums: found.sums, records: await this.search.fetch(found.places) };
    });
  }
}
