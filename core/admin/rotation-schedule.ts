import type { StoredEntity } from '../store/control/entity-rows.js';
import { iso } from './entity-text.js';
import type { KeyRotation } from './key-rotation.js';
import { dueOf } from './rotation-due.js';

/** Most that a timer waits: a clock that is set is noticed. */
const LOOK_MS = 60_000;
/** Until the next try of what failed, or what another node has done that we do not know of yet. */
const AGAIN_MS = 10_000;

/** Since the start: keys that got another secret by their schedule, and tries that failed. */
export interface RotationCounts {
  done: number;
  failed: number;
}

/** Has keys get another secret when theirs is old. What came due while no node ran is done at the next start. */
export class RotationSchedule {
  private readonly due = new Map<string, number>();
  private next = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private started = false;
  private closed = false;

  constructor(
    private readonly rotation: Pick<KeyRotation, 'whatIsDue'>,
    private readonly log: (level: 'warn' | 'info', message: string, fields: Record<string, unknown>) => void,
    private readonly counts: RotationCounts,
  ) {}

  /** A key as it is now; null: it is gone. */
  note(id: string, key: StoredEntity | null): void {
    const { rotateAt = null, forgetAt = null } = key === null ? {} : dueOf(key);
    const at = Math.min(rotateAt ?? Number.POSITIVE_INFINITY, forgetAt ?? Number.POSITIVE_INFINITY);
    if (at === Number.POSITIVE_INFINITY) this.due.delete(id);
    else this.due.set(id, at);
    if (at < this.next) this.wait(at);
  }

  /** All keys are noted. */
  start(): void {
    this.started = true;
    this.wait(this.earliest());
  }

  /** Does what is due, one key after the other. */
  run(): Promise<void> {
    this.running ??= this.work().finally(() => {
      this.running = null;
      this.wait(this.earliest());
    });
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async work(): Promise<void> {
    const now = Date.now();
    const ids = [...this.due].filter(([, at]) => at <= now).map(([id]) => id);
    for (const id of ids) {
      if (this.closed) return;
      // What is written comes back by `note`, and is due later.
      this.due.set(id, now + AGAIN_MS);
      try {
        const key = await this.rotation.whatIsDue(id);
        if (key !== null) this.tell(key);
      } catch (error) {
        this.counts.failed++;
        this.log('warn', 'a key could not be rotated; it is tried again', {
          key: id,
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  private tell({ id, name, state }: StoredEntity): void {
    const until = state['sealed_until_ms'];
    if (typeof until !== 'number') return;
    this.counts.done++;
    this.log('info', 'a key was rotated by its schedule; its new secret waits to be fetched', {
      key: id,
      name,
      old_secret_until: iso(until),
    });
  }

  private earliest(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const at of this.due.values()) if (at < least) least = at;
    return least;
  }

  private wait(at: number): void {
    this.next = at;
    clearTimeout(this.timer);
    if (!this.started || this.closed || at === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(Math.max(at - Date.now(), 0), LOOK_MS);
    this.timer = setTimeout(() => void this.run(), ms);
    this.timer.unref();
  }
}
