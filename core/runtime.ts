import type { Signer, WireFormat } from '@headgate/sdk';
import { priceOptions } from './catalog/price-options.js';
import type { PriceTable } from './catalog/prices/price-table.js';
import type { Config } from './config/config.js';
import { DEFAULT_RETRIES } from './config/resolve-models.js';
import { TokenTable } from './identity/jwt/token-table.js';
import type { KeysOf } from './identity/jwt/verify.js';
import { KeyTable } from './identity/key-table.js';
import type { StoredKeys } from './identity/stored-keys.js';
import { BodyRules } from './observe/bodies/body-sink.js';
import { PlanTable } from './plan/plan.js';
import type { PluginRoute } from './plugin/host.js';
import type { Equipment } from './plugin/plugin-set.js';
import type { ProviderRows } from './plugin/provider-rows.js';
import { compileProvider } from './route/compile-provider.js';
import { ModelTable, type RoutableProvider } from './route/model-table.js';
import { Speeches } from './route/speech.js';
import type { Transports } from './upstream/transports.js';

/**
 * A configuration compiled for one thread: everything a request looks up, frozen. A reload makes a new one and swaps it
 * in one assignment; requests that have begun keep the one they began with.
 */
export interface Runtime {
  readonly config: Config;
  readonly keys: KeyTable;
  /** Tokens of other issuers in place of keys; null: none are taken. */
  readonly tokens: TokenTable | null;
  readonly models: ModelTable;
  readonly plans: PlanTable;
  readonly prices: PriceTable;
  readonly providers: ReadonlyMap<string, RoutableProvider>;
  readonly routes: readonly PluginRoute[];
  /** Whether anything in the configuration refuses models without a price. */
  readonly deniesUnpriced: boolean;
  /** Whose requests and answers are kept; null when none are. */
  readonly bodies: BodyRules | null;
  /** All rows and formats there are, configured or not. */
  readonly rows: ProviderRows;
  readonly formats: ReadonlyMap<string, WireFormat>;
}

/** What keys are looked up with, over reloads. */
export interface Identity {
  readonly secret: string;
  readonly stored: StoredKeys;
  /** Public keys of issuers of tokens, from the main thread. */
  readonly keysOf: KeysOf;
}

const clock = { now: Date.now, monotonic: () => performance.now() };

export function compileRuntime(
  config: Config,
  equipment: Equipment,
  prices: PriceTable,
  transports: Transports,
  identity: Identity,
  before: Runtime | null = null,
): Runtime {
  const providers = new Map<string, RoutableProvider>();
  for (const [id, settings] of config.providers) {
    const row = equipment.rows.get(settings.row);
    if (row === undefined) throw new Error(`providers.${id}: there is no provider row "${settings.row}"`);
    const provider = compileProvider(settings, {
      row,
      signer: signerOf(equipment, row.signer, id),
      adapters: equipment.adapters,
      signerHost: { fetch: transports.signers.fetch, clock },
      local: equipment.transports.get(settings.row) ?? null,
      http: (origin, connectTimeoutMs) => transports.http(origin, connectTimeoutMs),
    });
    providers.set(id, {
      provider,
      speeches: new Speeches(provider, equipment.formats),
      timeouts: settings.timeouts,
    });
  }
  const table = prices.with(priceOptions(config));
  const keys = new KeyTable(config, identity.secret, identity.stored);
  return Object.freeze({
    config,
    keys,
    tokens: config.auth.jwt.length === 0 ? null : new TokenTable(config.auth.jwt, keys, identity.keysOf),
    models: new ModelTable(
      config.models,
      providers,
      table,
      DEFAULT_RETRIES,
      config.heldBack,
      before?.models ?? null,
    ),
    plans: new PlanTable(equipment.hooks),
    prices: table,
    providers: new Map([...providers].filter(([id]) => !config.heldBack.providers.has(id))),
    routes: equipment.routes,
    deniesUnpriced: [config, ...config.models.values(), ...config.keys].some(
      ({ unpriced }) => unpriced === 'deny',
    ),
    bodies: BodyRules.of(config.observability.bodies),
    rows: equipment.rows,
    formats: equipment.formats,
  });
}

function signerOf(equipment: Equipment, id: string, provider: string): Signer {
  const signer = equipment.signers.get(id);
  if (signer === undefined) throw new Error(`providers.${provider}: there is no signer "${id}"`);
  return signer;
}
