import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { BodyKeeping, TakenBodies, TakenBody } from '../../observe/bodies/body-settings.js';
import { type LedgerSql, one } from '../ledger-sql.js';
import { alone } from '../maintenance.js';
import type { BodyPlace } from './body-place.js';
import { BodyRedactor } from './body-redactor.js';
import { BodyTexts } from './body-texts.js';
import { FilePlace } from './file-place.js';
import type { KeptBodies, KeptBody } from './kept-bodies.js';
import { S3Place } from './s3-place.js';

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** Bytes that may wait to be written; what comes when there are more is dropped and counted. */
const MOST_WAITING = 32 * 1024 * 1024;
/** Requests that are written together, and that are on their way to a storage at once. */
const TOGETHER = 16;
const STEP_ROWS = 200;

const INSERT = `INSERT INTO request_bodies (id, time_ms, bytes, place, data) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, place = excluded.place, data = excluded.data RETURNING number`;
const OLDEST = `SELECT number, time_ms, bytes, place FROM request_bodies ORDER BY time_ms, number LIMIT ${STEP_ROWS}`;

export interface BodyKeeperParts {
  readonly db: LedgerSql;
  readonly settings: BodyKeeping;
  /** A text without secrets. */
  readonly hidden: (text: string) => string;
  /** Something was dropped, for the first time since it worked. */
  readonly onTrouble: (message: string, error: unknown) => void;
}

interface Ready {
  readonly from: TakenBodies;
  readonly kept: KeptBodies;
  readonly bytes: Uint8Array;
  readonly place: string;
}

/**
 * Takes bodies in, takes out of them what must not be kept, and puts them into the store, files or S3. One after the other and
 * never in anybody's way: what cannot be written is dropped.
 */
export class BodyKeeper {
  dropped = 0;
  private readonly texts: BodyTexts;
  private readonly elsewhere: BodyPlace | null;
  private waiting: TakenBodies[] = [];
  private waitingBytes = 0;
  private running: Promise<void> | null = null;
  private redactor: Promise<BodyRedactor> | null = null;
  private inTrouble = false;

  constructor(private readonly parts: BodyKeeperParts) {
    const { folder, s3 } = parts.settings;
    this.texts = new BodyTexts(parts.db);
    this.elsewhere = s3 !== null ? new S3Place(s3) : folder !== null ? new FilePlace(folder) : null;
  }

  take(bodies: readonly TakenBodies[]): void {
    for (const one of bodies) {
      const size = sizeOf(one);
      if (this.waitingBytes + size > MOST_WAITING) {
        this.drop(1, new Error('more comes than can be written'));
        continue;
      }
      this.waiting.push(one);
      this.waitingBytes += size;
    }
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  /** Everything taken in so far is written, or dropped. */
  async drain(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  async close(): Promise<void> {
    await this.drain();
    await this.elsewhere?.close();
  }

  /** Null when nothing is kept of that request. Rejects when it cannot be got. */
  async find(id: string): Promise<KeptBodies | null> {
    const [row] = await this.parts.db.all('SELECT place, data FROM request_bodies WHERE id = ?', [id]);
    if (row === undefined) return null;
    const place = String(row[0]);
    const bytes = place === '' ? await unzip(row[1] as Uint8Array) : await this.placeOf(place).get(place);
    return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as KeptBodies);
  }

  /** Deletes some of what is too old or too much; true when there may be more. */
  async expire(now: number): Promise<boolean> {
    const { db, settings } = this.parts;
    const oldest = await db.all(OLDEST);
    if (oldest.length === 0) return false;
    let left = await one(db, 'SELECT coalesce(sum(bytes), 0) FROM request_bodies');
    const gone: { number: number; place: string }[] = [];
    for (const [number, timeMs, bytes, place] of oldest) {
      if (Number(timeMs) > now - settings.keepMs && left <= settings.maxBytes) break;
      left -= Number(bytes);
      gone.push({ number: Number(number), place: String(place) });
    }
    if (gone.length === 0) return false;
    const numbers = gone.map(({ number }) => number);
    const places = numbers.map(() => '?').join(', ');
    const done = await alone(db, false, async (sql) => {
      await this.texts.remove(sql, numbers);
      await sql.run(`DELETE FROM request_bodies WHERE number IN (${places})`, numbers);
      return true;
    });
    if (done) await this.removeElsewhere(gone.map(({ place }) => place).filter((place) => place !== ''));
    return done && gone.length === STEP_ROWS;
  }

  get index(): BodyTexts {
    return this.texts;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, TOGETHER);
      for (const one of some) this.waitingBytes -= sizeOf(one);
      try {
        await this.write(await this.ready(some));
        this.inTrouble = false;
      } catch (error) {
        this.drop(some.length, error);
      }
      // Records have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private async ready(some: readonly TakenBodies[]): Promise<Ready[]> {
    this.redactor ??= BodyRedactor.of(this.parts.settings, this.parts.hidden);
    const redactor = await this.redactor;
    const ready: Ready[] = [];
    for (const from of some) {
      const kept = keptOf(from, redactor);
      const json = Buffer.from(JSON.stringify(kept));
      const bytes = this.elsewhere === null ? await zip(json) : json;
      const place = (await this.elsewhere?.put(from.id, from.time, bytes)) ?? '';
      ready.push({ from, kept, bytes, place });
    }
    return ready;
  }

  private write(ready: readonly Ready[]): Promise<void> {
    return this.parts.db.transaction(async (sql) => {
      for (const { from, kept, bytes, place } of ready) {
        const data = place === '' ? bytes : null;
        const [row = []] = await sql.all(INSERT, [from.id, from.time, bytes.length, place, data]);
        await this.texts.add(sql, Number(row[0]), kept);
      }
    });
  }

  private async removeElsewhere(places: readonly string[]): Promise<void> {
    const { db } = this.parts;
    const { elsewhere } = this;
    if (elsewhere instanceof FilePlace)
      await elsewhere.remove(
        places.filter((place) => place.startsWith('file:')),
        async (start) =>
          (await one(db, 'SELECT count(*) FROM request_bodies WHERE place >= ? AND place < ?', [
            start,
            `${start}~`,
          ])) > 0,
      );
    else await elsewhere?.remove(places.filter((place) => place.startsWith('s3:')));
  }

  /** What lies where nothing is written to any more, since the configuration has changed, cannot be got. */
  private placeOf(place: string): BodyPlace {
    const { elsewhere } = this;
    const isHere = elsewhere instanceof FilePlace ? place.startsWith('file:') : place.startsWith('s3:');
    if (elsewhere === null || !isHere)
      throw new Error('the bodies lie where observability.log_bodies does not point any more');
    return elsewhere;
  }

  private drop(count: number, error: unknown): void {
    this.dropped += count;
    if (!this.inTrouble) this.parts.onTrouble('bodies of requests cannot be kept and are dropped', error);
    this.inTrouble = true;
  }
}

function keptOf(from: TakenBodies, redactor: BodyRedactor): KeptBodies {
  const { method, path, query, headers, status, keyId } = from;
  return {
    method,
    path: redactor.text(path),
    query: redactor.text(query),
    headers,
    status,
    keyId,
    request: sideOf(from.request, redactor),
    answer: sideOf(from.answer, redactor),
  };
}

function sideOf({ text, type, bytes, whole }: TakenBody, redactor: BodyRedactor): KeptBody {
  if (text === null) return { type, bytes, truncated: bytes > 0, whole, text: null };
  const truncated = !whole && text.length < bytes;
  // No database holds a NUL in a text, and JSON writes one otherwise.
  const read = Buffer.from(text).toString().replaceAll('\0', '');
  return { type, bytes, truncated, whole, text: read === '' ? '' : redactor.of(read) };
}

function sizeOf({ request, answer }: TakenBodies): number {
  return (request.text?.length ?? 0) + (answer.text?.length ?? 0) + 1024;
}
