import type { AttemptRecord, HeaderList, UpstreamRequest, Verdict } from '@headgate/sdk';
import { openRecord } from '../attempt-record.js';
import type { Exchange } from '../exchange.js';
import { fail } from '../fail.js';
import { answerFailure, type Failure, failureCode } from '../failure.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { Speech } from '../route/speech.js';
import type { CompiledTarget, ModelRoute } from '../route/target.js';
import { type Cause, judge } from '../stages/judge.js';
import { sign, toldUnsigned } from '../stages/sign.js';
import { TargetWalk } from '../target-walk.js';
import { connectionFailure } from '../upstream/connection-failure.js';
import { type HandshakeListener, UpstreamSocket } from '../upstream/websocket.js';
import { upstreamAddress } from './upstream-address.js';

/** What a session asks a provider for. */
export interface DialRequest {
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly forwarded: HeaderList;
  /** A secret that the provider made for this client, in the place of the gateway's key. */
  readonly secret: string | null;
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
  private record: AttemptRecord | null = null;
  private last: Failure | null = null;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(
    private readonly x: Exchange,
    private readonly request: DialRequest,
    private readonly onConnected: (connection: Connection) => void,
    private readonly onFailure: () => void,
  ) {
    this.walk = new TargetWalk(x);
  }

  /** The next try, or the end. */
  next(): void {
    if (this.over) return;
    try {
      if (this.walk.step()) this.run(this.walk.target as CompiledTarget, this.walk.key as ProviderKey);
      else this.fail(() => answerFailure(this.x, this.last));
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
    this.waited();
    record.status = 101;
    record.ms = performance.now() - this.startedAt;
    this.onConnected({ upstream, record, target: walk.target as CompiledTarget });
  }

  onRefused(status: number, headers: HeaderList, body: string): void {
    if (this.record !== null) this.record.status = status;
    // A success without an upgrade is no provider of this API.
    this.failed(status < 400 ? 'connection' : status, headers, body, 'it does not speak WebSocket here');
  }

  onFailed(error: Error): void {
    const [cause, why] = connectionFailure(error);
    this.failed(cause, [], '', why);
  }

  private run(target: CompiledTarget, key: ProviderKey): void {
    const { x, request } = this;
    x.target = target;
    this.record = openRecord(target, key);
    x.attempts.push(this.record);
    if (x.view !== null) {
      x.view.target = { provider: target.provider.id, model: target.model };
      x.view.attempt = x.attempts.length;
    }
    this.startedAt = performance.now();
    const speech = target.speech.get(x.endpoint.format.id) as Speech;
    const outgoing: UpstreamRequest = {
      method: 'GET',
      path: upstreamAddress(speech.path.streamed, request.query),
      headers: [...headersFor(key, request.secret), ...request.forwarded],
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
    const { x, walk, record } = this;
    this.upstream = null;
    this.waited();
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
    if (record !== null) {
      record.ms = performance.now() - this.startedAt;
      record.error = failureCode(this.last);
    }
    this.act(this.verdict(cause, headers, key));
  }

  private verdict(cause: Cause, headers: HeaderList, key: ProviderKey): Verdict {
    // A secret is for one provider, and that it is refused says nothing of our keys.
    if (this.request.secret !== null) return { action: 'fail' };
    const { x, walk } = this;
    const now = performance.now();
    const rotates = cause === 401 || cause === 403 || cause === 429;
    const otherKey = rotates && walk.hasOtherKey(now);
    const { retries } = x.route as ModelRoute;
    const verdict = judge(cause, headers, {
      retries,
      key,
      otherKey,
      tries: walk.tries,
      now,
      random: x.io.random,
    });
    walk.settle(otherKey);
    return verdict;
  }

  private act(verdict: Verdict): void {
    switch (verdict.action) {
      case 'retry':
        this.startedAt = performance.now();
        this.timer = setTimeout(() => {
          this.waited();
          this.next();
        }, verdict.delayMs);
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

  /** Books the time since the try began as spent waiting, not as the gateway's own. */
  private waited(): void {
    this.x.waitedMs += performance.now() - this.startedAt;
    this.startedAt = performance.now();
  }
}

/** The key's headers; with a secret of the provider, that in their place. */
function headersFor(key: ProviderKey, secret: string | null): HeaderList {
  if (secret === null) return key.headers;
  const headers: HeaderList = [];
  for (let i = 0; i < key.headers.length; i += 2) {
    const value = key.headers[i + 1] as string;
    if (key.credential !== '' && value.includes(key.credential)) continue;
    headers.push(key.headers[i] as string, value);
  }
  return [...headers, 'authorization', `Bearer ${secret}`];
}
