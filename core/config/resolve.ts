import type { SinkRow } from '@headgate/sdk';
import { checkAttached } from './check-attached.js';
import { checkBind, isLoopback } from './check-bind.js';
import { checkSealing } from './check-sealing.js';
import type { Config, PluginConfig } from './config.js';
import { DEFINITION_SECTIONS } from './definitions.js';
import type { Findings } from './findings.js';
import type { Derived, Env } from './interpolate.js';
import { type Path, pathKey } from './path.js';
import type { ProviderHint } from './provider-hint.js';
import { resolveAdmin, resolvePeople } from './resolve-admin.js';
import { resolveAlerts } from './resolve-alerts.js';
import { resolveBilling } from './resolve-billing.js';
import { resolveCluster } from './resolve-cluster.js';
import { resolveDefaults } from './resolve-defaults.js';
import { resolveEntities } from './resolve-entities.js';
import { MIN_SECRET_LENGTH, resolveKeys } from './resolve-keys.js';
import { resolveLedger } from './resolve-ledger.js';
import { resolveMcp } from './resolve-mcp.js';
import { resolveModels } from './resolve-models.js';
import { resolvePrices } from './resolve-prices.js';
import { resolveProviders } from './resolve-providers.js';
import { resolveRealtime } from './resolve-realtime.js';
import { resolveResponses } from './resolve-responses.js';
import { resolveAuth, resolveObservability, resolveServer, resolveStore } from './resolve-server.js';
import type { Settings } from './settings.js';
import type { Validated } from './validate.js';

export interface ResolveInput {
  validated: Validated;
  /** Names in the file whose entries may be broken. */
  mentioned: { providers: ReadonlySet<string>; models: ReadonlySet<string> };
  settings: Settings;
  rows: ReadonlyMap<string, ProviderHint>;
  builtIn: ReadonlySet<string>;
  /** Wire formats; null when nobody knows. */
  formats: ReadonlySet<string> | null;
  partial: boolean;
  /** Whether what stands there is the store's. */
  stored: (path: Path) => boolean;
  plugins: readonly PluginConfig[];
  /** By id; null when nobody knows which there are. */
  sinkRows: ReadonlyMap<string, SinkRow> | null;
  env: Env;
  derived: ReadonlyMap<string, Derived>;
  file: string | null;
  /** What relative paths of the file start from. */
  folder: string;
  cwd: string;
  now: number;
}

/** Puts the parts together and runs the checks that need more than one of them. */
export function resolveConfig(input: ResolveInput, findings: Findings): Config {
  const { parsed } = input.validated;
  const { settings, mentioned, rows, folder, derived } = input;
  const providers = resolveProviders(
    {
      parsed: parsed.providers,
      mentioned: mentioned.providers,
      rows,
      builtIn: input.builtIn,
      formats: input.formats,
      partial: input.partial,
      stored: (id) => input.stored([DEFINITION_SECTIONS.provider, id]),
      env: input.env,
      derived,
    },
    findings,
  );
  const models = resolveModels(
    {
      parsed: parsed.models,
      rows,
      mentioned: mentioned.providers,
      providers,
      env: input.env,
      ejection: parsed.ejection,
      partial: input.partial,
    },
    findings,
  );
  const adminToken = settings.adminToken ?? parsed.admin.token;
  const keys = resolveKeys(
    {
      parsed: parsed.keys,
      index: input.validated.keyIndex,
      models,
      modelNames: mentioned.models,
      providers,
      adminToken,
      now: input.now,
    },
    findings,
  );
  const stored = resolveStore(parsed.store, settings, folder, input.cwd);
  const mcp = resolveMcp(parsed.mcp, { folder, derived, stored: input.stored }, findings);
  checkAttached(models, keys, input.validated.keyIndex, mcp, findings);
  const config: Config = {
    file: input.file,
    server: resolveServer(parsed.server, settings, folder, findings),
    admin: resolveAdmin(parsed.admin, settings),
    people: resolvePeople(parsed.users),
    auth: resolveAuth(parsed.auth, settings, keys.length),
    providers,
    models,
    onUnsupported: parsed.on_unsupported,
    prices: resolvePrices(
      { parsed: parsed.prices, providers, mentioned: mentioned.providers, partial: input.partial },
      findings,
    ),
    unpriced: parsed.unpriced,
    defaults: resolveDefaults(
      { parsed: parsed.defaults, providers, mentioned: mentioned.providers, partial: input.partial },
      findings,
    ),
    sharedObjects: parsed.objects.shared,
    keys,
    entities: resolveEntities(parsed),
    storedRules: false,
    heldBack: { providers: new Set(), models: new Set() },
    realtime: resolveRealtime(parsed.realtime),
    responses: resolveResponses(parsed.responses),
    mcp,
    plugins: input.plugins,
    ...stored,
    cluster: resolveCluster(parsed.cluster, settings, stored.store, findings),
    ledger: resolveLedger(parsed.store, findings),
    billing: resolveBilling(parsed.billing),
    observability: resolveObservability(
      parsed.observability,
      settings,
      { rows: input.sinkRows, env: input.env },
      findings,
      folder,
    ),
    alerts: resolveAlerts(parsed.alerts, findings),
  };
  checkExposure(config, input, findings);
  checkSealing(config, findings);
  return config;
}

function checkExposure(config: Config, input: ResolveInput, findings: Findings): void {
  const refused = checkBind(config);
  const path = ['server', 'host'];
  // Whoever wrote the address of a variable put it there; the address itself is no secret.
  const known = !input.derived.has(pathKey(path));
  if (refused !== null)
    findings.error(path, {
      what: known ? refused : refused.replace(config.server.host, 'a reachable address'),
    });
  else if (!isLoopback(config.server.host) && !config.auth.required) {
    findings.warn(path, {
      what: 'whoever reaches it can spend your provider keys',
      hint: 'add keys, or set auth.required',
    });
  }
  const { oidc, token } = config.admin;
  if (oidc !== null && oidc.redirectUrl === null && !isLoopback(config.server.host))
    findings.error(['admin', 'oidc', 'redirect_url'], {
      what: 'missing: off loopback nobody can say where browsers come back to',
      hint: 'https://HOST/api/auth/callback',
    });
  if (token !== null && token.reveal().length < MIN_SECRET_LENGTH) {
    findings.warn(['admin', 'token'], {
      what: `shorter than ${MIN_SECRET_LENGTH} characters`,
      hint: 'it could be guessed',
    });
  }
}
