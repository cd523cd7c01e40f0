import type {
  KeptAnswer,
  KeptAsk,
  KeptQuestions,
  KeptReply,
  KeptState,
  RecordedEvent,
} from '../kept/kept-answer.js';
import { type LedgerSql, one, type SqlRow } from './ledger-sql.js';
import { storable } from './usage-group.js';

/** Answers deleted at a time, so that the thread soon comes back to its other work. */
const STEP_ROWS = 200;
/** Most text of events in one reply. */
const MAX_EVENT_CHARS = 512 * 1024;
/** Events read at a time. */
const EVENT_ROWS = 500;

const COLUMNS = 'id, key_id, state, background, recorded, expires_ms, input, answer';
const ROOM = 'SELECT coalesce(sum(bytes), 0) FROM kept_answers';

/** Answers that the gateway keeps in place of providers that do not, each for the virtual key that asked for it. */
export class KeptAnswers {
  /** As the last answer to be kept was told. */
  private maxBytes = Number.POSITIVE_INFINITY;

  private constructor(
    private readonly db: LedgerSql,
    private readonly node: string,
    private readonly now: () => number,
    /** Of all answers; what other nodes keep in the same database is seen when there is time. */
    private bytes: number,
  ) {}

  /** @param node of those that share the database the one that runs these answers */
  static async open(db: LedgerSql, node: string, now: () => number = Date.now): Promise<KeptAnswers> {
    // Nobody works on what ran when this node ended.
    await db.run("UPDATE kept_answers SET state = 'lost' WHERE state = 'running' AND node IN (?, '')", [
      node,
    ]);
    return new KeptAnswers(db, node, now, await one(db, ROOM));
  }

  answer(question: KeptAsk): Promise<KeptReply> {
    switch (question.do) {
      case 'put':
        return this.put(question.ask);
      case 'finish':
        return this.finish(question.ask);
      case 'find':
        return this.find(question.ask);
      case 'delete':
        return this.delete(question.ask);
      case 'cancel':
        return this.cancel(question.ask);
      case 'record':
        return this.record(question.ask);
      case 'events':
        return this.events(question.ask);
    }
  }

  /** Deletes some of what has expired or is too much; true when there may be more. */
  async expire(now: number): Promise<boolean> {
    if (this.db.kind === 'postgres') this.bytes = await one(this.db, ROOM);
    const rows = await this.db.all(
      'SELECT id, expires_ms, bytes FROM kept_answers ORDER BY expires_ms LIMIT ?',
      [STEP_ROWS],
    );
    let left = this.bytes;
    const gone: string[] = [];
    for (const [id, expiresMs, bytes] of rows) {
      if (Number(expiresMs) > now && left <= this.maxBytes) break;
      left -= Number(bytes);
      gone.push(String(id));
    }
    await this.drop(gone);
    return gone.length === STEP_ROWS;
  }

  private async put({ row, maxTotalBytes }: KeptQuestions['put']['ask']): Promise<null> {
    this.maxBytes = maxTotalBytes;
    const bytes = Buffer.byteLength(row.input) + Buffer.byteLength(row.answer);
    await this.db.run(
      `INSERT INTO kept_answers (${COLUMNS}, bytes, node) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        row.id,
        row.keyId,
        row.state,
        row.background ? 1 : 0,
        row.recorded ? 1 : 0,
        row.expiresMs,
        row.input,
        row.answer,
        bytes,
        this.node,
      ],
    );
    this.bytes += bytes;
    return null;
  }

  private async find({ id, keyId }: KeptQuestions['find']['ask']): Promise<KeptAnswer | null> {
    const [row] = await this.db.all(
      `SELECT ${COLUMNS} FROM kept_answers WHERE id = ? AND key_id = ? AND expires_ms > ?`,
      [storable(id), keyId, this.now()],
    );
    return row === undefined ? null : keptOf(row);
  }

  private async finish({ id, answer }: KeptQuestions['finish']['ask']): Promise<boolean> {
    const grown = Buffer.byteLength(answer);
    const changed = await this.db.run(
      "UPDATE kept_answers SET state = 'done', answer = ?, bytes = bytes + ? WHERE id = ? AND state = 'running'",
      [answer, grown, id],
    );
    if (changed === 0) return false;
    this.bytes += grown;
    return true;
  }

  private async delete(ask: KeptQuestions['delete']['ask']): Promise<KeptAnswer | null> {
    const found = await this.find(ask);
    // Other nodes may have found it too: who has deleted it has it.
    return found !== null && (await this.drop([found.id])) === 1 ? found : null;
  }

  private async cancel(ask: KeptQuestions['cancel']['ask']): Promise<KeptAnswer | null> {
    const found = await this.find(ask);
    if (found?.background === true)
      await this.db.run("UPDATE kept_answers SET state = 'cancelled' WHERE id = ? AND state = 'running'", [
        found.id,
      ]);
    return found;
  }

  private async record({ id, events }: KeptQuestions['record']['ask']): Promise<null> {
    let grown = 0;
    for (const { text } of events) grown += Buffer.byteLength(text);
    const kept = await this.db.transaction(async (sql) => {
      // One that was deleted or stopped meanwhile has no more to say.
      const running = await sql.run(
        "UPDATE kept_answers SET bytes = bytes + ? WHERE id = ? AND state = 'running'",
        [grown, id],
      );
      if (running === 0) return false;
      await sql.each(
        'INSERT INTO kept_events (id, sequence, event) VALUES (?, ?, ?) ON CONFLICT (id, sequence) DO UPDATE SET event = excluded.event',
        events.map(({ sequence, text }) => [id, sequence, text]),
      );
      return true;
    });
    if (kept) this.bytes += grown;
    return null;
  }

  private async events({ id, after }: KeptQuestions['events']['ask']): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let chars = 0;
    const rows = await this.db.all(
      'SELECT sequence, event FROM kept_events WHERE id = ? AND sequence > ? ORDER BY sequence LIMIT ?',
      [storable(id), after, EVENT_ROWS],
    );
    for (const row of rows) {
      const text = String(row[1]);
      events.push({ sequence: Number(row[0]), text });
      chars += text.length;
      if (chars > MAX_EVENT_CHARS) break;
    }
    return events;
  }

  /** How many of them were there, and are gone by this call. */
  private async drop(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const places = ids.map(() => '?').join(', ');
    const [gone, freed] = await this.db.transaction(async (sql) => {
      const bytes = await one(
        sql,
        `SELECT coalesce(sum(bytes), 0) FROM kept_answers WHERE id IN (${places})`,
        ids,
      );
      const deleted = await sql.run(`DELETE FROM kept_answers WHERE id IN (${places})`, ids);
      await sql.run(`DELETE FROM kept_events WHERE id IN (${places})`, ids);
      return [deleted, deleted === 0 ? 0 : bytes] as const;
    });
    this.bytes -= freed;
    return gone;
  }
}

function keptOf(row: SqlRow): KeptAnswer {
  return {
    id: String(row[0]),
    keyId: String(row[1]),
    state: String(row[2]) as KeptState,
    background: Number(row[3]) === 1,
    recorded: Number(row[4]) === 1,
    expiresMs: Number(row[5]),
    input: String(row[6]),
    answer: String(row[7]),
  };
}
