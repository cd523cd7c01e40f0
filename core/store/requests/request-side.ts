import type { SettledContent } from '@headgate/sdk';
import type { BodyKeeping, TakenBodies } from '../../observe/bodies/body-settings.js';
import type { BlockData } from '../block-data.js';
import type { BodyKeeper } from '../bodies/body-keeper.js';
import type { Chore } from '../housekeeping.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { TakenBatch } from '../ledger-store.js';
import type { RequestDesk } from './request-desk.js';
import type { RequestsAnswer, RequestsAsk } from './request-questions.js';
import type { RequestTail } from './request-tail.js';
import { SegmentMaker } from './segment-maker.js';

export interface RequestSideParts {
  readonly db: LedgerSql;
  readonly blocks: BlockData;
  readonly bodies: BodyKeeping;
  /** A text without secrets. */
  readonly hidden: (text: string) => string;
  readonly onTrouble: (message: string, error: unknown) => void;
  /** Bodies cannot be kept; they are again. */
  readonly onUnkept: (message: string, error: unknown) => void;
  readonly onKept: () => void;
  /** Some lie where nobody can get at them any more. */
  readonly onLeft: (message: string) => void;
}

/** How long a question waits for bodies that are still being written: their storage may be away. */
const WAIT_MS = 1_000;
/** Bodies that are fetched at the same time. */
const TOGETHER = 8;

const ANY = 'SELECT 1 FROM request_bodies UNION ALL SELECT 1 FROM body_places LIMIT 1';

/** The ledger's part that looks at single requests, and keeps their bodies. What is rarely used is loaded when it is. */
export class RequestSide {
  private keeping: Promise<BodyKeeper> | null = null;
  private keeper: BodyKeeper | null = null;
  private desk: Promise<RequestDesk> | null = null;
  private tail: RequestTail | null = null;
  private readonly segments: SegmentMaker;

  constructor(private readonly parts: RequestSideParts) {
    this.segments = new SegmentMaker(parts.db, parts.blocks);
  }

  get bodiesDropped(): number {
    return this.keeper?.dropped ?? 0;
  }

  /** Bodies have come in. */
  take(bodies: readonly TakenBodies[]): void {
    if (this.keeper !== null) this.keeper.take(bodies);
    else void this.keep().then((keeper) => keeper.take(bodies));
  }

  async answer(asked: RequestsAsk): Promise<RequestsAnswer> {
    const keeper = await this.keep();
    if (looksAtBodies(asked)) await keeper.drain(WAIT_MS);
    this.desk ??= import('./request-desk.js').then(({ RequestDesk }) => {
      const { db, blocks, onTrouble } = this.parts;
      const desk = new RequestDesk(db, blocks, keeper, onTrouble);
      this.tail = desk.tail;
      return desk;
    });
    return (await this.desk).answer(asked);
  }

  /** What is kept of these, for sinks; what cannot be got within a moment is left out. */
  async contents(ids: readonly string[]): Promise<ReadonlyMap<string, SettledContent>> {
    const found = new Map<string, SettledContent>();
    const { onTrouble } = this.parts;
    try {
      const keeper = await this.keep();
      await keeper.drain(WAIT_MS);
      for (let i = 0; i < ids.length; i += TOGETHER)
        await Promise.all(
          ids.slice(i, i + TOGETHER).map(async (id) => {
            const kept = await keeper.find(id);
            if (kept !== null) found.set(id, { request: kept.request.text, answer: kept.answer.text });
          }),
        );
    } catch (error) {
      onTrouble('sinks are told of some requests without prompts and answers, which cannot be got', error);
    }
    return found;
  }

  /** These have been written to the database. */
  committed(batches: readonly TakenBatch[]): void {
    this.tail?.committed(batches.map(({ batch }) => batch));
  }

  chores(): Chore[] {
    return [
      { step: () => this.segments.step(), failure: 'what requests are searched by cannot be written' },
      { step: (now) => this.expire(now), failure: 'bodies of requests that are too old cannot be deleted' },
    ];
  }

  async close(): Promise<void> {
    this.tail?.close();
    await (await this.keeping)?.close();
  }

  private async expire(now: number): Promise<boolean> {
    // Where there ever was a folder something may lie there that nothing names.
    const [any] = await this.parts.db.all(ANY);
    return any === undefined ? false : (await this.keep()).expire(now);
  }

  private keep(): Promise<BodyKeeper> {
    this.keeping ??= import('../bodies/body-keeper.js').then(({ BodyKeeper }) => {
      const { db, bodies, hidden, onUnkept, onKept, onLeft } = this.parts;
      const told = { onTrouble: onUnkept, onWell: onKept, onLeft };
      return (this.keeper = new BodyKeeper({ db, hidden, settings: bodies, ...told }));
    });
    return this.keeping;
  }
}

function looksAtBodies(asked: RequestsAsk): boolean {
  if (asked.do === 'bodies') return true;
  return (asked.do === 'page' || asked.do === 'exportBegin') && asked.ask.filter.text !== '';
}
