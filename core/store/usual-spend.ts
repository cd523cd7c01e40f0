import { offsetAt, QUARTER_MS } from '@headgate/sdk';
import type { Statements } from './ledger-sql.js';
import type { UsageReader } from './usage-reader.js';
import { DAY_MS } from './usage-totals.js';

/** What an hour cost, nano-dollars. */
export interface HourSpend {
  /** The last whole hour. */
  readonly last: number;
  /** The same hour of the days before, the latest first: those from which everything is known. */
  readonly before: readonly number[];
}

/** From when on the ledger knows something, unix milliseconds. */
export interface KnownSince {
  readonly hours: number;
  /** Sums of days are kept for longer than those of hours. */
  readonly days: number;
}

const HOUR_MS = 3_600_000;
/** Sums of hours that are over change little. */
const FRESH_MS = 5 * 60_000;

/** Null while nothing is known. */
export async function knownSince(sql: Pick<Statements, 'all'>): Promise<KnownSince | null> {
  const [row = []] = await sql.all(
    'SELECT (SELECT min(slot) FROM usage_quarters), (SELECT min(day) FROM usage_days)',
  );
  const [slot, day] = row;
  if (slot === null || slot === undefined) return null;
  const hours = Number(slot) * QUARTER_MS;
  const first = day === null || day === undefined ? hours : Number(day) * DAY_MS;
  return { hours, days: first + DAY_MS > hours ? hours : first };
}

/** What is spent in an hour, and what is usual at that time of the day. */
export class UsualSpend {
  private hour = 0;
  private at = 0;
  private readonly known = new Map<string, Promise<HourSpend>>();

  constructor(
    private readonly sql: Pick<Statements, 'all'>,
    private readonly reader: Pick<UsageReader, 'report'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param zone whose clock says what the same hour is, also where it was put forward or back in between */
  of(days: number, zone: string): Promise<HourSpend> {
    const now = this.now();
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.hour || now - this.at >= FRESH_MS) {
      this.known.clear();
      this.hour = hour;
      this.at = now;
    }
    const name = `${days} ${zone}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const asked = this.ask(hour * HOUR_MS, days, zone);
    this.known.set(name, asked);
    // What could not be had is asked for again at the next look.
    asked.catch(() => {
      if (this.known.get(name) === asked) this.known.delete(name);
    });
    return asked;
  }

  private async ask(to: number, days: number, zone: string): Promise<HourSpend> {
    const last = to - HOUR_MS;
    const since = await knownSince(this.sql);
    const before: number[] = [];
    for (let day = 1; day <= days; day++) {
      const from = dayBefore(last, day, zone);
      if (since === null || from < since.hours) break;
      before.push(await this.cost(from));
    }
    return { last: await this.cost(last), before };
  }

  private async cost(from: number): Promise<number> {
    const { total } = await this.reader.report({
      groupBy: [],
      from,
      to: from + HOUR_MS,
      filter: {},
      timeZone: 'UTC',
      limit: 1,
      after: null,
    });
    return Number(total.costNano);
  }
}

/** When clocks of the zone showed the same on an earlier day; where they never did, an hour away from it. */
export function dayBefore(time: number, days: number, zone: string): number {
  const ahead = (at: number): number => offsetAt(zone, Math.floor(at / QUARTER_MS)) * QUARTER_MS;
  const then = time - days * DAY_MS;
  return then + ahead(time) - ahead(then);
}
