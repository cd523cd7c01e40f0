import type { CanonicalError, HeaderList } from '@headgate/sdk';
import { headerOf } from '@headgate/sdk';
import { usageReport } from './admin/usage.js';
import type { Config } from './config/config.js';
import type { Control, ControlAnswer, ControlRequest } from './control.js';
import { canonicalError } from './errors.js';
import { sameSecret } from './identity/same-secret.js';
import type { PluginMetrics } from './observe/plugin-metrics.js';
import { CounterNames } from './state/counter-names.js';
import { KeyValues } from './state/key-values.js';
import type { Ledger } from './store/ledger.js';

export interface ControlPlaneParts {
  readonly ledger: Ledger;
  readonly metrics: PluginMetrics;
  readonly countTokens: (model: string, text: string) => Promise<number>;
  /** The configuration in use. */
  readonly config: () => Config;
  /** Why the gateway is not ready, in words; empty when it is. */
  readonly notReady: () => string[];
}

const JSON_TYPE: HeaderList = ['content-type', 'application/json'];

/** The main thread's part: what the threads together know, and the state they share. */
export class ControlPlane implements Control {
  private readonly names = new CounterNames();
  private readonly values = new KeyValues();

  constructor(private readonly parts: ControlPlaneParts) {}

  async handle(request: ControlRequest): Promise<ControlAnswer> {
    if (request.path === '/health/ready') return this.ready();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refused(
        canonicalError('method_not_allowed', { path: request.path, method: request.method, allow: 'GET' }),
      );
    }
    const known = request.path === '/metrics' || request.path === '/api/usage';
    if (!known)
      return refused(
        canonicalError('not_found', { method: request.method, path: request.path.slice(0, 200) }),
      );
    const { admin, observability } = this.parts.config();
    if (admin.token !== null && !sameSecret(bearerOf(request.headers), admin.token.reveal())) {
      return refused(canonicalError('admin_required'));
    }
    if (request.path === '/api/usage') {
      const { status, contentType, body } = await usageReport(this.parts.ledger, request.query);
      return { status, headers: ['content-type', contentType], body };
    }
    if (!observability.prometheus) {
      return refused(canonicalError('not_found', { method: request.method, path: request.path }));
    }
    const text = `${await this.parts.ledger.metrics()}\n${await this.parts.metrics.text()}`;
    return { status: 200, headers: ['content-type', 'text/plain; version=0.0.4; charset=utf-8'], body: text };
  }

  async counterSlot(name: string): Promise<number> {
    return this.names.slot(name);
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

  spent(keyId: string, since: number): Promise<number> {
    return this.parts.ledger.spent(keyId, since);
  }

  private ready(): ControlAnswer {
    const { ok, problems } = this.parts.ledger.health();
    const why = [...this.parts.notReady(), ...(ok ? [] : problems)];
    const body = why.length === 0 ? { status: 'ready' } : { status: 'not ready', problems: why };
    return { status: why.length === 0 ? 200 : 503, headers: JSON_TYPE, body: JSON.stringify(body) };
  }
}

function refused(error: CanonicalError): ControlAnswer {
  return { status: error.status, headers: JSON_TYPE, body: JSON.stringify({ error }) };
}

function bearerOf(headers: HeaderList): string {
  const value = headerOf(headers, 'authorization') ?? '';
  return value.slice(0, 7).toLowerCase() === 'bearer ' ? value.slice(7).trim() : '';
}
