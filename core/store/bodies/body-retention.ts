import type { BodyKeeping } from '../../observe/bodies/body-settings.js';
import type { LedgerSql } from '../ledger-sql.js';
import { alone } from '../maintenance.js';
import { type BodyPlaces, wordOf } from './body-places.js';
import type { BodyTexts } from './body-texts.js';

const STEP_ROWS = 200;
/** What lies around and is named by nobody is looked for after so long, where nothing was deleted. */
const TIDY_MS = 3_600_000;
/** Of the name of a file, which is all that matters of a line in it. */
const NAME_LENGTH = 34;

interface Row {
  readonly number: number;
  readonly bytes: number;
  readonly place: string;
}

export interface BodyRetentionParts {
  readonly db: LedgerSql;
  readonly settings: Pick<BodyKeeping, 'keepMs' | 'maxBytes'>;
  readonly texts: BodyTexts;
  readonly places: BodyPlaces;
  /** Runs it while nothing is written. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onLeft: (message: string) => void;
}

/**
 * Deletes bodies: exactly those that are as old as they may get, and the first of what is too much, wherever they lie. Those in a
 * place that cannot be asked stay, and are told of; they count for nothing.
 */
export class BodyRetention {
  /** Bytes of all, while a round lasts. */
  private bytes: number | null = null;
  /** Words of places that are passed over in this round, and why; null: they cannot be asked. */
  private readonly passed = new Map<string, unknown>();
  private readonly told = new Set<string>();
  private begun = false;
  private untidy = true;
  private tidiedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: BodyRetentionParts) {}

  /** Deletes some; true when there may be more. Rejects at the end of a round when something that is to go is still there. */
  async step(now: number): Promise<boolean> {
    if (!this.begun) await this.begin();
    const doomed = await this.doomed(now);
    if (doomed.length > 0) {
      const gone = await this.removed(doomed);
      if (!(await this.forget(gone))) return this.end();
      this.bytes = null;
      this.untidy ||= gone.some(({ place }) => place.startsWith('file'));
      // Where some could not be deleted the next step looks at the other places.
      return true;
    }
    await this.tidy(now);
    return this.end();
  }

  private async begin(): Promise<void> {
    this.begun = true;
    for (const { word, name } of await this.parts.places.look()) {
      this.passed.set(word, null);
      if (this.told.has(word)) continue;
      const count = await this.parts.places.countIn(word);
      if (count === 0) continue;
      this.told.add(word);
      this.parts.onLeft(
        `bodies of requests (${count}) lie in ${name}, where observability.log_bodies does not point any more: they stay there until it is named in earlier_s3`,
      );
    }
  }

  /** Ends a round. */
  private end(): false {
    const why = [...this.passed.values()].find((one) => one !== null);
    this.begun = false;
    this.bytes = null;
    this.passed.clear();
    if (why !== undefined) throw why;
    return false;
  }

  private async doomed(now: number): Promise<Row[]> {
    const { settings } = this.parts;
    const old = await this.rows('time_ms <= ?', [now - settings.keepMs], 'time_ms');
    if (old.length > 0) return old;
    this.bytes ??= await this.sum();
    let over = this.bytes - settings.maxBytes;
    if (over <= 0) return [];
    // As they were written: a clock that was ahead does not keep them for longer.
    const first = await this.rows('1 = 1', [], 'number');
    const end = first.findIndex(({ bytes }) => {
      const enough = over <= 0;
      over -= bytes;
      return enough;
    });
    return end === -1 ? first : first.slice(0, end);
  }

  private async rows(where: string, values: readonly number[], order: string): Promise<Row[]> {
    const { sql, words } = this.elsewhere();
    const text = `SELECT number, bytes, place FROM request_bodies WHERE ${where}${sql} ORDER BY ${order} LIMIT ${STEP_ROWS}`;
    const rows = await this.parts.db.all(text, [...values, ...words]);
    return rows.map(([number, bytes, place]) => ({
      number: Number(number),
      bytes: Number(bytes),
      place: String(place),
    }));
  }

  private async sum(): Promise<number> {
    const { sql, words } = this.elsewhere();
    const text = `SELECT coalesce(sum(bytes), 0) FROM request_bodies WHERE 1 = 1${sql}`;
    const [row] = await this.parts.db.all(text, words);
    return Number(row?.[0] ?? 0);
  }

  /** Not in a place that is passed over. */
  private elsewhere(): { sql: string; words: string[] } {
    const words = [...this.passed.keys()].map((word) => `${word}%`);
    return { sql: words.map(() => ' AND place NOT LIKE ?').join(''), words };
  }

  /** Before it is forgotten where they lie. Resolves to those that are there no more. */
  private async removed(doomed: readonly Row[]): Promise<Row[]> {
    const byWord = new Map<string, Row[]>();
    for (const row of doomed) {
      const word = wordOf(row.place);
      const rows = byWord.get(word);
      if (rows === undefined) byWord.set(word, [row]);
      else rows.push(row);
    }
    const all: Row[] = [];
    for (const [word, rows] of byWord) {
      if (word === '') {
        all.push(...rows);
        continue;
      }
      const at = this.parts.places.at(word);
      // Another node has come to use it since the round began.
      if (at === null) {
        this.passed.set(word, null);
        continue;
      }
      const { gone, why } = await at.remove(rows.map(({ place }) => place));
      const places = new Set(gone);
      const away = rows.filter(({ place }) => places.has(place));
      if (away.length < rows.length) this.passed.set(word, why ?? new Error('some bodies are still there'));
      all.push(...away);
    }
    return all;
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
    const { places } = this.parts;
    const folders = places.folders();
    const late = Math.abs(now - this.tidiedMs) >= TIDY_MS;
    if (folders.length === 0 || !(this.untidy || late)) return;
    await this.parts.alone(async () => {
      const named = await this.named(folders.map(({ word }) => word));
      for (const folder of folders) await folder.tidy(named);
    });
    this.untidy = false;
    this.tidiedMs = now;
  }

  /** Files of which something is needed, in whatever folder: no two have the same name. */
  private async named(words: readonly string[]): Promise<Set<string>> {
    const named = new Set<string>();
    for (const word of words) {
      const text = `SELECT DISTINCT substr(place, ${word.length + 1}, ${NAME_LENGTH}) FROM request_bodies WHERE place LIKE ?`;
      for (const [name] of await this.parts.db.all(text, [`${word}%`])) named.add(String(name));
    }
    return named;
  }
}
