import type { UsedBy, UsedSoFar } from '@headgate/sdk';
import type { AdminApi } from './admin/admin-api.js';
import type { Cluster } from './cluster/cluster.js';
import type { Config } from './config/config.js';
import type { Control, ControlAnswer, ControlRequest } from './control.js';
import { canonicalError } from './errors.js';
import type { OwnedObject } from './forward/owner.js';
import type { HealthAnswer } from './health-parts.js';
import type { SigningKeySet } from './identity/jwt/issuer.js';
import type { SigningKeys } from './identity/jwt/signing-keys.js';
import type { KeptAsk, KeptReply } from './kept/kept-answer.js';
import type { McpService } from './mcp/mcp-service.js';
import type { McpAsk, McpReply } from './mcp/protocol.js';
import type { LogLine } from './plugin/logger.js';
import { CounterNames } from './state/counter-names.js';
import type { CounterWindow } from './state/counter-window.js';
import { KeyValues } from './state/key-values.js';
import type { RaiseAnswer } from './state/lease-port.js';
import type { Ledger } from './store/ledger.js';
import type { AnswerStream, StreamAsk, StreamSource } from './streamed.js';

export interface ControlPlaneParts {
  readonly ledger: Ledger;
  readonly admin: AdminApi;
  /** The configuration in use. */
  readonly config: () => Config;
  readonly log: LogLine;
  /** The other nodes; null when there are none. */
  readonly cluster: Cluster | null;
  readonly countTokens: (model: string, text: string) => Promise<number>;
  /** Stops a kept answer that runs in the background, in whichever thread. */
  readonly stopRunning: (id: string) => void;
  readonly mcp: McpService;
  /** Which part is not as it should be. */
  readonly health: () => Promise<HealthAnswer>;
}

const READY = '/health/ready';
const ALLOW = 'GET, HEAD, OPTIONS';

/** The main thread's part: what the threads together know, and the state they share. */
export class ControlPlane implements Control {
  private readonly names = new CounterNames();
  private readonly values = new KeyValues();
  private signing: Promise<SigningKeys> | null = null;

  constructor(private readonly parts: ControlPlaneParts) {}

  async handle(request: ControlRequest): Promise<ControlAnswer> {
    const { path, method } = request;
    if (path !== READY) return this.parts.admin.handle(request);
    if (method === 'OPTIONS') return { status: 204, headers: ['allow', ALLOW], body: '' };
    if (method === 'GET' || method === 'HEAD') return this.ready();
    const error = canonicalError('method_not_allowed', { path, method, allow: 'GET' });
    return { error, headers: ['allow', ALLOW] };
  }

  async counterSlot(name: string, size: number, window: CounterWindow): Promise<number> {
    const slot = this.names.slot(name, size);
    this.parts.cluster?.share(slot, name, window);
    return slot;
  }

  async raiseHolds(
    slots: readonly number[],
    amounts: readonly number[],
    caps: readonly number[],
  ): Promise<RaiseAnswer> {
    const { cluster } = this.parts;
    return cluster === null ? { at: -1, verdict: 'held' } : cluster.raiseHolds(slots, amounts, caps);
  }

  async setBase(slot: number, start: number, pairs: readonly number[]): Promise<void> {
    await this.parts.cluster?.setBase(slot, start, pairs);
  }

  async kvGet(key: string): Promise<unknown> {
    const { cluster } = this.parts;
    return cluster === null ? this.values.get(key) : cluster.values.get(key);
  }

  async kvSet(key: string, value: unknown, ttlMs?: number): Promise<void> {
    const { cluster } = this.parts;
    if (cluster === null) this.values.set(key, structuredClone(value), ttlMs);
    else await cluster.values.set(key, value, ttlMs);
  }

  async kvDelete(key: string): Promise<void> {
    const { cluster } = this.parts;
    if (cluster === null) this.values.delete(key);
    else await cluster.values.delete(key);
  }

  countTokens(model: string, text: string): Promise<number> {
    return this.parts.countTokens(model, text);
  }

  ownersOf(ids: readonly string[]): Promise<OwnedObject[]> {
    return this.parts.ledger.ownersOf(ids);
  }

  own(objects: readonly OwnedObject[]): Promise<void> {
    return this.parts.ledger.own(objects);
  }

  async signingKeys(issuer: string, kid: string | null, have: number): Promise<SigningKeySet | null> {
    // Loaded by those who take tokens.
    this.signing ??= import('./identity/jwt/signing-keys.js').then(
      ({ SigningKeys }) => new SigningKeys(() => this.parts.config().auth.jwt, this.parts.log),
    );
    return (await this.signing).get(issuer, kid, have);
  }

  async kept(question: KeptAsk): Promise<KeptReply> {
    const reply = await this.parts.ledger.kept(question);
    if ((question.do === 'cancel' || question.do === 'delete') && reply !== null)
      this.parts.stopRunning(question.ask.id);
    return reply;
  }

  mcp(ask: McpAsk): Promise<McpReply> {
    return this.parts.mcp.ask(ask);
  }

  stream(ask: StreamAsk, to: AnswerStream): StreamSource {
    if (ask.about === 'admin') return this.parts.admin.streams.serve(ask.id, to);
    return ask.about === 'program' ? this.parts.mcp.runProgram(ask, to) : this.parts.mcp.serve(ask, to);
  }

  used(of: UsedBy, since: number): Promise<UsedSoFar> {
    return this.parts.ledger.used(of, since);
  }

  private async ready(): Promise<ControlAnswer> {
    const { status, body } = await this.parts.health();
    return { status, headers: ['content-type', 'application/json'], body: JSON.stringify(body) };
  }
}
