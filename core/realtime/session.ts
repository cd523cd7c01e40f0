import type { CanonicalError, Outcome, Reservation, SocketFormat, SocketReader } from '@headgate/sdk';
import { canonicalError, type ErrorCode, GatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { letGo } from '../gone.js';
import { isConcerned, lastMomentOf, presentKey } from '../identity/standing.js';
import type { Changed } from '../identity/stored-keys.js';
import { modelRefused, type VirtualKey } from '../identity/virtual-key.js';
import { allowedTargets } from '../route/allowed-targets.js';
import type { Waiting } from '../upstream/deadlines.js';
import { isTooLarge, type MessageListener, type UpstreamSocket } from '../upstream/websocket.js';
import type { ClientListener, ClientSocket } from './client-socket.js';
import { BROKEN, codeOf, GOING_AWAY, NO_STATUS, passedOn, reasonText, SERVER_ERROR } from './close-code.js';
import type { Connection } from './dial.js';
import { SessionModel } from './session-model.js';
import { SessionObjects } from './session-objects.js';
import { sessionRecord } from './session-record.js';
import { Turns } from './turns.js';

const NORMAL = 1000;
/** What is kept beside the largest messages for a provider that does not read, from a client that cannot be stopped. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** Who has opened the session, as far as that is asked again. */
type Caller = Parameters<typeof presentKey>[2];

interface Opened {
  /** What the key's limit on WebSockets holds for this one. */
  readonly taken: Reservation | null;
  readonly caller: Caller;
}

interface Held {
  readonly message: Buffer;
  readonly binary: boolean;
}

/**
 * Both sides of a session are open: messages pass as they come, a side that is slow stops the reading from the other, and
 * what the provider says of usage is counted.
 */
export class Session implements ClientListener, MessageListener, Waiting {
  deadline = 0;
  place = -1;
  private readonly format: SocketFormat;
  private readonly model: SessionModel;
  private readonly turns: Turns;
  private readonly upstream: UpstreamSocket;
  private readonly limit: number;
  private readonly idleMs: number;
  private readonly maxMs: number;
  private readonly lastMoment: number;
  /** When it ends whatever comes: `lastMoment`, or before that the key's expiry. */
  private end: number;
  private readonly taken: Reservation | null;
  private readonly caller: Caller;
  private reader: SocketReader | null;
  private over = false;
  /** Null where messages of this API name nothing that is anybody's. */
  private readonly objects: SessionObjects | null;
  /** Messages that wait until it is known whether the one before them may be passed on. */
  private held: Held[] | null = null;

  constructor(
    private readonly x: Exchange,
    private readonly client: ClientSocket,
    connection: Connection,
    opened: Opened,
  ) {
    this.taken = opened.taken;
    this.caller = opened.caller;
    const { idleTimeoutMs, maxDurationMs, messageLimitBytes } = x.runtime.config.realtime;
    this.format = x.endpoint.format.socket as SocketFormat;
    this.reader = this.format.reader();
    this.upstream = connection.upstream;
    this.model = new SessionModel(x, connection.target, this.format);
    this.objects = x.endpoint.fields.inside === null ? null : new SessionObjects(x);
    this.turns = new Turns(x, connection.record, (error) => this.refuse(error));
    this.limit = messageLimitBytes;
    this.idleMs = idleTimeoutMs;
    this.maxMs = Math.min(maxDurationMs, x.timeoutMs);
    this.lastMoment = performance.now() + this.maxMs;
    this.end = this.endOf(x.principal);
    // From here on the session settles itself.
    x.answered = true;
    x.io.openSessions++;
    x.io.deadlines.add(this);
    this.touch();
    client.listener = this;
    this.upstream.messages = this;
  }

  onClientMessage(message: Buffer, binary: boolean): void {
    if (this.over) return;
    this.touch();
    if (message.length > this.limit) {
      this.refuse(canonicalError('message_too_large', { limit: this.limit }));
      return;
    }
    if (this.held !== null) this.held.push({ message: Buffer.from(message), binary });
    else this.judge(message, binary);
  }

  /** What a message names may have to be looked up. What comes meanwhile waits, so that the order stays. */
  private judge(message: Buffer, binary: boolean): void {
    const objection = binary || this.objects === null ? null : this.objects.check(message);
    if (!(objection instanceof Promise)) {
      this.passOn(message, binary, objection);
      return;
    }
    const kept = Buffer.from(message);
    this.held = [];
    this.client.pause();
    objection
      .then((later) => this.passOn(kept, binary, later))
      .catch((reason) => this.x.io.log.error('a message could not be judged', { error: String(reason) }))
      .finally(() => this.letGo());
  }

  private letGo(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const [i, { message, binary }] of held.entries()) {
      if (this.over) return;
      if (this.held === null) this.judge(message, binary);
      else {
        (this.held as Held[]).push(...held.slice(i));
        return;
      }
    }
    if (this.held === null && !this.over) this.client.resume();
  }

  private passOn(message: Buffer, binary: boolean, objection: CanonicalError | null): void {
    if (this.over) return;
    const meant = objection ?? this.model.write(message);
    if (!Buffer.isBuffer(meant)) this.tell(meant);
    else if (!this.upstream.send(meant, binary)) this.wait();
  }

  onClientPing(payload: Buffer): void {
    this.upstream.ping(payload);
  }

  onClientFull(): void {
    this.upstream.pause();
  }

  onClientDrain(): void {
    this.upstream.resume();
  }

  onClientClose(code: number, reason: Buffer): void {
    if (this.over) return;
    const left = code === BROKEN;
    this.upstream.close(passedOn(code, GOING_AWAY), reason);
    this.finish(left ? 'client-closed' : 'ok', '');
  }

  onMessage(message: Buffer, binary: boolean): void {
    if (this.over) return;
    this.touch();
    this.client.send(this.model.read(message), binary);
    this.read(message);
  }

  onRead(): void {
    this.client.flush();
  }

  onPing(payload: Buffer): void {
    this.client.ping(payload);
  }

  onDrain(): void {
    this.client.resume();
  }

  onClose(code: number, reason: Buffer, error: Error | null): void {
    if (this.over) return;
    const provider = this.x.target?.provider.id ?? '';
    if (isTooLarge(error)) {
      this.refuse(canonicalError('provider_message_too_large', { provider, limit: this.limit }));
      return;
    }
    if (code === BROKEN) {
      this.refuse(canonicalError('stream_interrupted', { provider, why: 'its WebSocket broke off' }));
      return;
    }
    this.client.close(passedOn(code, SERVER_ERROR), reason);
    const asUsual = code === NORMAL || code === GOING_AWAY || code === NO_STATUS;
    this.finish(asUsual ? 'ok' : 'error', asUsual ? '' : `closed_${code}`);
  }

  onDeadline(): void {
    const { now } = this.x.io.deadlines;
    if (now >= this.end && now < this.lastMoment) {
      this.rejudge();
      return;
    }
    const expired = now >= this.lastMoment;
    const [code, limit]: [ErrorCode, number] = expired
      ? ['session_expired', this.maxMs]
      : ['session_idle', this.idleMs];
    this.refuse(canonicalError(code, { limit }));
  }

  cutOff(code: ErrorCode): void {
    this.refuse(canonicalError(code));
  }

  review(changed: Changed): void {
    const { principal } = this.x;
    if (!this.over && principal !== null && isConcerned(principal, changed)) this.rejudge();
  }

  /** The key's rules of now count: the session ends if it would not be let in, else its next answers go by them. */
  private rejudge(): void {
    const { x } = this;
    try {
      const key = presentKey(x, x.principal as VirtualKey, this.caller);
      if (!key.mayUse(x.model) && !key.mayUse(x.route?.name ?? x.model)) throw modelRefused(key, x.model);
      allowedTargets({ principal: key }, x.target === null ? [] : [x.target]);
      x.principal = key;
      this.end = this.endOf(key);
      this.touch();
    } catch (reason) {
      this.refuse(reason instanceof GatewayError ? reason.canonical : canonicalError('internal'));
    }
  }

  private endOf(key: VirtualKey | null): number {
    const expires = key === null ? null : lastMomentOf(key);
    return expires === null
      ? this.lastMoment
      : Math.min(this.lastMoment, performance.now() + expires - Date.now());
  }

  /**
   * The provider is slow. A client for which something waits itself cannot be stopped from sending, so what comes from one
   * that does not read either is bounded in another way.
   */
  private wait(): void {
    this.client.pause();
    if (this.upstream.waiting > 2 * this.limit + SPARE_BYTES) this.refuse(canonicalError('session_backlog'));
  }

  /** The message is on its way: a reader that does not understand it must not stop what follows. */
  private read(message: Buffer): void {
    const { reader } = this;
    if (reader === null) return;
    try {
      const news = reader.provider(message);
      if (news !== null) this.turns.take(news, this.model.current);
    } catch (reason) {
      this.reader = null;
      this.x.io.log.error('what a session uses can no longer be read', {
        request: this.x.id,
        error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
      });
    }
  }

  private touch(): void {
    this.deadline = Math.min(this.x.io.deadlines.now + this.idleMs, this.end);
  }

  /** An error after which the session goes on. */
  private tell(error: CanonicalError): void {
    const message = this.format.error(error, this.x.id);
    if (message !== null) this.client.send(message, false);
    else this.refuse(error);
  }

  /** Ends the session from here. */
  private refuse(error: CanonicalError): void {
    if (this.over) return;
    const message = this.format.error(error, this.x.id);
    if (message !== null) this.client.send(message, false);
    this.client.close(codeOf(error), reasonText(error.message));
    this.upstream.close(NORMAL, '');
    this.finish('error', error.code);
  }

  private finish(outcome: Outcome, error: string): void {
    this.over = true;
    const { x, turns } = this;
    x.io.deadlines.delete(this);
    turns.end(outcome);
    this.taken?.settle(0);
    x.settled = true;
    x.io.inFlight--;
    x.io.openSessions--;
    const { usage, costNano } = turns.total;
    x.io.record(sessionRecord(x, { usage, costNano, outcome, error, attempts: x.attempts, asked: true }));
    letGo(x);
  }
}
