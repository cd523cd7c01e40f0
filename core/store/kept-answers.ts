import type {
  KeptAnswer,
  KeptAsk,
  KeptQuestions,
  KeptReply,
  KeptState,
  RecordedEvent,
} from '../kept/kept-answer.js';
import type { Sqlite } from './open-database.js';
import { inTransaction } from './transaction.js';

/** Answers deleted at a time, so that the thread soon comes back to its other work. */
const STEP_ROWS = 200;
/** Most text of events in one reply. */
const MAX_EVENT_CHARS = 512 * 1024;

const TABLES = `
CREATE TABLE IF NOT EXISTS kept_answers (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL,
  background INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  input TEXT NOT NULL,
  answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_answers_by_end ON kept_answers (expires_ms, bytes);
CREATE TABLE IF NOT EXISTS kept_events (
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (id, sequence)
) WITHOUT ROWID;
`;

const COLUMNS = 'id, key_id, state, background, recorded, expires_ms, input, answer';

/** Answers that the gateway keeps in place of providers that do not, each for the virtual key that asked for it. */
export class KeptAnswers {
  private readonly statements;
  /** Of all answers. */
  private bytes: number;
  /** As the last answer to be kept was told. */
  private maxBytes = Number.POSITIVE_INFINITY;

  constructor(
    private readonly db: Sqlite,
    private readonly now: () => number = Date.now,
  ) {
    db.exec(TABLES);
    // Nobody works on what ran when the gateway ended.
    db.exec("UPDATE kept_answers SET state = 'lost' WHERE state = 'running'");
    this.statements = {
      put: db.prepare(`INSERT INTO kept_answers (${COLUMNS}, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
      find: db
        .prepare(`SELECT ${COLUMNS} FROM kept_answers WHERE id = ? AND key_id = ? AND expires_ms > ?`)
        .raw(),
      finish: db.prepare(
        "UPDATE kept_answers SET state = 'done', answer = ?, bytes = bytes + ? WHERE id = ? AND state = 'running'",
      ),
      cancel: db.prepare("UPDATE kept_answers SET state = 'cancelled' WHERE id = ? AND state = 'running'"),
      delete: db.prepare('DELETE FROM kept_answers WHERE id = ?'),
      deleteEvents: db.prepare('DELETE FROM kept_events WHERE id = ?'),
      record: db.prepare('INSERT OR REPLACE INTO kept_events VALUES (?, ?, ?)'),
      grow: db.prepare("UPDATE kept_answers SET bytes = bytes + ? WHERE id = ? AND state = 'running'"),
      events: db
        .prepare('SELECT sequence, event FROM kept_events WHERE id = ? AND sequence > ? ORDER BY sequence')
        .raw(),
      oldest: db.prepare('SELECT id, expires_ms, bytes FROM kept_answers ORDER BY expires_ms LIMIT ?').raw(),
      size: db.prepare('SELECT bytes FROM kept_answers WHERE id = ?').raw(),
    };
    this.bytes = sumOf(db);
  }

  answer(question: KeptAsk): KeptReply {
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
  expire(now: number): boolean {
    const rows = this.statements.oldest.all([STEP_ROWS]) as unknown[][];
    let deleted = 0;
    inTransaction(this.db, () => {
      for (const [id, expiresMs, bytes] of rows) {
        if (Number(expiresMs) > now && this.bytes <= this.maxBytes) break;
        this.drop(String(id), Number(bytes));
        deleted++;
      }
    });
    return deleted === STEP_ROWS;
  }

  private put({ row, maxTotalBytes }: KeptQuestions['put']['ask']): null {
    this.maxBytes = maxTotalBytes;
    const bytes = Buffer.byteLength(row.input) + Buffer.byteLength(row.answer);
    this.statements.put.run([
      row.id,
      row.keyId,
      row.state,
      row.background ? 1 : 0,
      row.recorded ? 1 : 0,
      row.expiresMs,
      row.input,
      row.answer,
      bytes,
    ]);
    this.bytes += bytes;
    return null;
  }

  private find({ id, keyId }: KeptQuestions['find']['ask']): KeptAnswer | null {
    const row: unknown = this.statements.find.get([id, keyId, this.now()]);
    return Array.isArray(row) ? keptOf(row) : null;
  }

  private finish({ id, answer }: KeptQuestions['finish']['ask']): boolean {
    const grown = Buffer.byteLength(answer);
    if (this.statements.finish.run([answer, grown, id]).changes === 0) return false;
    this.bytes += grown;
    return true;
  }

  private delete(ask: KeptQuestions['delete']['ask']): KeptAnswer | null {
    const found = this.find(ask);
    if (found === null) return null;
    const row: unknown = this.statements.size.get([ask.id]);
    inTransaction(this.db, () => this.drop(ask.id, Array.isArray(row) ? Number(row[0]) : 0));
    return found;
  }

  private cancel(ask: KeptQuestions['cancel']['ask']): KeptAnswer | null {
    const found = this.find(ask);
    if (found?.background === true) this.statements.cancel.run([ask.id]);
    return found;
  }

  private record({ id, events }: KeptQuestions['record']['ask']): null {
    inTransaction(this.db, () => {
      let grown = 0;
      for (const { text } of events) grown += Buffer.byteLength(text);
      // One that was deleted or stopped meanwhile has no more to say.
      if (this.statements.grow.run([grown, id]).changes === 0) return;
      for (const { sequence, text } of events) this.statements.record.run([id, sequence, text]);
      this.bytes += grown;
    });
    return null;
  }

  private events({ id, after }: KeptQuestions['events']['ask']): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    let chars = 0;
    for (const row of this.statements.events.iterate([id, after]) as Iterable<unknown[]>) {
      const text = String(row[1]);
      events.push({ sequence: Number(row[0]), text });
      chars += text.length;
      if (chars > MAX_EVENT_CHARS) break;
    }
    return events;
  }

  private drop(id: string, bytes: number): void {
    this.statements.delete.run([id]);
    this.statements.deleteEvents.run([id]);
    this.bytes -= bytes;
  }
}

function sumOf(db: Sqlite): number {
  const row: unknown = db.prepare('SELECT coalesce(sum(bytes), 0) FROM kept_answers').raw().get();
  return Array.isArray(row) ? Number(row[0]) : 0;
}

function keptOf(row: unknown[]): KeptAnswer {
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
