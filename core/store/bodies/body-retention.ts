import type { BodyKeeping } from '../../observe/bodies/body-settings.js';
import { type LedgerSql, one } from '../ledger-sql.js';
import { alone } from '../maintenance.js';
import type { BodyPlace } from './body-place.js';
import type { BodyTexts } from './body-texts.js';

const STEP_ROWS = 200;
/** What lies around and is named by nobody is looked for after so long, where nothing was deleted. */
const TIDY_MS = 3_600_000;
/** `file:NAME`, which is all that matters of a line in a file. */
const NAME_LENGTH = 39;

const OLD = `SELECT number, bytes, place FROM request_bodies WHERE time_ms <= ? ORDER BY time_ms LIMIT ${STEP_ROWS}`;
/** As they were written: a clock that was ahead does not keep them for longer. */
const FIRST = `SELECT number, bytes, place FROM request_bodies ORDER BY number LIMIT ${STEP_ROWS}`;
const NAMED = `SELECT DISTINCT substr(place, 1, ${NAME_LENGTH}) FROM request_bodies WHERE place LIKE 'file:%'`;

interface Row {
  readonly number: number;
  readonly bytes: number;
  readonly place: string;
}

export interface BodyRetentionParts {
  readonly db: LedgerSql;
  readonly settings: Pick<BodyKeeping, 'keepMs' | 'maxBytes'>;
  readonly texts: BodyTexts;
  readonly elsewhere: BodyPlace | null;
}

/** Deletes bodies: exactly those that are as old as they may get, and the first of what is too much, wherever they lie. */
export class BodyRetention {
  /** Bytes of all, while a round lasts. */
  private bytes: number | null = null;
  private untidy = true;
  private tidiedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: BodyRetentionParts) {}

  /** Deletes some; true when there may be more. Rejects when something that is to go is still there. */
  async step(now: number): Promise<boolean> {
    const doomed = await this.doomed(now);
    if (doomed.length > 0) {
      const left = await this.removeElsewhere(doomed);
      const gone = doomed.filter(({ place }) => !left.still.has(place));
      if (!(await this.forget(gone))) return this.end(false);
      this.bytes = (this.bytes ?? 0) - gone.reduce((sum, { bytes }) => sum + bytes, 0);
      this.untidy ||= gone.some(({ place }) => place.startsWith('file:'));
      if (left.still.size > 0) {
        this.end(false);
        throw left.why;
      }
      if (doomed.length === STEP_ROWS) return true;
    }
    await this.tidy(now);
    return this.end(false);
  }

  private async doomed(now: number): Promise<Row[]> {
    const { db, settings } = this.parts;
    const old = await db.all(OLD, [now - settings.keepMs]);
    if (old.length > 0) return old.map(rowOf);
    this.bytes ??= await one(db, 'SELECT coalesce(sum(bytes), 0) FROM request_bodies');
    let over = this.bytes - settings.maxBytes;
    if (over <= 0) return [];
    const first = (await db.all(FIRST)).map(rowOf);
    const end = first.findIndex(({ bytes }) => {
      const enough = over <= 0;
      over -= bytes;
      return enough;
    });
    return end === -1 ? first : first.slice(0, end);
  }

  /** Before it is forgotten where they lie. */
  private async removeElsewhere(
    doomed: readonly Row[],
  ): Promise<{ still: ReadonlySet<string>; why?: unknown }> {
    const { elsewhere } = this.parts;
    const places = doomed.map(({ place }) => place);
    const here = elsewhere === null ? [] : places.filter((place) => place.startsWith(elsewhere.word));
    if (elsewhere === null || here.length === 0) return { still: new Set() };
    const { gone, why } = await elsewhere.remove(here);
    const still = new Set(here);
    for (const place of gone) still.delete(place);
    return { still, why };
  }

  private forget(gone: readonly Row[]): Promise<boolean> {
    if (gone.length === 0) return Promise.resolve(true);
    const numbers = gone.map(({ number }) => number);
    const places = numbers.map(() => '?').join(', ');
    return alone(this.parts.db, false, async (sql) => {
      await this.parts.texts.remove(sql, numbers);
      await sql.run(`DELETE FROM request_bodies WHERE number IN (${places})`, numbers);
      return true;
    });
  }

  private async tidy(now: number): Promise<void> {
    const { db, elsewhere } = this.parts;
    const late = Math.abs(now - this.tidiedMs) >= TIDY_MS;
    if (elsewhere?.tidy === undefined || !(this.untidy || late)) return;
    await elsewhere.tidy(new Set((await db.all(NAMED)).map(([name]) => String(name))));
    this.untidy = false;
    this.tidiedMs = now;
  }

  /** Of a round. */
  private end(more: boolean): boolean {
    this.bytes = null;
    return more;
  }
}

function rowOf([number, bytes, place]: readonly unknown[]): Row {
  return { number: Number(number), bytes: Number(bytes), place: String(place) };
}
