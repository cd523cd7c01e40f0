import type { HoldWindow, Needs, Reply, StreamEvent } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { checkInspected } from '../plan/check-return.js';
import { isThenable, onHookFailure, withTimeout } from '../plan/guarded.js';
import { outcomeOf, RepeatedHook } from '../plan/hook-times.js';
import type { Bound } from '../plan/plan.js';
import { isLast } from '../plan/run-map.js';
import { viewOf } from '../view.js';

interface Around {
  release(event: StreamEvent): void;
  /** The guard has begun to think. */
  begin(): void;
  done(): void;
  block(reply: Reply): void;
  fail(reason: unknown): void;
}

type Verdict = readonly StreamEvent[] | Reply | null | undefined;

/** Holds events back until a window of text is full or the answer ends, and lets the guard see them before the client. */
export class HoldStage {
  private held: StreamEvent[] = [];
  private chars = 0;
  private ended = false;
  private thinking = false;
  private stopped = false;
  private readonly window: HoldWindow<Needs>;
  private readonly time: RepeatedHook;

  constructor(
    private readonly x: Exchange,
    private readonly hook: Bound<'event'>,
    private readonly around: Around,
  ) {
    this.window = hook.hold as HoldWindow<Needs>;
    this.time = new RepeatedHook(x, hook);
  }

  push(event: StreamEvent): void {
    this.held.push(event);
    if (event.type === 'part-delta') this.chars += event.text.length;
    if (isLast(event)) this.ended = true;
    this.inspectIfDue();
  }

  private inspectIfDue(): void {
    if (this.thinking || this.stopped || this.held.length === 0) return;
    if (!this.ended && this.chars < this.window.chars) return;
    const events = this.held;
    this.held = [];
    this.chars = 0;
    let verdict: Verdict | PromiseLike<unknown>;
    this.time.begin();
    try {
      verdict = this.window.inspect(events, viewOf(this.x) as never) as Verdict | PromiseLike<unknown>;
      if (!isThenable(verdict)) checkInspected(verdict);
    } catch (reason) {
      this.failed(events, reason);
      return;
    }
    if (isThenable(verdict)) this.think(events, verdict);
    else this.take(events, verdict);
  }

  private think(events: readonly StreamEvent[], pending: PromiseLike<unknown>): void {
    this.thinking = true;
    this.around.begin();
    const checked = withTimeout(this.hook, pending).then((value) => {
      checkInspected(value);
      return value as Verdict;
    });
    checked
      .then(
        (verdict) => this.take(events, verdict),
        (reason) => this.failed(events, reason),
      )
      .catch((reason) => this.around.fail(reason))
      .finally(() => {
        this.thinking = false;
        this.inspectIfDue();
        this.around.done();
      });
  }

  private take(events: readonly StreamEvent[], verdict: Verdict): void {
    if (verdict === undefined || verdict === null) {
      this.time.end('passed');
      for (const event of events) this.around.release(event);
      return;
    }
    if (!isList(verdict)) {
      this.time.end(outcomeOf(verdict));
      this.stopped = true;
      this.around.block(verdict);
      return;
    }
    this.time.end('changed');
    for (const event of verdict) this.around.release(event);
    // A guard may rewrite the answer, but cannot take its end away: the client would wait for it.
    const last = events.at(-1);
    if (last !== undefined && isLast(last) && !verdict.some(isLast)) this.around.release(last);
  }

  private failed(events: readonly StreamEvent[], reason: unknown): void {
    this.time.end('failed');
    try {
      onHookFailure(this.hook, reason, this.x);
    } catch (closed) {
      this.stopped = true;
      this.around.fail(closed);
      return;
    }
    for (const event of events) this.around.release(event);
  }
}

function isList(verdict: readonly StreamEvent[] | Reply): verdict is readonly StreamEvent[] {
  return Array.isArray(verdict);
}
