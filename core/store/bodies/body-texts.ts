import type { LedgerSql, Statements } from '../ledger-sql.js';
import type { TimeRange } from '../request-reader.js';
import type { TextIndex, TextMatches } from '../requests/text-index.js';
import type { KeptBodies } from './kept-bodies.js';
import { wordsOf } from './words.js';

/** Most that one search takes in; older ones are a later page's. */
const MOST_MATCHES = 20_000;
/** Bodies are written when a request ends: one that arrived so much earlier may come later in the index. */
const LATE_MS = 600_000;
const MOST_WORDS = 64;

/** No request takes longer than that, as good as ever. */
const LONG_MS = 86_400_000;
/** How long requests are looked at that tell where others lie. */
const NEAR_MS = 3_600_000;
/** Bodies get their numbers as they are written. The words of others are passed over without a look at when each arrived. */
const LEAST = 'SELECT min(number) FROM request_bodies WHERE time_ms >= ? AND time_ms < ?';
const MOST = 'SELECT max(number) FROM request_bodies WHERE time_ms >= ? AND time_ms < ?';

const FTS = `SELECT b.time_ms, b.id FROM request_texts JOIN request_bodies b ON b.number = request_texts.rowid
WHERE request_texts MATCH ? AND b.time_ms >= ? AND b.time_ms < ? AND request_texts.rowid BETWEEN ? AND ?
ORDER BY request_texts.rowid DESC LIMIT ${MOST_MATCHES}`;
const WANTED = `t.words @@ ?::text::tsquery AND b.time_ms >= ? AND b.time_ms < ? AND t.number BETWEEN ? AND ? ORDER BY t.number DESC LIMIT ${MOST_MATCHES}`;
const GIN = `SELECT b.time_ms, b.id FROM request_texts t JOIN request_bodies b ON b.number = t.number WHERE ${WANTED}`;
/** Hit by hit, the latest first: joined in whatever way it likes, Postgres reads all bodies for one hit. */
const GIN_LONG = `SELECT b.time_ms, b.id FROM request_texts t
CROSS JOIN LATERAL (SELECT time_ms, id FROM request_bodies WHERE number = t.number OFFSET 0) b WHERE ${WANTED}`;
/** In a shorter time there are fewer bodies than hits of a frequent word. */
const SHORT_MS = 2 * 86_400_000;

/** The words of what is kept: FTS5 in SQLite, a text search vector in Postgres, both without an extension. */
export class BodyTexts implements TextIndex {
  constructor(private readonly db: LedgerSql) {}

  /** Part of the caller's transaction. */
  async add(sql: Statements, number: number, { request, answer }: KeptBodies): Promise<void> {
    const text = wordsOf(`${textsOf(request.text)} ${textsOf(answer.text)}`).join(' ');
    await this.remove(sql, [number]);
    if (sql.kind === 'sqlite')
      await sql.run('INSERT INTO request_texts (rowid, text) VALUES (?, ?)', [number, text]);
    else
      await sql.run(
        "INSERT INTO request_texts (number, words) VALUES (?, array_to_tsvector(string_to_array(?::text, ' ')))",
        [number, text],
      );
  }

  async remove(sql: Statements, numbers: readonly number[]): Promise<void> {
    const places = numbers.map(() => '?').join(', ');
    const key = sql.kind === 'sqlite' ? 'rowid' : 'number';
    await sql.run(`DELETE FROM request_texts WHERE ${key} IN (${places})`, numbers);
  }

  async matches(text: string, { from, to }: TimeRange): Promise<TextMatches> {
    const wanted = wordsOf(text).slice(0, MOST_WORDS);
    const none = { times: new Set<number>(), ids: new Set<string>(), since: from };
    if (wanted.length === 0) return none;
    const between = await this.numbers(from, to);
    const rows =
      this.db.kind === 'sqlite'
        ? await this.db.all(FTS, [wanted.map((word) => `"${word}"`).join(' '), from, to, ...between])
        : await this.db.all(to - from <= SHORT_MS ? GIN : GIN_LONG, [
            wanted.map((word) => `'${word}'`).join(' & '),
            from,
            to,
            ...between,
          ]);
    for (const [time, id] of rows) {
      none.times.add(Number(time));
      none.ids.add(String(id));
    }
    if (rows.length < MOST_MATCHES) return none;
    const last = Number(rows.at(-1)?.[0]);
    const late = last + LATE_MS;
    return { ...none, since: late < to ? late : last + 1 };
  }

  /** The numbers that bodies of requests of that time can have: between those of a day before and a day after it. */
  private async numbers(from: number, to: number): Promise<[least: number, most: number]> {
    const before = from - LONG_MS;
    const after = to + LONG_MS;
    const [[least = null] = []] = await this.db.all(LEAST, [before - NEAR_MS, before]);
    const [[most = null] = []] = await this.db.all(MOST, [after, after + NEAR_MS]);
    return [least === null ? 0 : Number(least), most === null ? Number.MAX_SAFE_INTEGER : Number(most)];
  }
}

/** All texts of a JSON document, or the text as it is; names of members are not what people look for. */
function textsOf(text: string | null): string {
  if (text === null) return '';
  const found: string[] = [];
  const gather = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) gather(one);
  };
  try {
    gather(JSON.parse(text));
  } catch {
    return text;
  }
  return found.join(' ');
}
