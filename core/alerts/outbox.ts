import type { ToTell } from './alert-book.js';
import type { DestinationSettings } from './alert-settings.js';
import { deliver, type NotDelivered, type SendPost } from './deliver.js';
import type { AlertNotice } from './notice.js';

/** What waits for one destination. Plain data: it is kept over restarts. */
export interface Waiting {
  readonly destination: string;
  readonly alerts: readonly AlertNotice[];
  /** Not before that, unix milliseconds. */
  readonly atMs: number;
  /** Since when it has been tried; null before the first try. */
  readonly triedMs: number | null;
  readonly tries: number;
}

export interface MessageCounts {
  ok: number;
  failed: number;
  given_up: number;
}

export interface OutboxParts {
  readonly destinations: readonly DestinationSettings[];
  readonly source: string;
  /** Messages by destination, over all outboxes of this process. */
  readonly counts: Map<string, MessageCounts>;
  readonly groupMs: number;
  readonly send: SendPost;
  readonly now: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
}

const FIRST_PAUSE_MS = 5_000;
const MOST_PAUSE_MS = 5 * 60_000;
/** What could not be delivered for a day is of no use any longer. */
const GIVE_UP_MS = 86_400_000;
/** Alerts in one message, and messages that wait for one destination. */
const MOST_ALERTS = 100;

/** What is to be told, until it is: what comes close together goes together, and what was not taken is tried again. */
export class Outbox {
  private waiting: Waiting[];

  constructor(
    kept: readonly Waiting[],
    private readonly parts: OutboxParts,
  ) {
    const known = new Set(parts.destinations.map(({ name }) => name));
    this.waiting = kept.filter(({ destination }) => known.has(destination));
  }

  get all(): readonly Waiting[] {
    return this.waiting;
  }

  add(tell: readonly ToTell[]): void {
    const { now, groupMs } = this.parts;
    for (const { destination, alert } of tell) {
      // What has not been tried yet takes more; of one alert the last word counts.
      const open = this.waiting.find((one) => one.destination === destination && one.triedMs === null);
      const others = open?.alerts.filter(({ id }) => id !== alert.id) ?? [];
      const atMs = open?.atMs ?? now() + groupMs;
      const next = {
        destination,
        alerts: [...others, alert].slice(-MOST_ALERTS),
        atMs,
        triedMs: null,
        tries: 0,
      };
      this.waiting = [...this.waiting.filter((one) => one !== open), next];
    }
  }

  /** Tells what is due, each destination for itself. Resolves when all tries are over. */
  async flush(): Promise<void> {
    const now = this.parts.now();
    const due = new Map<string, Waiting>();
    // In the order that they came: a resolved alert must not overtake itself.
    for (const one of this.waiting) if (!due.has(one.destination)) due.set(one.destination, one);
    await Promise.all([...due.values()].filter(({ atMs }) => atMs <= now).map((one) => this.try(one)));
  }

  /** Tells this and nothing else, now. Rejects with a {@link NotDelivered}. */
  async test(destination: DestinationSettings, alert: AlertNotice): Promise<void> {
    const { source, send, now } = this.parts;
    await deliver(destination, { source, alerts: [alert] }, send, now);
  }

  private async try(one: Waiting): Promise<void> {
    const { destinations, source, send, now, log } = this.parts;
    const destination = destinations.find(({ name }) => name === one.destination);
    if (destination === undefined) return this.put(one, null);
    const counts = this.countsOf(one.destination);
    try {
      await deliver(destination, { source, alerts: one.alerts }, send, now);
      counts.ok++;
      if (one.tries > 0)
        log('info', 'a destination of alerts takes them again', { destination: one.destination });
      this.put(one, null);
    } catch (error) {
      counts.failed++;
      const { message, again = true, afterMs = null } = error as Partial<NotDelivered> & Error;
      const triedMs = one.triedMs ?? now();
      const givenUp = !again || now() - triedMs > GIVE_UP_MS;
      if (one.tries === 0 || givenUp)
        log(givenUp ? 'error' : 'warn', givenUp ? 'alerts are given up' : 'alerts could not be delivered', {
          destination: one.destination,
          alerts: one.alerts.map(({ title }) => title).slice(0, 10),
          why: message,
        });
      if (givenUp) {
        counts.given_up++;
        return this.put(one, null);
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** one.tries, MOST_PAUSE_MS);
      this.put(one, {
        ...one,
        triedMs,
        tries: one.tries + 1,
        atMs: now() + Math.max(pause, Math.min(afterMs ?? 0, MOST_PAUSE_MS)),
      });
    }
  }

  private put(before: Waiting, after: Waiting | null): void {
    this.waiting = this.waiting.flatMap((one) => (one === before ? (after ?? []) : one));
  }

  private countsOf(name: string): MessageCounts {
    const { counts } = this.parts;
    const known = counts.get(name) ?? { ok: 0, failed: 0, given_up: 0 };
    counts.set(name, known);
    return known;
  }
}
