import type { AttemptRecord } from '@headgate/sdk';
import { type Exchange, NO_TOOLS } from './exchange.js';
import type { ProviderKey } from './route/key-ring.js';
import type { CompiledTarget } from './route/target.js';

/** What the ledger will hear of the tries of a request, and how much of its time was spent waiting for providers. */
export class AttemptBook {
  private record: AttemptRecord | null = null;
  private dispatchedAt = 0;
  private waitingSince = 0;

  constructor(private readonly x: Exchange) {}

  /** A try begins. */
  open(target: CompiledTarget, key: ProviderKey): AttemptRecord {
    const { x } = this;
    const record: AttemptRecord = {
      provider: target.provider.id,
      model: target.model,
      key: key.name,
      status: 0,
      error: null,
      ms: 0,
      startMs: 0,
      connectMs: null,
      firstByteMs: null,
    };
    this.record = record;
    this.dispatchedAt = 0;
    x.target = target;
    // What an answer said that came to nothing is not this one's.
    x.finish = '';
    x.tools = NO_TOOLS;
    x.attempts.push(record);
    if (x.view !== null) {
      x.view.target = { provider: target.provider.id, model: target.model };
      x.view.attempt = x.attempts.length;
    }
    return record;
  }

  /** It was sent, and is waited for. */
  dispatched(now: number): void {
    this.dispatchedAt = now;
    this.waitingSince = now;
    if (this.record !== null) this.record.startMs = now - this.x.startedAt;
  }

  /** It leaves over a connection. */
  connected(): void {
    if (this.record !== null) this.record.connectMs = performance.now() - this.dispatchedAt;
  }

  /** Something else is waited for: credentials, or the end of a pause. */
  wait(): void {
    this.waitingSince = performance.now();
  }

  /** Books the time since the last mark as spent waiting, not as the gateway's own. */
  waited(): void {
    if (this.waitingSince === 0 || this.x.headAt !== 0) return;
    const now = performance.now();
    this.x.waitedMs += now - this.waitingSince;
    this.waitingSince = now;
  }

  answered(status: number): void {
    this.waited();
    if (this.record === null) return;
    this.record.status = status;
    // That is when the wait for it ended, unless an answer has begun already.
    if (this.x.headAt === 0) this.record.firstByteMs = this.waitingSince - this.dispatchedAt;
  }

  /** What had come is an error, whatever was said of it: how the try ended is yet to be told. */
  refused(status: number): void {
    if (this.record !== null) this.record.ms = 0;
    this.answered(status);
  }

  /** The try is over; what is said of it first counts. */
  finish(error: string | null): void {
    if (this.record === null || this.record.ms !== 0) return;
    this.record.ms = this.dispatchedAt === 0 ? 0 : performance.now() - this.dispatchedAt;
    this.record.error = error;
  }
}
