import type { WireFormat } from '@headgate/sdk';
import type { PriceTable } from '../catalog/prices/price-table.js';
import type { ModelConfig, RetriesConfig } from '../config/config.js';
import { nearest } from '../config/nearest.js';
import type { Timeouts } from '../config/sections/timeouts.js';
import { headerText } from '../header-text.js';
import type { Provider } from './provider.js';
import type { Speeches } from './speech.js';
import type { CompiledTarget, ModelRoute } from './target.js';

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
  private readonly dynamic = new Map<string, ModelRoute | null>();

  constructor(
    models: ReadonlyMap<string, ModelConfig>,
    private readonly providers: ReadonlyMap<string, RoutableProvider>,
    private readonly prices: PriceTable,
    private readonly retries: RetriesConfig,
  ) {
    this.configured = new Map([...models].map(([name, model]) => [name, this.compile(model)]));
  }

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

  private make(name: string, client: WireFormat): ModelRoute | null {
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
      targets: [target(provider, speeches, timeouts, model, 1)],
      retries: this.retries,
      unpriced: null,
      totalMs: timeouts.totalMs,
    };
  }

  private compile(config: ModelConfig): ModelRoute {
    const targets = config.targets.map(({ provider: id, model, weight, timeouts }) => {
      const found = this.providers.get(id);
      if (found === undefined) throw new Error(`model ${config.name}: no provider ${id}`);
      return target(found.provider, found.speeches, timeouts, model, weight);
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
}

function target(
  provider: Provider,
  speeches: Speeches,
  timeouts: Timeouts,
  model: string,
  weight: number,
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
  };
}
