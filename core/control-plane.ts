import type { CanonicalError, HeaderList, UsedBy, UsedSoFar } from '@headgate/sdk';
import { headerOf } from '@headgate/sdk';
import type { AdminApi } from './admin/admin-api.js';
import type { Answer } from './admin/answer.js';
import { modelsReport } from './admin/models.js';
import { ownQuota } from './admin/own-quota.js';
import { usageReport } from './admin/usage.js';
import { priceOptions } from './catalog/price-options.js';
import { PriceTable } from './catalog/prices/price-table.js';
import type { Config } from './config/config.js';
import { type Control, type ControlAnswer, type ControlRequest, OWN_QUOTA } from './control.js';
import { canonicalError } from './errors.js';
import type { OwnedObject } from './forward/owner.js';
import { credentialOf } from './identity/credential.js';
import { sameSecret } from './identity/same-secret.js';
import type { KeptAsk, KeptReply } from './kept/kept-answer.js';
import type { PluginMetrics } from './observe/plugin-metrics.js';
import { CounterNames } from './state/counter-names.js';
import { KeyValues } from './state/key-values.js';
import type { Ledger } from './store/ledger.js';

export interface ControlPlaneParts {
  readonly ledger: Ledger;
  readonly metrics: PluginMetrics;
  readonly admin: AdminApi;
  readonly countTokens: (model: string, text: string) => Promise<number>;
  /** The configuration in use. */
  readonly config: () => Config;
  /** Stops a kept answer that runs in the background, in whichever thread. */
  readonly stopRunning: (id: string) => void;
  /** Why the gateway is not ready, in words; empty when it is. */
  readonly notReady: () => string[];
}

type Serve = (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>;

const JSON_TYPE: HeaderList = ['content-type', 'application/json'];
const ALLOW = 'GET, HEAD, OPTIONS';

/** The main thread's part: what the threads together know, and the state they share. */
export class ControlPlane implements Control {
  private readonly names = new CounterNames();
  private readonly values = new KeyValues();
  private prices: PriceTable | null = null;
  private readonly paths: ReadonlyMap<string, Serve>;

  constructor(private readonly parts: ControlPlaneParts) {
    this.paths = new Map<string, Serve>([
      ['/health/ready', () => this.ready()],
      ['/metrics', (request) => this.forAdmin(request, () => this.metrics(request))],
      [OWN_QUOTA, (request) => this.me(request)],
      ['/api/openapi.json', () => this.openApi()],
      ['/api/audit', (request) => this.forAdmin(request, () => this.parts.admin.audit(request))],
      ['/api/usage', (request) => this.forAdmin(request, () => this.usage(request))],
      ['/api/models', (request) => this.forAdmin(request, () => this.models(request))],
    ]);
  }

  async handle(request: ControlRequest): Promise<ControlAnswer> {
    const { path, method } = request;
    const serve = this.paths.get(path);
    const entities = serve === undefined ? this.parts.admin.find(path) : null;
    if (entities !== null) return this.forAdmin(request, () => this.parts.admin.handle(entities, request));
    if (serve === undefined)
      return refused(canonicalError('not_found', { method, path: path.slice(0, 200) }));
    if (method === 'OPTIONS') return { status: 204, headers: ['allow', ALLOW], body: '' };
    if (method !== 'GET' && method !== 'HEAD')
      return refused(canonicalError('method_not_allowed', { path, method, allow: 'GET' }), ['allow', ALLOW]);
    return serve(request);
  }

  async counterSlot(name: string, size: number): Promise<number> {
    return this.names.slot(name, size);
  }

  async kvGet(key: string): Promise<unknown> {
    return this.values.get(key);
  }

  async kvSet(key: string, value: unknown, ttlMs?: number): Promise<void> {
    this.values.set(key, structuredClone(value), ttlMs);
  }

  async kvDelete(key: string): Promise<void> {
    this.values.delete(key);
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

  async kept(question: KeptAsk): Promise<KeptReply> {
    const reply = await this.parts.ledger.kept(question);
    if ((question.do === 'cancel' || question.do === 'delete') && reply !== null)
      this.parts.stopRunning(question.ask.id);
    return reply;
  }

  used(of: UsedBy, since: number): Promise<UsedSoFar> {
    return this.parts.ledger.used(of, since);
  }

  /** To whoever has the admin token, or to everybody when there is none. */
  private forAdmin(
    { headers }: ControlRequest,
    serve: () => Promise<ControlAnswer>,
  ): ControlAnswer | Promise<ControlAnswer> {
    const { token } = this.parts.config().admin;
    if (token === null || sameSecret(bearerOf(headers), token.reveal())) return serve();
    return refused(canonicalError('admin_required'), ['www-authenticate', 'Bearer']);
  }

  /** No secret: anybody may know what could be asked. Loaded when somebody does. */
  private async openApi(): Promise<ControlAnswer> {
    const { openApiText } = await import('./admin/openapi.js');
    return { status: 200, headers: ['content-type', 'application/json'], body: openApiText() };
  }

  private async usage({ query }: ControlRequest): Promise<ControlAnswer> {
    return answerOf(await usageReport(this.parts.ledger, query));
  }

  private async models({ query }: ControlRequest): Promise<ControlAnswer> {
    const config = this.parts.config();
    // Read when somebody asks for the first time; the I/O threads have tables of their own.
    this.prices ??= PriceTable.load();
    return answerOf(await modelsReport(config, this.prices.with(priceOptions(config)), query));
  }

  /** For whoever holds a virtual key: what it may use, and what of it is used. */
  private async me({ caller, headers }: ControlRequest): Promise<ControlAnswer> {
    if (caller === null)
      return refused(canonicalError(credentialOf(headers) === null ? 'key_required' : 'key_unknown'));
    const now = Date.now();
    if (caller.expiresMs !== null && caller.expiresMs <= now) return refused(canonicalError('key_expired'));
    try {
      const quota = await ownQuota(caller, this.parts.ledger, now);
      return { status: 200, headers: JSON_TYPE, body: JSON.stringify(quota) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return refused(canonicalError('usage_unavailable', { why }));
    }
  }

  private async metrics({ method, path }: ControlRequest): Promise<ControlAnswer> {
    if (!this.parts.config().observability.prometheus)
      return refused(canonicalError('not_found', { method, path }));
    const text = `${await this.parts.ledger.metrics()}\n${await this.parts.metrics.text()}`;
    return { status: 200, headers: ['content-type', 'text/plain; version=0.0.4; charset=utf-8'], body: text };
  }

  private ready(): ControlAnswer {
    const { ok, problems } = this.parts.ledger.health();
    const why = [...this.parts.notReady(), ...(ok ? [] : problems)];
    const body = why.length === 0 ? { status: 'ready' } : { status: 'not ready', problems: why };
    return { status: why.length === 0 ? 200 : 503, headers: JSON_TYPE, body: JSON.stringify(body) };
  }
}

function answerOf(answer: Answer): ControlAnswer {
  if ('error' in answer) return refused(answer.error);
  const { contentType, headers = [], body } = answer;
  return { status: 200, headers: ['content-type', contentType, ...headers], body };
}

function refused(error: CanonicalError, headers: HeaderList = []): ControlAnswer {
  return { error, headers };
}

function bearerOf(headers: HeaderList): string {
  const value = headerOf(headers, 'authorization') ?? '';
  return value.slice(0, 7).toLowerCase() === 'bearer ' ? value.slice(7).trim() : '';
}
