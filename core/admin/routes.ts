import { priceOptions } from '../catalog/price-options.js';
import { PriceTable } from '../catalog/prices/price-table.js';
import type { Config } from '../config/config.js';
import { type ControlAnswer, type ControlRequest, OWN_QUOTA, OWN_ROTATION, OWN_SECRET } from '../control.js';
import { canonicalError } from '../errors.js';
import { credentialOf } from '../identity/credential.js';
import type { LiveConfig } from '../live-config.js';
import type { PluginMetrics } from '../observe/plugin-metrics.js';
import type { LogLine } from '../plugin/logger.js';
import type { Ledger } from '../store/ledger.js';
import { auditPage } from './audit.js';
import { definitionRoutes } from './definitions/definition-routes.js';
import { entityRoutes } from './entity-routes.js';
import type { Governance } from './governance.js';
import { modelsReport } from './models.js';
import { fetchOwn, rotateOwn } from './own-key.js';
import { ownQuota } from './own-quota.js';
import { json, report } from './reply.js';
import { notFound, type Route, refused, route } from './route.js';
import { usageReport } from './usage.js';

/** What the admin API is about. */
export interface AdminParts {
  readonly governance: Governance;
  readonly ledger: Ledger;
  readonly metrics: PluginMetrics;
  /** The configuration in use, and what the file says. */
  readonly live: LiveConfig;
  readonly config: () => Config;
  readonly log: LogLine;
}

/**
 * Every path of the admin API: methods, path, what one needs, what serves it. What only some of them need is loaded when
 * somebody asks for it.
 */
export function adminRoutes(parts: AdminParts): Route[] {
  const { governance, ledger, config } = parts;
  return [
    route('GET', '/metrics', 'metrics:read', (request) => metrics(parts, request)),
    route('GET', '/api/openapi.json', 'anyone', openApi),
    route('GET', OWN_QUOTA, 'anyone', (request) => me(parts, request)),
    route(
      'POST',
      OWN_SECRET,
      'anyone',
      fetchOwn(() => governance.open()),
    ),
    route(
      'POST',
      OWN_ROTATION,
      'anyone',
      rotateOwn(() => governance.open()),
    ),
    route('GET', '/api/usage', 'usage:read', async ({ query }) => report(await usageReport(ledger, query))),
    route('GET', '/api/models', 'config:read', modelsOf(config)),
    route('GET', '/api/audit', 'audit:read', async ({ query }) =>
      json(200, await auditPage((await governance.open()).store, query)),
    ),
    ...entityRoutes(governance, config),
    ...definitionRoutes(governance, parts.live),
  ];
}

async function metrics(
  { config, ledger, metrics: counted }: AdminParts,
  request: ControlRequest,
): Promise<ControlAnswer> {
  if (!config().observability.prometheus) return notFound(request);
  const text = `${await ledger.metrics()}\n${await counted.text()}`;
  return { status: 200, headers: ['content-type', 'text/plain; version=0.0.4; charset=utf-8'], body: text };
}

/** No secret: anybody may know what could be asked. */
async function openApi(): Promise<ControlAnswer> {
  const { openApiText } = await import('./openapi.js');
  return { status: 200, headers: ['content-type', 'application/json'], body: openApiText() };
}

function modelsOf(config: () => Config): Route['serve'] {
  let prices: PriceTable | null = null;
  return async ({ query }) => {
    // Read when somebody asks for the first time; the I/O threads have tables of their own.
    prices ??= PriceTable.load();
    return report(await modelsReport(config(), prices.with(priceOptions(config())), query));
  };
}

/** For whoever holds a virtual key: what it may use, and what of it is used. */
async function me({ ledger }: AdminParts, { key, headers }: ControlRequest): Promise<ControlAnswer> {
  if (key === null)
    return refused(canonicalError(credentialOf(headers) === null ? 'key_required' : 'key_unknown'));
  const now = Date.now();
  if (key.expiresMs !== null && key.expiresMs <= now) return refused(canonicalError('key_expired'));
  try {
    return json(200, await ownQuota(key, ledger, now));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refused(canonicalError('usage_unavailable', { why }));
  }
}
