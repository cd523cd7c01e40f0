import type { AttemptRecord, HeaderList, UpstreamCall, UpstreamSink, Verdict } from '@headgate/sdk';
import { openRecord } from './attempt-record.js';
import { canonicalError, type ErrorCode } from './errors.js';
import type { Exchange, Running } from './exchange.js';
import { fail, failWith } from './fail.js';
import { answerFailure, type Failure, failureCode } from './failure.js';
import { runChain } from './plan/run-chain.js';
import { Refusal } from './refusal.js';
import type { Relay } from './relay/relay.js';
import type { ProviderKey } from './route/key-ring.js';
import type { Speech } from './route/speech.js';
import type { CompiledTarget, ModelRoute } from './route/target.js';
import { encode, upstreamRequest } from './stages/encode.js';
import { type Cause, judge } from './stages/judge.js';
import { openRelay } from './stages/relay.js';
import { sign, toldUnsigned } from './stages/sign.js';
import { TargetWalk } from './target-walk.js';
import { answerUnsaid, refusedFields } from './unsupported.js';
import { connectionFailure } from './upstream/connection-failure.js';
import type { Waiting } from './upstream/deadlines.js';
import { dispatch } from './upstream/divided-call.js';
import { inflating } from './upstream/inflate.js';
import { viewOf } from './view.js';

/** How long the end of an error answer is waited for. */
const ERROR_WAIT_MS = 2_000;

/** Stages 10–14 of the pipeline: starts the loop over targets and attempts. */
export function attemptTargets(x: Exchange): void {
  const attempt = new Attempt(x);
  x.attempt = attempt;
  attempt.next();
}

/**
 * The retry and fallback loop: encode, sign, dispatch, judge, relay, and again with another key, after a pause, or at the
 * next target, until an answer is relayed or no target is left. One object a request: it is the sink of whichever
 * upstream call is running, and what its deadline is about.
 */
export class Attempt implements UpstreamSink, Waiting, Running {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  private readonly totalDeadline: number;
  private readonly walk: TargetWalk;
  private target: CompiledTarget | null = null;
  private speech: Speech | null = null;
  private key: ProviderKey | null = null;
  private strip = false;
  private call: UpstreamCall | null = null;
  private relay: Relay | null = null;
  private record: AttemptRecord | null = null;
  private dispatchedAt = 0;
  private waitingSince = 0;
  private pausedByClient = false;
  /** Something of this attempt's answer has come. */
  private heard = false;
  private timer: NodeJS.Timeout | undefined;
  private refusal: Refusal | null = null;
  private last: Failure | null = null;
  /** What the first target that refused the request had no words for. */
  private unsaid: readonly string[] | null = null;
  /** Chunks that came while a head hook was still thinking; null in place of a chunk is the end. */
  private early: (Buffer | null)[] | null = null;

  constructor(private readonly x: Exchange) {
    const { totalMs } = x.route as ModelRoute;
    this.totalDeadline = x.startedAt + Math.min(totalMs, x.timeoutMs);
    this.walk = new TargetWalk(x);
    x.io.deadlines.add(this);
    x.incoming.sink.onDrain = () => this.resume();
  }

  /** The next try, or the end. */
  next(): void {
    const { x, walk } = this;
    if (x.answered) return;
    if (walk.step()) this.run(walk.target as CompiledTarget, walk.key as ProviderKey);
    else if (this.last === null && this.unsaid !== null) answerUnsaid(x, this.unsaid);
    else answerFailure(x, this.last);
  }

  private run(target: CompiledTarget, key: ProviderKey): void {
    const { x } = this;
    this.target = target;
    this.key = key;
    this.relay = null;
    this.refusal = null;
    this.heard = false;
    const speech = target.speech.get(x.endpoint.format.id) as Speech;
    this.speech = speech;
    const encoded = encode(x, target, speech);
    const unsaid = x.dropped === null ? null : refusedFields(x);
    if (unsaid !== null) {
      this.unsaid ??= unsaid;
      this.walk.skipTarget();
      this.next();
      return;
    }
    x.target = target;
    this.record = openRecord(target, key);
    x.attempts.push(this.record);
    if (x.view !== null) {
      x.view.target = { provider: target.provider.id, model: target.model };
      x.view.attempt = x.attempts.length;
    }
    this.strip = encoded.strip;
    const request = upstreamRequest(x, key.headers, speech, encoded);
    const wait = sign(x, key, request);
    const send = (): void => {
      if (x.answered) return;
      this.waited();
      const now = (this.dispatchedAt = this.waitingSince = performance.now());
      this.deadline = Math.min(now + target.timeouts.firstByteMs, this.totalDeadline);
      this.call = dispatch(target.transport, request, this);
    };
    if (wait === undefined) send();
    else {
      this.waitingSince = performance.now();
      this.deadline = this.totalDeadline;
      wait.then(send, (reason) => this.unsigned(reason)).catch((reason) => fail(x, reason));
    }
  }

  /** No credentials were to be had, which is much like a provider that cannot be reached. */
  private unsigned(reason: unknown): void {
    if (this.x.answered) return;
    if (toldUnsigned(this.x, reason))
      this.act(this.judge('connection', []), this.failure('unsigned', [], ''));
    else fail(this.x, reason);
  }

  head(status: number, headers: HeaderList): void {
    const { x, record } = this;
    if (record !== null) record.status = status;
    this.waited();
    const verdict = this.judge(status, headers);
    const hooks = x.plan?.head ?? null;
    if (hooks === null) {
      this.decide(verdict, status, headers);
      return;
    }
    viewOf(x).onHead(status, headers);
    // The body must not arrive before it is known who gets it.
    const chosen = runChain(hooks, verdict, viewOf(x), x);
    if (chosen instanceof Promise) this.waitForVerdict(chosen, status, headers);
    else this.decide(chosen, status, headers);
  }

  data(chunk: Buffer): boolean {
    if (this.early !== null) {
      this.early.push(chunk);
      return false;
    }
    if (this.refusal !== null) {
      if (this.refusal.keep(chunk)) {
        this.stop();
        this.refused();
      }
      return true;
    }
    if (this.relay === null) return true;
    this.heard = true;
    const room = this.relay.data(chunk);
    if (room) this.touch();
    else {
      // While the client is slow the provider's silence is our doing.
      this.pausedByClient = true;
      this.deadline = this.totalDeadline;
    }
    return room;
  }

  end(): void {
    if (this.early !== null) {
      this.early.push(null);
      return;
    }
    this.call = null;
    if (this.refusal !== null) {
      this.refused();
      return;
    }
    this.finishRecord(null);
    // The provider has done its part: what guards still do is not its silence.
    this.deadline = this.totalDeadline;
    // A whole answer has sent nothing yet: all of its coming was waited for, not only its head.
    if (this.x.headAt === 0) this.waited();
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
    const { timeouts } = this.target as CompiledTarget;
    const why = this.heard ? `silent for ${timeouts.idleMs} ms` : `no answer for ${timeouts.firstByteMs} ms`;
    this.broken('timeout', why);
  }

  /** Ends the request with this error, whatever it is waiting for. */
  cutOff(code: ErrorCode, details: Record<string, number> = {}): void {
    const error = canonicalError(code, details);
    this.deadline = Number.POSITIVE_INFINITY;
    this.stop();
    this.waited();
    this.finishRecord(error.code);
    if (this.relay !== null) this.relay.interrupt(error);
    else failWith(this.x, error);
  }

  /** The client has caught up, or a guard is done. */
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

  private judge(cause: Cause, headers: HeaderList): Verdict {
    const { x } = this;
    const key = this.key as ProviderKey;
    const now = performance.now();
    const rotates = cause === 401 || cause === 403 || cause === 429;
    const otherKey = rotates && this.walk.hasOtherKey(now);
    const verdict = judge(cause, headers, {
      retries: (x.route as ModelRoute).retries,
      key,
      otherKey,
      tries: this.walk.tries,
      now,
      random: x.io.random,
    });
    this.walk.settle(otherKey);
    return verdict;
  }

  private waitForVerdict(pending: Promise<Verdict>, status: number, headers: HeaderList): void {
    this.early = [];
    // While a hook thinks, the provider's silence is our doing.
    this.deadline = this.totalDeadline;
    pending
      .then((verdict) => {
        const early = this.early ?? [];
        this.early = null;
        if (this.x.answered) return;
        this.touch();
        this.decide(verdict, status, headers);
        for (const chunk of early) {
          if (chunk === null) this.end();
          else this.data(chunk);
        }
        this.call?.resume();
      })
      .catch((reason) => fail(this.x, reason));
  }

  private decide(verdict: Verdict, status: number, headers: HeaderList): void {
    const { x } = this;
    if (verdict.action === 'relay' && status < 400) {
      const speech = this.speech as Speech;
      this.relay = inflating(openRelay(x, status, headers, speech, this.strip), headers);
      return;
    }
    // The body says why: it is needed for the client if this was the last try, and its end keeps the connection.
    const wanted: Verdict = verdict.action === 'relay' ? { action: 'fail' } : verdict;
    this.refusal = new Refusal(this.failure(status, headers, ''), wanted);
    this.deadline = Math.min(performance.now() + ERROR_WAIT_MS, this.totalDeadline);
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
        const provider = this.target?.provider.id ?? '';
        this.finishRecord(code);
        this.relay.interrupt(canonicalError(code, { provider, why }));
        return;
      }
      // The client has seen nothing of this answer yet, so another may still take its place.
      this.relay.drop();
      this.relay = null;
      x.usage = null;
      x.firstTokenAt = 0;
    }
    this.act(this.judge(cause, []), this.failure(cause, [], why));
  }

  private failure(cause: Failure['cause'], headers: HeaderList, why: string): Failure {
    const { credential } = this.key as ProviderKey;
    return { cause, headers, body: '', speech: this.speech as Speech, credential, why };
  }

  private act(verdict: Verdict, failure: Failure): void {
    const { x } = this;
    this.last = failure;
    this.waited();
    this.finishRecord(failureCode(failure));
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
        answerFailure(x, failure);
    }
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

  /** The provider has said something: the idle time starts anew. */
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
