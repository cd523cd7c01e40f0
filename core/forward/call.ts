import type { AttemptRecord, HeaderList, UpstreamCall, UpstreamRequest, Verdict } from '@headgate/sdk';
import { Adapted } from '../adapt/adapted.js';
import { adaptedSpeech } from '../adapt/adapted-error.js';
import { adapterOf } from '../adapt/adapter-of.js';
import { Attempt } from '../attempt.js';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { tooLarge } from '../http/request-body.js';
import { rememberCall } from '../realtime/calls.js';
import type { Relay } from '../relay/relay.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { CompiledTarget } from '../route/target.js';
import type { Cause } from '../stages/judge.js';
import { callIn, isCall } from './by-secret.js';
import type { Forward } from './forward.js';
import { LaterAnswer } from './later-answer.js';
import { openAnswer } from './open-answer.js';
import { prepare } from './prepare.js';
import { mayTryAgain, retriesOf, speechOf } from './retries.js';
import type { UploadEvents } from './upload.js';
import { upstreamPath } from './upstream-path.js';

/** The last stage of a request that is only forwarded: to the provider and back. */
export function send(x: Exchange): void {
  x.routedAt = performance.now();
  const call = new ForwardCall(x);
  x.attempt = call;
  call.next();
}

/**
 * The tries of a request that is only forwarded, body and answer as they come. An upload is tried once, since it is nowhere
 * kept, and the provider's time begins when it has ended.
 */
class ForwardCall extends Attempt implements UploadEvents {
  /** The body is still on its way to the provider. */
  private uploading = false;
  /** Of a target that is asked in an API of its own. */
  private adapted: Adapted | null = null;

  constructor(x: Exchange) {
    const totalMs = x.route?.totalMs ?? x.targets[0]?.timeouts.totalMs ?? Number.POSITIVE_INFINITY;
    // An upload takes as long as the client's line does; silence ends it.
    const most = x.incoming.body.streamed ? Number.POSITIVE_INFINITY : totalMs;
    super(x, retriesOf(x), x.startedAt + Math.min(most, x.timeoutMs));
  }

  protected prepare(
    target: CompiledTarget,
    key: ProviderKey,
  ): UpstreamRequest | Promise<UpstreamRequest | null> {
    const { x } = this;
    const by = adapterOf(target.provider, (x.forward as Forward).path);
    this.adapted = by === null ? null : new Adapted(x, by);
    this.speech = by === null ? speechOf(x) : adaptedSpeech(x);
    return this.adapted === null ? prepare(x, target, key, this) : this.adapt(this.adapted, target, key);
  }

  /** Null when there are fields that the provider has no words for, and it shall not be asked then. */
  private async adapt(
    adapted: Adapted,
    target: CompiledTarget,
    key: ProviderKey,
  ): Promise<UpstreamRequest | null> {
    const request = await adapted.prepare(target, key);
    return this.refusesFields() ? null : request;
  }

  protected override carry(target: CompiledTarget, request: UpstreamRequest): UpstreamCall {
    const { adapted } = this;
    if (adapted === null) return super.carry(target, request);
    return adapted.dispatch(request, target, this, (why) => {
      this.endWith(canonicalError('provider_bad_answer', { provider: target.provider.id, why }));
    });
  }

  protected override patienceMs(request: UpstreamRequest): number {
    if (this.adapted?.whole === true) return Number.POSITIVE_INFINITY;
    this.uploading = request.upload !== undefined;
    const { connectMs, firstByteMs, idleMs } = (this.target as CompiledTarget).timeouts;
    return this.uploading ? Math.max(connectMs, idleMs) : firstByteMs;
  }

  protected override silence(): string {
    if (!this.uploading) return super.silence();
    return `nothing of the upload has moved for ${(this.target as CompiledTarget).timeouts.idleMs} ms`;
  }

  protected judge(cause: Cause, headers: HeaderList): Verdict {
    // A secret is its maker's business, and that it is refused says nothing of our keys.
    if ((this.x.forward as Forward).secret !== null)
      return typeof cause === 'number' ? { action: 'relay' } : { action: 'fail' };
    // Some paths need more than a key may do: no reason to take the key for a bad one.
    if (cause === 403) return { action: 'fail' };
    // It is the client whose bytes do not come.
    const blamed = cause !== 'timeout' || !this.uploading;
    const verdict = this.walk.judge(cause, headers, blamed);
    return verdict.action === 'relay' || mayTryAgain(this.x) ? verdict : { action: 'fail' };
  }

  protected open(status: number, headers: HeaderList): Relay {
    const { x } = this;
    // From here on only silence ends it, and the client's own limit: a large file takes as long as it takes.
    this.totalDeadline = x.startedAt + x.timeoutMs;
    this.clientPatienceMs = (this.target as CompiledTarget).timeouts.totalMs;
    this.heard = true;
    this.touch();
    const call = status < 300 && isCall(x) ? callIn(headers) : null;
    return call === null ? openAnswer(x, status, headers) : this.openCall(call, status, headers);
  }

  /** Who hears of a call may open a WebSocket beside it at once. */
  private openCall(id: string, status: number, headers: HeaderList): Relay {
    const { x } = this;
    const { provider, key } = x.attempts.at(-1) as AttemptRecord;
    const call = { provider, key, holder: x.principal?.id ?? '', model: x.model };
    const ready = Promise.all([rememberCall(x.io.control, id, call), this.watchCall(id)]);
    return new LaterAnswer(ready, () => openAnswer(x, status, headers), x);
  }

  /** Once its key is no longer in force, the call is hung up. */
  private async watchCall(id: string): Promise<void> {
    const { io, principal, metadata } = this.x;
    const { key, target } = this.walk;
    if (principal === null || key === null || target === null) return;
    const { path } = this.x.forward as Forward;
    const tail = `${path.tail.replace(/\/$/, '')}/${id}/hangup`;
    const hangUpPath = upstreamPath(target.provider, { ...path, tail }, target.model, '');
    if (hangUpPath === null) return;
    const { LiveCall } = await import('../realtime/live-call.js');
    new LiveCall({ io, principal, metadata, error: null }, { id, target, key, hangUpPath });
  }

  override end(): void {
    // A provider may answer before it has read everything.
    if (this.uploading && this.relay !== null) this.x.incoming.body.clear();
    super.end();
  }

  /** Bytes of the upload have moved. */
  progress(): void {
    if (this.uploading && this.relay === null && this.refusal === null) this.touch();
  }

  /** The upload has ended: from here on it is the provider that is waited for. */
  sent(): void {
    if (!this.uploading) return;
    this.uploading = false;
    const { x } = this;
    const { timeouts } = this.target as CompiledTarget;
    const { now } = x.io.deadlines;
    this.totalDeadline = Math.min(this.totalDeadline, now + (x.route?.totalMs ?? timeouts.totalMs));
    if (this.relay === null && this.refusal === null)
      this.deadline = Math.min(now + timeouts.firstByteMs, this.totalDeadline);
  }

  /** The upload is larger than its limit. */
  overflow(): void {
    this.endWith(tooLarge(this.x.incoming.body).canonical);
  }
}
