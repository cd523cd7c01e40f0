import type {
  AttemptRecord,
  CanonicalError,
  HeaderList,
  UpstreamCall,
  UpstreamRequest,
  UpstreamSink,
  Verdict,
} from '@headgate/sdk';
import { openRecord } from '../attempt-record.js';
import { canonicalError, type ErrorCode } from '../errors.js';
import type { Exchange, Running } from '../exchange.js';
import { fail, failWith } from '../fail.js';
import { answerFailure, answerHttpFailure, type Failure, failureCode } from '../failure.js';
import { tooLarge } from '../http/request-body.js';
import { Refusal } from '../refusal.js';
import type { Relay } from '../relay/relay.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { CompiledTarget } from '../route/target.js';
import type { Cause } from '../stages/judge.js';
import { sign, toldUnsigned } from '../stages/sign.js';
import { TargetWalk } from '../target-walk.js';
import { connectionFailure } from '../upstream/connection-failure.js';
import type { Waiting } from '../upstream/deadlines.js';
import { openAnswer } from './open-answer.js';
import { prepare } from './prepare.js';
import type { UploadEvents } from './upload.js';
import { speechOf, verdictOn } from './verdict.js';

/** How long the end of an error answer is waited for. */
const ERROR_WAIT_MS = 2_000;

/**
 * The tries of a request that is only forwarded. As `core/attempt.ts`, with another body and another answer: an upload is
 * tried once, since it is nowhere kept, and its time begins when it has ended.
 */
export class ForwardCall implements UpstreamSink, Waiting, Running, UploadEvents {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  private totalDeadline: number;
  private readonly walk: TargetWalk;
  private target: CompiledTarget | null = null;
  private key: ProviderKey | null = null;
  private call: UpstreamCall | null = null;
  private relay: Relay | null = null;
  private refusal: Refusal | null = null;
  private record: AttemptRecord | null = null;
  private last: Failure | null = null;
  private dispatchedAt = 0;
  private waitingSince = 0;
  /** The body is still on its way to the provider. */
  private uploading = false;
  private pausedByClient = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly x: Exchange) {
    const { streamed } = x.incoming.body;
    const totalMs = x.route?.totalMs ?? x.targets[0]?.timeouts.totalMs ?? Number.POSITIVE_INFINITY;
    // An upload takes as long as the client's line does; silence ends it.
    this.totalDeadline = x.startedAt + Math.min(streamed ? Number.POSITIVE_INFINITY : totalMs, x.timeoutMs);
    this.walk = new TargetWalk(x);
    x.io.deadlines.add(this);
    x.incoming.sink.onDrain = () => this.resume();
  }

  /** The next try, or the end. */
  next(): void {
    const { x, walk } = this;
    if (x.answered) return;
    if (walk.step()) this.run(walk.target as CompiledTarget, walk.key as ProviderKey);
    else answerFailure(x, this.last);
  }

  head(status: number, headers: HeaderList): void {
    const { x, record } = this;
    if (record !== null) record.status = status;
    this.waited();
    const verdict = this.judge(status, headers);
    if (verdict.action === 'relay') {
      this.relay = openAnswer(x, status, headers);
      // From here on only silence ends it, and the client's own limit: a large file takes as long as it takes.
      this.totalDeadline = x.startedAt + x.timeoutMs;
      this.touch();
      return;
    }
    this.refusal = new Refusal(this.failure(status, headers, ''), verdict);
    this.deadline = Math.min(performance.now() + ERROR_WAIT_MS, this.totalDeadline);
  }

  data(chunk: Buffer): boolean {
    if (this.refusal !== null) {
      if (this.refusal.keep(chunk)) {
        this.stop();
        this.refused();
      }
      return true;
    }
    const room = this.relay?.data(chunk) ?? true;
    if (room) this.touch();
    else {
      // While the client is slow the provider's silence is our doing.
      this.pausedByClient = true;
      const { totalMs } = (this.target as CompiledTarget).timeouts;
      this.deadline = Math.min(performance.now() + totalMs, this.totalDeadline);
    }
    return room;
  }

  end(): void {
    this.call = null;
    if (this.refusal !== null) {
      this.refused();
      return;
    }
    this.finishRecord(null);
    this.deadline = this.totalDeadline;
    if (this.x.headAt === 0) this.waited();
    // A provider may answer before it has read everything.
    if (this.uploading) this.x.incoming.body.clear();
    this.relay?.end();
  }

  error(error: Error): void {
    this.call = null;
    this.broken(...connectionFailure(error));
  }

  onDeadline(): void {
    if (performance.now() >= this.totalDeadline) {
      this.cutOff('request_timeout', { limit: Math.round(this.totalDeadline - this.x.startedAt) });
      return;
    }
    this.deadline = Number.POSITIVE_INFINITY;
    this.call?.abort();
    this.call = null;
    if (this.refusal !== null) {
      this.refused();
      return;
    }
    const { firstByteMs, idleMs } = (this.target as CompiledTarget).timeouts;
    const why = this.uploading
      ? `nothing of the upload has moved for ${idleMs} ms`
      : this.relay === null
        ? `no answer for ${firstByteMs} ms`
        : `silent for ${idleMs} ms`;
    this.broken('timeout', why);
  }

  /** Ends the request with this error, whatever it is waiting for. */
  cutOff(code: ErrorCode, details: Record<string, number> = {}): void {
    this.give(canonicalError(code, details));
  }

  /** The client has caught up. */
  resume(): void {
    if (this.pausedByClient) {
      this.pausedByClient = false;
      this.touch();
    }
    this.call?.resume();
  }

  /** Stops the upstream call; nothing more is heard of it. */
  stop(): void {
    clearTimeout(this.timer);
    if (this.call === null) return;
    this.call.abort();
    this.call = null;
  }

  /** The request is over. */
  release(): void {
    this.stop();
    if (this.record !== null && this.record.ms === 0) this.finishRecord(this.x.error?.code ?? null);
    this.x.io.deadlines.delete(this);
    this.x.incoming.sink.onDrain = null;
    this.relay = null;
    this.refusal = null;
    this.last = null;
  }

  private run(target: CompiledTarget, key: ProviderKey): void {
    const { x } = this;
    this.target = target;
    this.key = key;
    this.relay = null;
    this.refusal = null;
    x.target = target;
    this.record = openRecord(target, key);
    x.attempts.push(this.record);
    if (x.view !== null) {
      x.view.target = { provider: target.provider.id, model: target.model };
      x.view.attempt = x.attempts.length;
    }
    const request = prepare(x, target, key, this);
    if (!(request instanceof Promise)) this.send(request);
    else request.then((whole) => this.send(whole)).catch((reason) => fail(x, reason));
  }

  private send(request: UpstreamRequest): void {
    const { x } = this;
    const dispatch = (): void => {
      if (x.answered) return;
      const { transport, timeouts } = this.target as CompiledTarget;
      const now = performance.now();
      this.dispatchedAt = now;
      this.waitingSince = now;
      this.uploading = request.upload !== undefined;
      const patience = this.uploading ? Math.max(timeouts.connectMs, timeouts.idleMs) : timeouts.firstByteMs;
      this.deadline = Math.min(now + patience, this.totalDeadline);
      this.call = transport.dispatch(request, this);
    };
    const wait = sign(x, this.key as ProviderKey, request);
    if (wait === undefined) dispatch();
    else wait.then(dispatch, (reason) => this.unsigned(reason)).catch((reason) => fail(x, reason));
  }

  /** Bytes of the upload have moved. */
  progress(): void {
    if (this.uploading && this.relay === null && this.refusal === null) this.touch();
  }

  /** The upload has ended: from here on it is the provider that is waited for. */
  sent(): void {
    if (!this.uploading) return;
    this.uploading = false;
    const { timeouts } = this.target as CompiledTarget;
    const { now } = this.x.io.deadlines;
    this.totalDeadline = Math.min(this.totalDeadline, now + (this.x.route?.totalMs ?? timeouts.totalMs));
    if (this.relay === null && this.refusal === null)
      this.deadline = Math.min(now + timeouts.firstByteMs, this.totalDeadline);
  }

  /** The upload is larger than its limit. */
  overflow(): void {
    this.give(tooLarge(this.x.incoming.body).canonical);
  }

  private judge(cause: Cause, headers: HeaderList): Verdict {
    const key = this.key as ProviderKey;
    const now = performance.now();
    const otherKey = (cause === 401 || cause === 429) && this.walk.hasOtherKey(now);
    const { random } = this.x.io;
    const verdict = verdictOn(this.x, cause, headers, { key, otherKey, tries: this.walk.tries, now, random });
    this.walk.settle(otherKey);
    return verdict;
  }

  private refused(): void {
    const { refusal } = this;
    if (refusal === null) return;
    this.refusal = null;
    this.act(refusal.verdict, refusal.complete());
  }

  /** No HTTP answer, or one that broke off. */
  private broken(cause: 'timeout' | 'connection', why: string): void {
    const { x } = this;
    if (this.refusal !== null) {
      this.refused();
      return;
    }
    this.waited();
    if (this.relay !== null) {
      if (x.headAt !== 0) {
        const code = cause === 'timeout' ? 'provider_timeout' : 'stream_interrupted';
        this.finishRecord(code);
        this.relay.interrupt(canonicalError(code, { provider: this.target?.provider.id ?? '', why }));
        return;
      }
      this.relay.drop();
      this.relay = null;
    }
    this.act(this.judge(cause, []), this.failure(cause, [], why));
  }

  /** No credentials were to be had, which is much like a provider that cannot be reached. */
  private unsigned(reason: unknown): void {
    const { x } = this;
    if (x.answered) return;
    if (toldUnsigned(x, reason)) this.act(this.judge('connection', []), this.failure('unsigned', [], ''));
    else fail(x, reason);
  }

  private failure(cause: Failure['cause'], headers: HeaderList, why: string): Failure {
    const { credential } = this.key as ProviderKey;
    return { cause, headers, body: '', speech: speechOf(this.x), credential, why };
  }

  private act(verdict: Verdict, failure: Failure): void {
    const { x } = this;
    this.last = failure;
    this.waited();
    this.finishRecord(failureCode(failure));
    if (x.answered) return;
    if (verdict.action === 'retry') this.pause(verdict.delayMs);
    else if (verdict.action === 'next') {
      this.walk.skipTarget();
      this.again();
    } else if (failure.cause === 403) answerHttpFailure(x, failure, 403);
    else answerFailure(x, failure);
  }

  private pause(delayMs: number): void {
    if (delayMs <= 0) {
      this.again();
      return;
    }
    this.deadline = this.totalDeadline;
    this.timer = setTimeout(() => {
      this.waited();
      this.again();
    }, delayMs);
    this.waitingSince = performance.now();
  }

  private again(): void {
    try {
      this.next();
    } catch (reason) {
      fail(this.x, reason);
    }
  }

  private give(error: CanonicalError): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.stop();
    this.waited();
    this.finishRecord(error.code);
    if (this.relay !== null) this.relay.interrupt(error);
    else failWith(this.x, error);
  }

  /** Something has moved: the idle time starts anew. */
  private touch(): void {
    const { timeouts } = this.target as CompiledTarget;
    this.deadline = Math.min(this.x.io.deadlines.now + timeouts.idleMs, this.totalDeadline);
  }

  /** Books the time since the last mark as spent waiting, not as the gateway's own. */
  private waited(): void {
    if (this.waitingSince === 0 || this.x.headAt !== 0) return;
    const now = performance.now();
    this.x.waitedMs += now - this.waitingSince;
    this.waitingSince = now;
  }

  private finishRecord(error: string | null): void {
    if (this.record === null || this.record.ms !== 0) return;
    this.record.ms = this.dispatchedAt === 0 ? 0 : performance.now() - this.dispatchedAt;
    this.record.error = error;
  }
}
