const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** Most that somebody may ask us to wait. */
const LONGEST_ASKED_MS = 15 * 60_000;

/** How long to wait before a sink is tried again: twice as long each time, a little uneven, or what it asked for. */
export class Backoff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  succeeded(): void {
    this.failures = 0;
  }

  /** Milliseconds. */
  failed(askedMs?: number): number {
    const usual = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.failures++, 20));
    const uneven = usual * (0.75 + this.random() / 2);
    return Math.round(askedMs === undefined ? uneven : Math.min(LONGEST_ASKED_MS, Math.max(askedMs, 100)));
  }
}

/** `Retry-After`: seconds, or a date. Undefined for what is neither. @param now unix milliseconds */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
