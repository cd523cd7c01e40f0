import type { PriceTable } from '../catalog/prices/price-table.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Config } from '../config/config.js';
import { type ControlAnswer, type ControlRequest, OWN_QUOTA, OWN_ROTATION, OWN_SECRET } from '../control.js';
import { canonicalError } from '../errors.js';
import type { HealthAnswer } from '../health-parts.js';
import { unknownCaller } from '../identity/unknown-caller.js';
import type { LiveConfig } from '../live-config.js';
import type { McpService } from '../mcp/mcp-service.js';
import type { MainFacts } from '../observe/main-facts.js';
import type { LogLine } from '../plugin/logger.js';
import type { ReplayPort } from '../replay/protocol.js';
import type { ControlStore } from '../store/control/control-store.js';
import type { Ledger } from '../store/ledger.js';
import type { OwnToken } from './admin-token.js';
import { auditPage } from './audit.js';
import type { ByteStreams } from './byte-stream.js';
import { credentialRoutes } from './credential-routes.js';
import { definitionRoutes } from './definitions/definition-routes.js';
import { entityRoutes } from './entity-routes.js';
import type { Governance } from './governance.js';
import { knownPrices } from './known-prices.js';
import { mcpRoutes } from './mcp.js';
import type { McpVault } from './mcp-vault.js';
import { modelsReport } from './models.js';
import { fetchOwn, rotateOwn } from './own-key.js';
import { ownQuota } from './own-quota.js';
import { portableRoutes } from './portable/portable-routes.js';
import { reachOf, usageWithin } from './reach.js';
import type { Refusals } from './refusals.js';
import { bodyOf, json, report } from './reply.js';
import { type Route, refused, route } from './route.js';
import { SCIM } from './scim/path.js';
import type { ServiceTokens } from './service-tokens.js';
import { usageReport } from './usage.js';

/** What the admin API is about. */
export interface AdminParts {
  readonly governance: Governance;
  readonly ledger: Ledger;
  /** What the main thread knows and the ledger's does not. */
  readonly facts: () => Promise<MainFacts>;
  readonly health: () => Promise<HealthAnswer>;
  /** Of this program. */
  readonly version: string;
  /** Settings that differ from those of the start and only count there. */
  readonly needRestart: () => string[];
  /** The configuration in use, and what the file says. */
  readonly live: LiveConfig;
  readonly mcp: McpService;
  readonly vault: McpVault;
  /** The other nodes; null when there are none. */
  readonly cluster: Cluster | null;
  readonly config: () => Config;
  readonly log: LogLine;
  /** What keys, tokens and sessions are hashed under. */
  readonly secret: string;
  /** The admin token that was made at the first start, if one was. */
  readonly ownToken: OwnToken;
  /** Where it is noted who was not let in. */
  readonly refusals: Refusals;
  readonly replays: ReplayPort;
}

/**
 * Every path of the admin API: methods, path, what one needs, what serves it. What only some of them need is loaded when
 * somebody asks for it.
 */
export function adminRoutes(parts: AdminParts, streams: ByteStreams): Route[] {
  const { governance, ledger, config, mcp } = parts;
  const prices = knownPrices(config);
  return [
    route('GET', '/metrics', 'metrics:read', async (request) =>
      (await import('./metrics-page.js')).metricsPage(parts, request),
    ),
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
    route('GET', '/api/usage', 'usage:read', async ({ query, caller }) => {
      const reach = reachOf(caller, 'usage:read');
      return report(
        await usageReport(ledger, query, config().billing, reach === null ? undefined : usageWithin(reach)),
      );
    }),
    route('GET', '/api/models', 'models:read', modelsOf(config, prices)),
    route('GET', '/api/audit', 'audit:read', async ({ query }) =>
      json(200, await auditPage((await governance.open()).store, query)),
    ),
    route('GET', '/api/log-level', 'config:read', async () =>
      (await import('./log-level.js')).shownLevels(ledger),
    ),
    route('PUT', '/api/log-level', 'config:write', async (request) =>
      (await import('./log-level.js')).setLogLevel(parts, request),
    ),
    ...alertRoutes(parts),
    route('GET', '/api/debug/bundle', 'config:write', async () =>
      (await import('./debug-bundle.js')).debugBundle(parts),
    ),
    ...loginRoutes(parts),
    ...memberRoutes(parts),
    ...scimRoutes(parts),
    ...tokenRoutes(parts),
    ...mcpRoutes(mcp, governance),
    ...credentialRoutes(parts),
    ...requestRoutes(parts, streams, prices),
    ...invoiceRoutes(parts),
    ...entityRoutes(governance, config),
    ...definitionRoutes(governance, parts.live),
    ...portableRoutes(governance, parts.live),
  ];
}

/** Loaded when somebody asks. */
function alertRoutes(parts: AdminParts): Route[] {
  const load = () => import('./alerts.js');
  return [
    route('GET', '/api/alerts', 'config:read', async () => (await load()).listAlerts(parts)),
    route('POST', '/api/alerts/silences', 'config:write', async (request) =>
      (await load()).silenceAlerts(parts, request),
    ),
    route('DELETE', '/api/alerts/silences/{id}', 'config:write', async (request) =>
      (await load()).unsilenceAlerts(parts, request),
    ),
    route('POST', '/api/alerts/{destination}/test', 'config:write', async (request) =>
      (await load()).testAlerts(parts, request),
    ),
  ];
}

/** Signing in, and who is. */
function loginRoutes(parts: AdminParts): Route[] {
  const pages = () => import('./login/login.js');
  const sessions = () => import('./sessions.js');
  const store = async (): Promise<ControlStore> => (await parts.governance.open()).store;
  return [
    route('GET', '/api/auth/login', 'anyone', async (request) => (await pages()).login(parts, request)),
    route('GET', '/api/auth/callback', 'anyone', async (request) => (await pages()).callback(parts, request)),
    route('POST', '/api/auth/logout', 'anyone', async (request) => (await pages()).logout(parts, request)),
    route('GET', '/api/auth/session', 'anyone', async (request) => (await pages()).whoAmI(parts, request)),
    route('GET', '/api/sessions', 'tokens:read', async (request) =>
      (await sessions()).listSessions(await store(), request),
    ),
    route('DELETE', '/api/sessions/{id}', 'tokens:write', async (request) =>
      (await sessions()).endSession(await store(), request),
    ),
  ];
}

/** Who may do what in a team or an organization. */
function memberRoutes(parts: AdminParts): Route[] {
  const members = () => import('./members.js');
  return (['team', 'organization'] as const).flatMap((kind) => {
    const all = `/api/${kind}s/{id}/members`;
    return [
      route('GET', all, 'people:read', async (request) =>
        (await members()).listMembers(parts, kind, request),
      ),
      route('PUT DELETE', `${all}/{user}`, 'people:write', async (request) =>
        (await members()).setMember(parts, kind, request),
      ),
    ];
  });
}

/** Users and groups, for identity providers. */
function scimRoutes(parts: AdminParts): Route[] {
  const serve: Route['serve'] = async (request) =>
    (await import('./scim/serve.js')).serveScim(parts, request);
  const line = (methods: string, path: string): Route => route(methods, `${SCIM}${path}`, 'scim', serve);
  return [
    line('GET', 'ServiceProviderConfig'),
    line('GET', 'ResourceTypes'),
    line('GET', 'ResourceTypes/{id}'),
    line('GET', 'Schemas'),
    line('GET', 'Schemas/{id}'),
    ...['Users', 'Groups'].flatMap((what) => [
      line('GET POST', what),
      line('GET PUT PATCH DELETE', `${what}/{id}`),
    ]),
  ];
}

function tokenRoutes({ governance, secret }: AdminParts): Route[] {
  const all = '/api/service-tokens';
  const tokens = async (): Promise<ServiceTokens> => {
    const { store, entities } = await governance.open();
    const { ServiceTokens } = await import('./service-tokens.js');
    return new ServiceTokens(store, entities, secret);
  };
  return [
    route('GET', all, 'tokens:read', async ({ query }) => json(200, await (await tokens()).list(query))),
    route('POST', all, 'tokens:write', async (request) =>
      json(201, await (await tokens()).create(bodyOf(request), request.author)),
    ),
    route('GET', `${all}/{id}`, 'tokens:read', async ({ params }) =>
      json(200, await (await tokens()).one(params['id'] ?? '')),
    ),
    route('POST', `${all}/{id}/revoke`, 'tokens:write', async ({ params, author }) =>
      json(200, await (await tokens()).revoke(params['id'] ?? '', author)),
    ),
    route('DELETE', `${all}/{id}`, 'tokens:write', async ({ params, author }) => {
      const id = params['id'] ?? '';
      await (await tokens()).remove(id, author);
      return json(200, { id, deleted: true });
    }),
  ];
}

/** No secret: anybody may know what could be asked. */
async function openApi(): Promise<ControlAnswer> {
  const { openApiText } = await import('./openapi.js');
  return { status: 200, headers: ['content-type', 'application/json'], body: openApiText() };
}

function modelsOf(config: () => Config, prices: () => PriceTable): Route['serve'] {
  return async ({ query }) => report(await modelsReport(config(), prices(), query));
}

/** For whoever holds a virtual key: what it may use, and what of it is used. */
async function me({ ledger }: AdminParts, { key, headers, query }: ControlRequest): Promise<ControlAnswer> {
  if (key === null) return refused(unknownCaller(headers, query));
  const now = Date.now();
  if (key.expiresMs !== null && key.expiresMs <= now) return refused(canonicalError('key_expired'));
  try {
    return json(200, await ownQuota(key, ledger, now));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refused(canonicalError('usage_unavailable', { why }));
  }
}

/** Loaded when somebody looks at requests. */
function requestRoutes(parts: AdminParts, streams: ByteStreams, prices: () => PriceTable): Route[] {
  const { ledger } = parts;
  const pages = () => import('./requests/request-pages.js');
  return [
    route('GET', '/api/requests/tail', 'requests:read', async (request) =>
      (await import('./requests/tail.js')).tailRequests(parts, streams, request),
    ),
    route('GET', '/api/requests/export', 'requests:read', async (request) =>
      (await import('./requests/export.js')).exportRequests(ledger, streams, request),
    ),
    route('GET', '/api/requests', 'requests:read', async (request) =>
      (await pages()).listRequests(ledger, request),
    ),
    route('GET', '/api/requests/sessions', 'requests:read', async (request) =>
      (await pages()).listSessions(ledger, request),
    ),
    route('GET', '/api/requests/sessions/{id}', 'requests:read', async (request) =>
      (await pages()).getSession(ledger, request),
    ),
    route('GET', '/api/requests/{id}', 'requests:read', async (request) =>
      (await pages()).getRequest(ledger, prices, request),
    ),
    route('POST', '/api/requests/{id}/replay', 'requests:replay', async (request) =>
      (await import('./requests/replay.js')).replayRequest(parts, request),
    ),
    route('GET', '/api/requests/{id}/compare/{other}', 'bodies:read', async (request) =>
      (await import('./requests/compare.js')).compareRequests(parts, request),
    ),
  ];
}

/** Loaded when somebody asks for one. */
function invoiceRoutes({ ledger, config, governance }: AdminParts): Route[] {
  const load = () => import('./invoice-routes.js');
  return [
    route('GET', '/api/invoices', 'usage:read', async (request) =>
      (await load()).getInvoices(ledger, config, request),
    ),
    route('POST', '/api/invoices', 'billing:write', async (request) =>
      (await load()).issueInvoices(ledger, governance, config, request),
    ),
    route('GET', '/api/invoices/{number}', 'usage:read', async (request) =>
      (await load()).getInvoice(ledger, request),
    ),
    route('POST', '/api/invoices/{number}/void', 'billing:write', async (request) =>
      (await load()).voidInvoice(ledger, governance, request),
    ),
  ];
}
