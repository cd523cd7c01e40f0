import type { Reservation, SocketFormat } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { canonicalError, type ErrorCode, gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import { fail, failWith } from '../fail.js';
import { mustBeOwn } from '../forward/owner.js';
import { RequestBody } from '../http/request-body.js';
import { clientAddress } from '../identity/client-address.js';
import { credentialOf } from '../identity/credential.js';
import { endedBy, presentKey } from '../identity/standing.js';
import type { Changed } from '../identity/stored-keys.js';
import type { IoThread } from '../io-thread.js';
import type { Stage } from '../pipeline.js';
import type { Endpoint } from '../route/endpoint.js';
import { admit } from '../stages/admit.js';
import { anchor } from '../stages/anchor.js';
import { check } from '../stages/check.js';
import { identify } from '../stages/identify.js';
import { plan } from '../stages/plan.js';
import { route } from '../stages/route.js';
import type { Waiting } from '../upstream/deadlines.js';
import { type Call, findCall } from './calls.js';
import { type ClientSecret, findClientSecret } from './client-secrets.js';
import type { ClientListener, ClientSocket } from './client-socket.js';
import { type Connection, Dial } from './dial.js';
import { EarlyMessages } from './early-messages.js';
import { type OpeningRequest, readHandshake } from './handshake.js';
import { findModel, prefixOf } from './model-in-message.js';
import { RefusalSink } from './refusal-sink.js';
import { Session } from './session.js';

/**
 * A session before both its sides are open: who calls, for which model, whether they may, and which provider takes it.
 * Where the address names the model, the client's handshake is accepted last, so that every refusal is an HTTP answer;
 * where the first message does, it is accepted once the caller is known.
 */
export class Opening implements ClientListener, Waiting {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  private readonly x: Exchange;
  private readonly format: SocketFormat;
  private readonly request: OpeningRequest;
  private readonly early: EarlyMessages;
  private secret: ClientSecret | null = null;
  /** Of the client. */
  private address = '';
  private taken: Reservation | null = null;
  private dial: Dial | null = null;
  private over = false;

  constructor(
    private readonly io: IoThread,
    endpoint: Endpoint,
    incoming: Incoming,
    private readonly client: ClientSocket,
  ) {
    this.format = endpoint.format.socket as SocketFormat;
    this.request = readHandshake(this.format.handshake, incoming.headers, incoming.query);
    this.x = new Exchange(io, endpoint, { ...incoming, headers: this.request.headers });
    this.x.stream = true;
    this.early = new EarlyMessages(this.x.runtime.config.realtime.messageLimitBytes);
  }

  start(): void {
    const { io, client } = this;
    io.inFlight++;
    this.address = clientAddress(this.x);
    io.deadlines.add(this);
    client.listener = this;
    this.run([admit, () => this.findSecret(), (x) => this.identify(x), (x) => this.count(x)], () =>
      this.format.handshake.modelQuery === undefined
        ? this.awaitModel()
        : this.goOn((x) => this.modelOfAddress(x)),
    );
  }

  onClientMessage(message: Buffer, binary: boolean): void {
    if (this.over) return;
    const first = this.early.isEmpty;
    if (!this.early.add(message, binary)) this.refuse('message_too_large', { limit: this.early.limit });
    else if (first) {
      this.deadline = Number.POSITIVE_INFINITY;
      this.client.pause();
      this.goOn((x) => this.modelOfMessage(x, message));
    }
  }

  onClientPing(): void {}
  onClientFull(): void {}
  onClientDrain(): void {}

  onClientClose(): void {
    if (this.over) return;
    this.io.abandoned(this.x);
    this.release();
  }

  onDeadline(): void {
    this.refuse('first_message_late');
  }

  cutOff(code: ErrorCode): void {
    this.refuse(code);
  }

  review(changed: Changed): void {
    const error = endedBy(this.x, changed);
    if (error === null || this.over) return;
    failWith(this.x, error);
    this.release();
  }

  private findSecret(): Promise<void> | undefined {
    const { secretPrefix } = this.format.handshake;
    const credential = credentialOf(this.request.headers);
    if (secretPrefix === undefined || credential?.startsWith(secretPrefix) !== true) return undefined;
    return findClientSecret(this.io.control, credential).then((found) => {
      this.secret = found;
    });
  }

  private identify(x: Exchange): ReturnType<Stage> {
    if (this.secret === null) return identify(x);
    x.principal = presentKey(x, this.secret.principal, { bySecret: true, address: this.address });
    return undefined;
  }

  private count(x: Exchange): Promise<void> | undefined {
    const { principal } = x;
    if (principal === null || principal.sockets === null) return undefined;
    return this.io.socketCounts.take(principal, principal.sockets).then((taken) => {
      if (this.over) taken.settle(0);
      else this.taken = taken;
    });
  }

  private modelOfAddress(x: Exchange): Promise<void> | undefined {
    const { call } = this.request;
    if (call === '') {
      this.takeModel(x, '');
      return undefined;
    }
    return findCall(this.io.control, call).then((found) => {
      if (found !== null) this.join(x, call, found);
      else if (this.request.model === '')
        throw gatewayError('object_not_found', { id: call.slice(0, 100), key: x.principal?.name ?? '' });
      this.takeModel(x, found?.model ?? '');
    });
  }

  /** A session is where it was begun, and whose it is. */
  private join(x: Exchange, id: string, { provider, key, holder }: Call): void {
    mustBeOwn(x, id, holder === '' ? undefined : { provider, key, holder });
    x.about = { id, provider, key };
  }

  private takeModel(x: Exchange, ofCall: string): void {
    const { request, secret } = this;
    x.model = ofCall || request.model || (secret?.model ?? '');
    if (x.model === '') throw gatewayError('model_required');
  }

  /** The client's first message says what it wants; until then nothing is known but who it is. */
  private awaitModel(): void {
    const { x, client, request } = this;
    if (!client.open(request.protocol, ['x-headgate-request-id', x.id])) return;
    x.incoming = { ...x.incoming, sink: new RefusalSink(x, client) };
    this.deadline = performance.now() + x.runtime.config.realtime.handshakeTimeoutMs;
  }

  private modelOfMessage(x: Exchange, message: Buffer): void {
    const { format } = this;
    const path = format.modelPath(message);
    const found = path === null ? 'none' : findModel(message, path);
    const ofSecret = this.secret?.model ?? '';
    if (found === 'none' && ofSecret === '') throw gatewayError('model_required');
    if (found === 'twice') throw gatewayError('duplicate_field', { field: path?.at(-1) ?? '' });
    x.model = found === 'none' ? ofSecret : found.model.slice(prefixOf(format, found.model).length);
    // What a request may cost is reckoned from its body.
    const body = new RequestBody(message.length);
    body.set(Buffer.from(message));
    x.incoming = { ...x.incoming, body };
  }

  private goOn(readModel: Stage): void {
    this.run([readModel, plan, check, route, (x) => this.onlyWhereSecretIsKnown(x)], () => {
      const { x, request, secret } = this;
      const token = secret === null ? null : credentialOf(request.headers);
      const { query, forwarded } = request;
      this.dial = new Dial(
        x,
        { query, forwarded, secret: token, joins: request.call !== '' },
        (connection) => this.connected(connection),
        () => this.release(),
      );
      this.dial.next();
    });
  }

  private onlyWhereSecretIsKnown(x: Exchange): void {
    const { secret } = this;
    if (x.about !== null) anchor(x);
    if (secret !== null) x.targets = x.targets.filter(({ provider }) => provider.id === secret.provider);
  }

  private connected(connection: Connection): void {
    const { x, client, request, taken, early } = this;
    x.headAt = performance.now();
    x.status = 101;
    if (!client.isOpen && !client.open(request.protocol, answerHeaders(x, '', null).slice(2))) {
      connection.upstream.cut();
      return;
    }
    this.taken = null;
    this.release();
    const caller = { bySecret: this.secret !== null, address: this.address };
    const session = new Session(x, client, connection, { taken, caller });
    client.resume();
    early.each((message, binary) => session.onClientMessage(message, binary));
  }

  /** Runs stages in order. `next` follows the last one, unless the client was answered or has left by then. */
  private run(stages: readonly Stage[], next: () => void, from = 0): void {
    const { x } = this;
    try {
      for (let at = from; at < stages.length && !x.answered; at++) {
        const wait = (stages[at] as Stage)(x);
        if (wait === undefined) continue;
        wait.then(
          () => this.run(stages, next, at + 1),
          (reason) => this.failed(reason),
        );
        return;
      }
      if (x.answered) this.release();
      else next();
    } catch (reason) {
      this.failed(reason);
    }
  }

  private refuse(code: ErrorCode, details: Record<string, string | number> = {}): void {
    if (this.over) return;
    failWith(this.x, canonicalError(code, details));
    this.release();
  }

  private failed(reason: unknown): void {
    if (this.over) return;
    fail(this.x, reason);
    this.release();
  }

  /** Nothing of this is needed any more: there is a session, or there will be none. */
  private release(): void {
    if (this.over) return;
    this.over = true;
    this.io.deadlines.delete(this);
    this.dial?.stop();
    this.taken?.settle(0);
    this.taken = null;
  }
}
