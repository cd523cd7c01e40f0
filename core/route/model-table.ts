import type { CanonicalError, WireFormat } from '@headgate/sdk';
import type { PriceTable } from '../catalog/prices/price-table.js';
import type { HeldBack, ModelConfig, RetriesConfig } from '../config/config.js';
import { nearest } from '../config/nearest.js';
import type { Timeouts } from '../config/sections/timeouts.js';
import { canonicalError } from '../errors.js';
import { headerText } from '../header-text.js';
import { Ejection } from './ejection.js';
import type { Provider } from './provider.js';
import type { Speeches } from './speech.js';
import type { CompiledTarget, ModelRoute, Standing } from './target.js';

/** A provider with what a target of it needs. */
export interface RoutableProvider {
  readonly provider: Provider;
  readonly speeches: Speeches;
  readonly timeouts: Timeouts;
}

/** Most routes made on demand that are remembered: clients choose the names. */
const MAX_DYNAMIC = 2_000;

/**
 * Public model names and their routes: those of the config, then `provider/model` for any provider there is, then a bare
 * model name at the provider whose API the client speaks or whose model it is known to be.
 */
export class ModelTable {
  readonly configured: ReadonlyMap<string, ModelRoute>;
  /** Models all of whose targets are held back, and one of the providers that are. */
  private readonly emptied = new Map<string, string>();
  private readonly dynamic = new Map<string, ModelRoute | null>();
  /** By what makes a target the same; see `identityOf`. */
  private readonly ejections = new Map<string, Ejection>();

  /** @param before the one in use until now: targets that stay the same are as they were there */
  constructor(
    models: ReadonlyMap<string, ModelConfig>,
    private readonly providers: ReadonlyMap<string, RoutableProvider>,
    private readonly prices: PriceTable,
    private readonly retries: RetriesConfig,
    private readonly heldBack: HeldBack,
    private before: ModelTable | null = null,
  ) {
    const compiled = [...models].map(([name, model]) => [name, this.compile(model)] as const);
    this.configured = new Map(compiled.filter(([, { targets }]) => targets.length > 0));
    for (const [name, { targets }] of models)
      if (!this.configured.has(name)) this.emptied.set(name, targets[0]?.provider ?? '');
    this.before = null;
  }

  /** Null where there is none, and where it is held back. */

  find(name: string, client: WireFormat): ModelRoute | null {
    const configured = this.configured.get(name);
    if (configured !== undefined) return configured;
    const remembered = `${client.id} ${name}`;
    const known = this.dynamic.get(remembered);
    if (known !== undefined) return known;
    if (this.dynamic.size >= MAX_DYNAMIC) this.dynamic.clear();
    const made = this.make(name, client);
    this.dynamic.set(remembered, made);
    return made;
  }

  /** Why there is no route: nobody has that model, or what the store defines for it is not in force. */
  missing(name: string, client: WireFormat, hint?: string): CanonicalError {
    return (
      this.held(name, client) ??
      canonicalError('model_not_found', { model: name, hint: hint ?? this.hint(name) })
    );
  }

  /** That the name means something of the store that is not in force; null when it does not. */
  held(name: string, client: WireFormat): CanonicalError | null {
    const held = this.heldFor(name, client);
    return held === null ? null : canonicalError('definition_held_back', held);
  }

  /** For the error about an unknown model: what it may have been meant to be. */
  hint(name: string): string {
    const slash = name.indexOf('/');
    const names = [...this.configured.keys()];
    if (slash > 0) {
      const near = nearest(name.slice(0, slash), this.providers.keys());
      if (near !== undefined) return ` Did you mean "${near}${name.slice(slash)}"?`;
    }
    const near = nearest(name, names);
    if (near !== undefined) return ` Did you mean "${near}"?`;
    return ' Use a name of the config\'s "models", or "provider/model"; GET /v1/models lists what there is.';
  }

  /** What is not in force of that which the name means. */
  private heldFor(name: string, client: WireFormat): { what: string; name: string; path: string } | null {
    const { models, providers } = this.heldBack;
    if (models.has(name)) return { what: 'model', name, path: 'model-definitions' };
    if (providers.size === 0) return null;
    const provider = (id: string) => ({ what: 'provider', name: id, path: 'providers' });
    const only = this.emptied.get(name);
    if (only !== undefined) return provider(only);
    const slash = name.indexOf('/');
    if (slash > 0 && providers.has(name.slice(0, slash))) return provider(name.slice(0, slash));
    const home = this.homeOf(name, client)?.provider.id ?? '';
    return providers.has(home) ? provider(home) : null;
  }

  private make(name: string, client: WireFormat): ModelRoute | null {
    if (this.heldFor(name, client) !== null) return null;
    const slash = name.indexOf('/');
    const prefixed = slash > 0 ? this.providers.get(name.slice(0, slash)) : undefined;
    if (prefixed !== undefined && slash + 1 < name.length)
      return this.single(name, prefixed, name.slice(slash + 1));
    const home = this.homeOf(name, client);
    return home === undefined ? null : this.single(name, home, name);
  }

  /** A bare name belongs to the provider that has a model of that name, the client's own API's first. */
  private homeOf(name: string, client: WireFormat): RoutableProvider | undefined {
    const able = [...this.providers.values()].filter(({ speeches }) => speeches.has(client.id));
    const own = able.filter(({ speeches }) => speeches.speaks(client.id));
    const knows = ({ provider }: RoutableProvider): boolean =>
      !provider.row.free && this.prices.find(provider.id, name) !== null;
    const first = own.find(({ provider }) => client.id.startsWith(provider.id));
    if (first !== undefined && knows(first)) return first;
    // Without any entry under "models" a gateway is a drop-in for the provider, whose newest models no table knows yet.
    return own.find(knows) ?? able.find(knows) ?? (this.configured.size === 0 ? first : undefined);
  }

  private single(
    name: string,
    { provider, speeches, timeouts }: RoutableProvider,
    model: string,
  ): ModelRoute {
    return {
      name,
      strategy: 'fallback',
      targets: [target(provider, speeches, timeouts, model, 1, null)],
      retries: this.retries,
      unpriced: null,
      totalMs: timeouts.totalMs,
    };
  }

  private compile(config: ModelConfig): ModelRoute {
    const inForce = config.targets.filter(({ provider }) => !this.heldBack.providers.has(provider));
    const targets = inForce.map(({ provider: id, model, weight, timeouts }) => {
      const found = this.providers.get(id);
      if (found === undefined) throw new Error(`model ${config.name}: no provider ${id}`);
      const standing = inForce.length > 1 ? this.standing(config, found.provider, model) : null;
      return target(found.provider, found.speeches, timeouts, model, weight, standing);
    });
    return {
      name: config.name,
      strategy: config.strategy,
      targets,
      retries: config.retries,
      unpriced: config.unpriced,
      totalMs: config.totalMs,
    };
  }

  private standing(
    { name, ejection: rules }: ModelConfig,
    provider: Provider,
    model: string,
  ): Standing | null {
    if (rules === null) return null;
    const id = identityOf(name, provider, model);
    const ejection = this.ejections.get(id) ?? this.before?.ejections.get(id) ?? new Ejection();
    this.ejections.set(id, ejection);
    return { ejection, rules };
  }
}

/** The same target is asked at the same place with the same credentials. */
function identityOf(name: string, { id, origin, basePath, keys }: Provider, model: string): string {
  return JSON.stringify([
    name,
    id,
    origin,
    basePath,
    model,
    ...keys.keys.map(({ credential }) => credential),
  ]);
}

function target(
  provider: Provider,
  speeches: Speeches,
  timeouts: Timeouts,
  model: string,
  weight: number,
  standing: Standing | null,
): CompiledTarget {
  return {
    provider,
    transport: provider.transport(timeouts.connectMs),
    model,
    modelBytes: Buffer.from(JSON.stringify(model)),
    modelText: headerText(model),
    weight,
    timeouts,
    speech: speeches.of(model),
    standing,
  };
}
