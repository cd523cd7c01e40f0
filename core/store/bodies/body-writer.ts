import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { BodyKeeping, TakenBodies } from '../../observe/bodies/body-settings.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { BodyPlace } from './body-place.js';
import { BodyRedactor } from './body-redactor.js';
import type { BodyTexts } from './body-texts.js';
import type { KeptBodies } from './kept-bodies.js';
import { keptOf } from './made-body.js';

const zip = promisify(gzip);

const INSERT = `INSERT INTO request_bodies (id, time_ms, bytes, place, data) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, place = excluded.place, data = excluded.data RETURNING number`;

export interface BodyWriterParts {
  readonly db: LedgerSql;
  readonly settings: Pick<BodyKeeping, 'redact' | 'secrets'>;
  readonly texts: BodyTexts;
  /** Where they are put; null: into the store. */
  readonly where: () => Promise<BodyPlace | null>;
  /** A text without secrets. */
  readonly hidden: (text: string) => string;
}

/** How many of some could not be kept, and why the first of them could not. */
export interface Unkept {
  readonly count: number;
  readonly why: unknown;
}

interface Ready {
  readonly from: TakenBodies;
  readonly kept: KeptBodies;
  readonly bytes: Uint8Array;
  place: string;
}

/** Makes of bodies what may be kept, and puts it where it is kept. */
export class BodyWriter {
  private redactor: Promise<BodyRedactor> | null = null;
  private failed = 0;
  private why: unknown;

  constructor(private readonly parts: BodyWriterParts) {}

  /** One of it that cannot be kept keeps no other from it. */
  async write(some: readonly TakenBodies[]): Promise<Unkept> {
    this.failed = 0;
    this.why = null;
    try {
      const elsewhere = await this.parts.where();
      const ready = await this.ready(some, elsewhere);
      if (elsewhere === null) await this.note(ready);
      else if (elsewhere.ahead !== undefined) await this.noteAndPut(ready, elsewhere);
      else await this.note(await this.put(ready, elsewhere));
    } catch (error) {
      this.fail(some.length - this.failed, error);
    }
    return { count: this.failed, why: this.why };
  }

  private async ready(some: readonly TakenBodies[], elsewhere: BodyPlace | null): Promise<Ready[]> {
    const { settings, hidden } = this.parts;
    this.redactor ??= BodyRedactor.of(settings, hidden);
    const redactor = await this.redactor;
    const ready: Ready[] = [];
    for (const from of some) {
      try {
        const kept = keptOf(from, redactor);
        const json = Buffer.from(JSON.stringify(kept));
        const bytes = elsewhere === null ? await zip(json) : json;
        ready.push({ from, kept, bytes, place: elsewhere?.ahead?.(from.id, from.time) ?? '' });
      } catch (error) {
        this.fail(1, error);
      }
    }
    return ready;
  }

  /** Those that are there now. */
  private async put(ready: readonly Ready[], elsewhere: BodyPlace): Promise<Ready[]> {
    const there: Ready[] = [];
    for (let i = 0; i < ready.length; i += elsewhere.together) {
      const some = ready.slice(i, i + elsewhere.together);
      const ends = await Promise.allSettled(
        some.map(async (one) => {
          one.place = await elsewhere.put(one.from.id, one.from.time, one.bytes);
        }),
      );
      ends.forEach((end, at) => {
        if (end.status === 'fulfilled') there.push(some[at] as Ready);
        else this.fail(1, end.reason);
      });
    }
    return there;
  }

  private async noteAndPut(ready: readonly Ready[], elsewhere: BodyPlace): Promise<void> {
    const numbers = await this.note(ready);
    const there = new Set(await this.put(ready, elsewhere));
    const lost = ready.flatMap((one, i) => (there.has(one) ? [] : [numbers[i] as number]));
    if (lost.length === 0) return;
    // It may have come there without our being told: that it is to be deleted some day stays noted.
    const places = lost.map(() => '?').join(', ');
    await this.parts.db.transaction(async (sql) => {
      await this.parts.texts.remove(sql, lost);
      await sql.run(`UPDATE request_bodies SET bytes = 0 WHERE number IN (${places})`, lost);
    });
  }

  private note(ready: readonly Ready[]): Promise<number[]> {
    return this.parts.db.transaction(async (sql) => {
      const numbers: number[] = [];
      for (const { from, kept, bytes, place } of ready) {
        const data = place === '' ? bytes : null;
        const [row = []] = await sql.all(INSERT, [from.id, from.time, bytes.length, place, data]);
        const number = Number(row[0]);
        await this.parts.texts.add(sql, number, kept);
        numbers.push(number);
      }
      return numbers;
    });
  }

  private fail(count: number, error: unknown): void {
    this.failed += count;
    this.why ??= error;
  }
}
