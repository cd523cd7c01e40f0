import type { OpenSink, SettledDetail, SinkVerdict } from '@headgate/sdk';
import { Backoff } from './backoff.js';
import type { SinkCounts } from './sink-counts.js';

export interface DeliveryParts {
  /** Opens the sink: before the first delivery, and again as long as that fails. */
  readonly open: () => Promise<OpenSink>;
  readonly counts: SinkCounts;
  /** Adds what is kept of requests and answers; null: the sink is not to have it. */
  readonly complete: ((details: readonly SettledDetail[]) => Promise<readonly SettledDetail[]>) | null;
  /** Waits before it is tried again. */
  readonly pause: (ms: number) => Promise<void>;
  /** Why it fails, or null: it works again. Told when that changes. */
  readonly onHealth: (why: string | null) => void;
  /** Hides what must not be shown. */
  readonly hide: (text: string) => string;
  /** 0 to 1. */
  readonly random?: (() => number) | undefined;
}

/** So many refused one after the other are a sign that it is not about the records. */
const SUSPICIOUS = 10;

/** Brings batches to one sink: again when it is away, in halves when something in it is refused. */
export class Delivery {
  /** Why the last one failed; null when it did not. */
  failing: string | null = null;
  /** Gives up what is not delivered at the next failure. */
  hurried = false;
  private sink: OpenSink | null = null;
  private refusedInRow = 0;
  private readonly backoff: Backoff;

  constructor(private readonly parts: DeliveryParts) {
    this.backoff = new Backoff(parts.random);
  }

  /** Resolves to whether all of it was taken or refused; false when it was given up. */
  async deliver(details: readonly SettledDetail[], most: number): Promise<boolean> {
    const parts: (readonly SettledDetail[])[] = [];
    for (let i = 0; i < details.length; i += most) parts.push(details.slice(i, i + most));
    while (parts.length > 0) {
      const part = parts.shift() as readonly SettledDetail[];
      const verdict = await this.attempt(part);
      this.parts.counts.deliveries++;
      if (verdict.kind === 'taken') this.taken(part.length, verdict);
      else if (verdict.kind === 'refused') {
        const half = Math.ceil(part.length / 2);
        if (part.length > 1) parts.unshift(part.slice(0, half), part.slice(half));
        else if (!(await this.refused(verdict.why))) return false;
      } else {
        const left = this.leftOf(part, verdict);
        if (left.length > 0) parts.unshift(left);
        this.parts.counts.failures++;
        this.fails(verdict.why);
        if (this.hurried) return false;
        await this.parts.pause(this.backoff.failed(verdict.afterMs));
      }
    }
    return true;
  }

  async close(): Promise<void> {
    await this.sink?.close?.();
  }

  private async attempt(part: readonly SettledDetail[]): Promise<SinkVerdict> {
    try {
      this.sink ??= await this.parts.open();
      const { complete } = this.parts;
      return await this.sink.send(complete === null ? part : await complete(part));
    } catch (error) {
      return { kind: 'later', why: error instanceof Error ? reasonOf(error) : String(error) };
    }
  }

  private taken(records: number, { refused = 0, why }: Extract<SinkVerdict, { kind: 'taken' }>): void {
    this.count(records, refused);
    this.backoff.succeeded();
    this.refusedInRow = 0;
    if (refused > 0) this.fails(why ?? `it refused ${refused} records`);
    else if (this.failing !== null) {
      this.failing = null;
      this.parts.onHealth(null);
    }
  }

  /** One record is refused for good. If many are, more slowly: what is wrong is then likely to be mended. False: give up. */
  private async refused(why: string): Promise<boolean> {
    this.parts.counts.refused++;
    this.fails(why);
    if (++this.refusedInRow < SUSPICIOUS) return true;
    if (this.hurried) return false;
    await this.parts.pause(this.backoff.failed());
    return true;
  }

  private leftOf(
    part: readonly SettledDetail[],
    { only, refused = 0 }: Extract<SinkVerdict, { kind: 'later' }>,
  ): readonly SettledDetail[] {
    if (only === undefined) return part;
    const left = only.flatMap((i) => part[i] ?? []);
    this.count(part.length - left.length, refused);
    return left;
  }

  private count(records: number, refused: number): void {
    this.parts.counts.refused += Math.min(refused, records);
    this.parts.counts.sent += Math.max(0, records - refused);
  }

  private fails(why: string): void {
    const before = this.failing;
    this.failing = this.parts.hide(why).slice(0, 500);
    if (before === null) this.parts.onHealth(this.failing);
  }
}

/** `fetch failed` and the like say nothing without their cause. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
  return cause instanceof Error && cause.message !== ''
    ? `${error.message}: ${cause.message}`
    : error.message;
}
