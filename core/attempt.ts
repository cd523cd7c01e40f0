import type { UpstreamCall, Verdict } from '@headgate/sdk';
import type { Exchange } from './exchange.js';
import { fail } from './fail.js';
import { answerFailure, answerResting, type Failure, failureCode } from './failure.js';
import type { ProviderKey } from './route/key-ring.js';
import type { CompiledTarget, Retries } from './route/target.js';
import { RunningCall } from './running-call.js';
import { sign, toldUnsigned } from './stages/sign.js';
import { TargetWalk } from './target-walk.js';
import { wastedParts } from './task/wasted-parts.js';
import { answerUnsaid, refusedFields } from './unsupported.js';
import { type DividedRequest, dispatchParts } from './upstream/divided-call.js';

/**
 * The retry and fallback loop: a request is made for a target, signed and sent; what comes of it is judged; and it goes on
 * with another key, after a pause, or at the next target, until an answer is relayed or no target is left. One object a
 * request. How a request is made and its answer travels, `ModelCall` says for model requests (`core/model-call.ts`) and
 * `ForwardCall` for what is only forwarded (`core/forward/call.ts`).
 */
export abstract class Attempt extends RunningCall {
  protected readonly walk: TargetWalk;
  protected last: Failure | null = null;
  /** What the first target that refused the request has no words for, of those that shall not be asked without. */
  private unsaid: readonly string[] | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(x: Exchange, retries: Retries, totalDeadline: number) {
    super(x, totalDeadline);
    this.walk = new TargetWalk(x, retries);
  }

  /** The request for this target; null when the target cannot express it. */
  protected abstract prepare(
    target: CompiledTarget,
    key: ProviderKey,
  ): DividedRequest | Promise<DividedRequest | null> | null;

  /** How long the request may take to leave and the first byte of its answer to come, milliseconds. */
  protected patienceMs(_request: DividedRequest): number {
    return (this.target as CompiledTarget).timeouts.firstByteMs;
  }

  protected override get begunAt(): number {
    return this.walk.begunAt;
  }

  /** The next try, or the end. */
  next(): void {
    const { x, walk } = this;
    if (x.answered) return;
    if (walk.step()) this.begin(walk.target as CompiledTarget, walk.key as ProviderKey);
    else this.giveUp();
  }

  override stop(): void {
    clearTimeout(this.timer);
    super.stop();
  }

  override release(): void {
    super.release();
    this.last = null;
  }

  /** Whether the target has no words for something that it shall not be asked without. */
  protected refusesFields(): boolean {
    const { x } = this;
    if (x.dropped === null) return false;
    const unsaid = refusedFields(x);
    this.unsaid ??= unsaid;
    return unsaid !== null;
  }

  /** No target is left. */
  private giveUp(): void {
    const { x, walk } = this;
    if (this.last !== null) this.fail(this.last);
    else if (this.unsaid !== null) answerUnsaid(x, this.unsaid);
    else if (walk.resting === null) answerFailure(x, null);
    else if (walk.restart(walk.resting)) this.pause(walk.restMs);
    else answerResting(x, walk.resting);
  }

  private begin(target: CompiledTarget, key: ProviderKey): void {
    const { x } = this;
    this.target = target;
    this.key = key;
    this.relay = null;
    this.refusal = null;
    this.heard = false;
    const request = this.prepare(target, key);
    if (request instanceof Promise) {
      this.deadline = this.totalDeadline;
      request.then((whole) => this.start(whole, target, key)).catch((reason) => fail(x, reason));
    } else this.start(request, target, key);
  }

  private start(request: DividedRequest | null, target: CompiledTarget, key: ProviderKey): void {
    if (this.x.answered) return;
    if (request === null) {
      this.walk.skipTarget();
      this.next();
      return;
    }
    this.book.open(target, key);
    this.send(request, key);
  }

  private send(request: DividedRequest, key: ProviderKey): void {
    const wait = sign(this.x, key, request);
    if (wait === undefined) this.dispatch(request);
    else this.sendLater(wait, request);
  }

  private sendLater(signed: Promise<void>, request: DividedRequest): void {
    this.book.wait();
    this.deadline = this.totalDeadline;
    const send = (): void => {
      this.book.waited();
      this.dispatch(request);
    };
    signed.then(send, (reason) => this.unsigned(reason)).catch((reason) => fail(this.x, reason));
  }

  private dispatch(request: DividedRequest): void {
    if (this.x.answered) return;
    const now = performance.now();
    this.book.dispatched(now);
    this.deadline = Math.min(now + this.patienceMs(request), this.totalDeadline);
    this.call = this.carry(this.target as CompiledTarget, request);
  }

  /** Sends it. */
  protected carry({ transport }: CompiledTarget, request: DividedRequest): UpstreamCall {
    if (request.rest === undefined) return transport.dispatch(request, this);
    const onWasted = (answers: readonly string[]): void => wastedParts(this.x, answers);
    return dispatchParts(transport, [request, ...request.rest], this, onWasted);
  }

  /** No credentials were to be had, which is much like a provider that cannot be reached. */
  private unsigned(reason: unknown): void {
    if (this.x.answered) return;
    if (toldUnsigned(this.x, reason))
      this.act(this.judge('connection', []), this.failure('unsigned', [], ''));
    else fail(this.x, reason);
  }

  protected act(verdict: Verdict, failure: Failure): void {
    const { x } = this;
    this.last = failure;
    this.book.waited();
    this.book.finish(failureCode(failure));
    if (x.answered) return;
    switch (verdict.action) {
      case 'retry':
        this.pause(verdict.delayMs);
        return;
      case 'next':
        this.walk.skipTarget();
        this.again();
        return;
      default:
        this.fail(failure);
    }
  }

  /** The last attempt was refused: the client hears of it. */
  protected fail(failure: Failure): void {
    answerFailure(this.x, failure);
  }

  private pause(delayMs: number): void {
    if (delayMs <= 0) {
      this.again();
      return;
    }
    this.deadline = this.totalDeadline;
    this.timer = setTimeout(() => {
      this.book.waited();
      this.again();
    }, delayMs);
    this.book.wait();
  }

  private again(): void {
    try {
      this.next();
    } catch (reason) {
      fail(this.x, reason);
    }
  }
}
