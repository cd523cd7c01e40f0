import type { CanonicalError, HeaderList, UpstreamCall, UpstreamSink, Verdict } from '@headgate/sdk';
import { AttemptBook } from './attempt-book.js';
import { canonicalError, type ErrorCode } from './errors.js';
import type { Exchange, Running } from './exchange.js';
import { fail, failWith } from './fail.js';
import type { Failure } from './failure.js';
import { endedBy } from './identity/standing.js';
import type { Changed } from './identity/stored-keys.js';
import { runChain } from './plan/run-chain.js';
import { Refusal } from './refusal.js';
import type { ErrorInside } from './relay/error-inside.js';
import type { Relay } from './relay/relay.js';
import type { ProviderKey } from './route/key-ring.js';
import type { Speech } from './route/speech.js';
import type { CompiledTarget } from './route/target.js';
import type { Cause } from './stages/judge.js';
import { targetAnswered, targetFailed } from './target-outcome.js';
import { connectionFailure } from './upstream/connection-failure.js';
import type { Waiting } from './upstream/deadlines.js';
import { viewOf } from './view.js';

/** How long the end of an error answer is waited for. */
const ERROR_WAIT_MS = 2_000;

/**
 * A request at a provider: the sink of the upstream call that runs, and what its deadline is about. The head of the answer
 * is judged; then its bytes go to a relay, or an error's bytes are gathered. How it ends is told to `act`, unless the relay
 * has the last word.
 */
export abstract class RunningCall implements UpstreamSink, Waiting, Running {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  protected readonly book: AttemptBook;
  protected target: CompiledTarget | null = null;
  protected key: ProviderKey | null = null;
  /** How the target is spoken to: its errors are read by it. */
  protected speech: Speech | null = null;
  protected call: UpstreamCall | null = null;
  protected relay: Relay | null = null;
  protected refusal: Refusal | null = null;
  /** The answer has begun to come: from here on silence is too long, not the first byte too late. */
  protected heard = false;
  /** How long a client that does not read may keep a provider waiting, milliseconds. */
  protected clientPatienceMs = Number.POSITIVE_INFINITY;
  private pausedByClient = false;
  /** Chunks that came while a head hook was still thinking; null in place of a chunk is the end. */
  private early: (Buffer | null)[] | null = null;

  /** @param totalDeadline on the monotonic clock, milliseconds: then the request ends, whatever it is doing */
  constructor(
    protected readonly x: Exchange,
    protected totalDeadline: number,
  ) {
    this.book = new AttemptBook(x);
    x.io.deadlines.add(this);
    x.incoming.sink.onDrain = () => this.resume();
  }

  get serves(): Exchange {
    return this.x;
  }

  /** When the call began, on the monotonic clock. */
  protected abstract get begunAt(): number;

  /** What a status, or none, means for this request, its key and its target. */
  protected abstract judge(cause: Cause, headers: HeaderList): Verdict;

  /** How an answer travels that is relayed. */
  protected abstract open(status: number, headers: HeaderList): Relay;

  /** What becomes of a call that is not relayed. */
  protected abstract act(verdict: Verdict, failure: Failure): void;

  /** What took too long. */
  protected silence(): string {
    const { firstByteMs, idleMs } = (this.target as CompiledTarget).timeouts;
    return this.heard ? `silent for ${idleMs} ms` : `no answer for ${firstByteMs} ms`;
  }

  connected(): void {
    this.book.connected();
  }

  head(status: number, headers: HeaderList): void {
    const { x } = this;
    this.book.answered(status);
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
      this.deadline = Math.min(this.x.io.deadlines.now + this.clientPatienceMs, this.totalDeadline);
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
    this.book.finish(null);
    targetAnswered(this.target, this.begunAt);
    // The provider has done its part: what guards still do is not its silence.
    this.deadline = this.totalDeadline;
    // A whole answer has sent nothing yet: all of its coming was waited for, not only its head.
    if (this.x.headAt === 0) this.book.waited();
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
    if (this.refusal !== null) this.refused();
    else this.broken('timeout', this.silence());
  }

  /** Ends the request with this error, whatever it is waiting for. */
  cutOff(code: ErrorCode, details: Record<string, number> = {}): void {
    this.endWith(canonicalError(code, details));
  }

  review(changed: Changed): void {
    const error = endedBy(this.x, changed);
    if (error !== null) this.endWith(error);
  }

  /** The client has caught up, or a guard is done. */
  resume(): void {
    if (this.pausedByClient) {
      this.pausedByClient = false;
      this.touch();
    }
    this.call?.resume();
  }

  failInside({ status, headers, body }: ErrorInside): void {
    this.stop();
    this.relay = null;
    this.x.usage = null;
    this.book.refused(status);
    this.act(this.judge(status, headers), { ...this.failure(status, headers, ''), body });
  }

  /** Stops the upstream call; nothing more is heard of it. */
  stop(): void {
    if (this.call === null) return;
    this.call.abort();
    this.call = null;
  }

  /** The request is over. */
  release(): void {
    this.stop();
    this.book.finish(this.x.error?.code ?? null);
    this.x.io.deadlines.delete(this);
    this.x.incoming.sink.onDrain = null;
    this.relay = null;
    this.refusal = null;
  }

  protected endWith(error: CanonicalError): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.stop();
    this.book.waited();
    this.book.finish(error.code);
    if (this.relay !== null) this.relay.interrupt(error);
    else failWith(this.x, error);
  }

  /** Something has moved: the idle time starts anew. */
  protected touch(): void {
    const { timeouts } = this.target as CompiledTarget;
    this.deadline = Math.min(this.x.io.deadlines.now + timeouts.idleMs, this.totalDeadline);
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
    if (verdict.action === 'relay' && status < 400) {
      this.relay = this.open(status, headers);
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
    this.book.waited();
    if (this.relay !== null) {
      if (x.headAt !== 0) {
        const code = cause === 'timeout' ? 'provider_timeout' : 'stream_interrupted';
        const provider = this.target?.provider.id ?? '';
        this.book.finish(code);
        // A client that does not read is not the target's fault.
        if (this.target !== null && !this.pausedByClient) targetFailed(x, this.target, this.begunAt);
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

  protected failure(cause: Failure['cause'], headers: HeaderList, why: string): Failure {
    const { credential } = this.key as ProviderKey;
    return { cause, headers, body: '', speech: this.speech as Speech, credential, why };
  }
}
