import type { AttemptRecord, HeaderList, UpstreamRequest, Verdict } from '@headgate/sdk';
import { AttemptBook } from '../attempt-book.js';
import type { Exchange } from '../exchange.js';
import { fail } from '../fail.js';
import { answerFailure, answerResting, type Failure, failureCode } from '../failure.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { Speech } from '../route/speech.js';
import type { CompiledTarget, ModelRoute } from '../route/target.js';
import type { Cause } from '../stages/judge.js';
import { sign, toldUnsigned } from '../stages/sign.js';
import { targetAnswered, targetHeard } from '../target-outcome.js';
import { type Resting, TargetWalk } from '../target-walk.js';
import { connectionFailure } from '../upstream/connection-failure.js';
import { type HandshakeListener, UpstreamSocket } from '../upstream/websocket.js';
import { secretHeaders } from './secret-headers.js';
import { upstreamAddress } from './upstream-address.js';

/** What a session asks a provider for. */
export interface DialRequest {
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly forwarded: HeaderList;
  /** A secret that the provider made for this client, in the place of the gateway's key. */
  readonly secret: string | null;
  /** It joins a session that has its model already. */
  readonly joins: boolean;
}

/** An open WebSocket to a target. */
export interface Connection {
  readonly upstream: UpstreamSocket;
  readonly target: CompiledTarget;
  readonly record: AttemptRecord;
}

/** Opens a WebSocket at the first target that accepts one: as `attempt.ts` does with requests, up to the first message. */
export class Dial implements HandshakeListener {
  private readonly walk: TargetWalk;
  private upstream: UpstreamSocket | null = null;
  private readonly book: AttemptBook;
  private record: AttemptRecord | null = null;
  private last: Failure | null = null;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(
    private readonly x: Exchange,
    private readonly request: DialRequest,
    private readonly onConnected: (connection: Connection) => void,
    private readonly onFailure: () => void,
  ) {
    this.walk = new TargetWalk(x, (x.route as ModelRoute).retries);
    this.book = new AttemptBook(x);
  }

  /** The next try, or the end. */
  next(): void {
    if (this.over) return;
    try {
      if (this.walk.step()) this.run(this.walk.target as CompiledTarget, this.walk.key as ProviderKey);
      else this.giveUp();
    } catch (reason) {
      this.fail(() => fail(this.x, reason));
    }
  }

  /** The client has left, or may wait no longer. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.upstream?.cut();
    this.upstream = null;
  }

  onOpen(): void {
    const { upstream, record, walk } = this;
    if (this.over || upstream === null || record === null) return;
    this.over = true;
    this.upstream = null;
    this.book.answered(101);
    this.book.finish(null);
    const target = walk.target as CompiledTarget;
    targetHeard(this.x, target, 101, [], walk.begunAt, false);
    targetAnswered(target, walk.begunAt);
    this.onConnected({ upstream, record, target });
  }

  onRefused(status: number, headers: HeaderList, body: string): void {
    this.book.answered(status);
    // A success without an upgrade is no provider of this API.
    this.failed(status < 400 ? 'connection' : status, headers, body, 'it does not speak WebSocket here');
  }

  onFailed(error: Error): void {
    const [cause, why] = connectionFailure(error);
    this.failed(cause, [], '', why);
  }

  private run(target: CompiledTarget, key: ProviderKey): void {
    const { x, request } = this;
    this.record = this.book.open(target, key);
    this.book.dispatched(performance.now());
    const speech = target.speech.get(x.endpoint.format.id) as Speech;
    const outgoing: UpstreamRequest = {
      method: 'GET',
      path: upstreamAddress(speech.path.streamed, request.query, request.joins ? target.model : null),
      headers: [
        ...(request.secret === null
          ? key.headers
          : secretHeaders(key, request.secret, x.endpoint.format.socket?.handshake.secretScheme)),
        ...request.forwarded,
      ],
      body: null,
    };
    const wait = request.secret === null ? sign(x, key, outgoing) : undefined;
    if (wait === undefined) this.open(target, outgoing);
    else
      wait
        .then(
          () => this.open(target, outgoing),
          (reason) => this.unsigned(reason),
        )
        .catch((reason) => this.fail(() => fail(x, reason)));
  }

  private open(target: CompiledTarget, { path, headers }: UpstreamRequest): void {
    if (this.over) return;
    const { origin } = target.provider;
    if (origin === '') {
      this.failed('connection', [], '', 'it has no address');
      return;
    }
    const { handshakeTimeoutMs, messageLimitBytes } = this.x.runtime.config.realtime;
    const url = origin.replace(/^http/, 'ws') + path;
    this.upstream = new UpstreamSocket(url, { headers, handshakeTimeoutMs, messageLimitBytes }, this);
  }

  private unsigned(reason: unknown): void {
    if (this.over) return;
    if (toldUnsigned(this.x, reason))
      this.failed('connection', [], '', 'there are no credentials for it', 'unsigned');
    else this.fail(() => fail(this.x, reason));
  }

  private failed(
    cause: Cause,
    headers: HeaderList,
    body: string,
    why: string,
    told: Failure['cause'] = cause,
  ): void {
    if (this.over) return;
    const { x, walk } = this;
    this.upstream = null;
    this.book.waited();
    const key = walk.key as ProviderKey;
    const speech = (walk.target as CompiledTarget).speech.get(x.endpoint.format.id) as Speech;
    this.last = {
      cause: told,
      headers,
      body,
      speech,
      credential: this.request.secret ?? key.credential,
      why,
    };
    this.book.finish(failureCode(this.last));
    // A secret is for one provider, and that it is refused says nothing of our keys.
    this.act(this.request.secret !== null ? { action: 'fail' } : walk.judge(cause, headers));
  }

  private giveUp(): void {
    const { x, walk, last } = this;
    if (last !== null || walk.resting === null) this.fail(() => answerFailure(x, last));
    else if (walk.restart(walk.resting)) this.pause(walk.restMs);
    else this.fail(() => answerResting(x, walk.resting as Resting));
  }

  private act(verdict: Verdict): void {
    switch (verdict.action) {
      case 'retry':
        this.pause(verdict.delayMs);
        return;
      case 'next':
        this.walk.skipTarget();
        this.next();
        return;
      default:
        this.fail(() => answerFailure(this.x, this.last));
    }
  }

  private fail(tell: () => void): void {
    if (this.over) return;
    this.over = true;
    tell();
    this.onFailure();
  }

  private pause(delayMs: number): void {
    this.book.wait();
    this.timer = setTimeout(() => {
      this.book.waited();
      this.next();
    }, delayMs);
  }
}
