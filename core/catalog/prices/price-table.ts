import { Catalog, type FoundRow } from './catalog.js';
import { mergedPrice } from './merged-price.js';
import { type ModelInfo, modelInfo } from './model-info.js';
import { type CompiledOverride, compileOverrides, type PriceOverrides } from './override.js';
import type { SnapshotMeta } from './price-row.js';
import { freePrice, type ModelPrice } from './rates.js';

export type { ModelPrice } from './rates.js';

/** Servers on one's own machines. */
const FREE_PROVIDERS = ['mock', 'ollama', 'vllm'];

/** A provider's models remembered before its memory starts afresh: clients choose model names, so it must end. */
const MEMORY = 2048;

/** A longer name than any model has is answered but not remembered. */
const NAME_LENGTH = 512;

/** Providers come from the config, so this end is never reached there. */
const PROVIDERS = 256;

interface Remembered {
  price: ModelPrice | null;
  info: ModelInfo | null;
  /** The price holds for `from <= t < until`, ms since the epoch. */
  from: number;
  until: number;
}

/** What a configuration says of prices. */
export interface PriceTableOptions {
  /** Provider ids that cost nothing, besides the local ones. */
  freeProviders?: Iterable<string>;
  /** Provider id → id under which the sources have its prices; one that is not listed has its own. */
  priceIds?: ReadonlyMap<string, string>;
  overrides?: PriceOverrides;
}

/**
 * What every model costs, from files beside this one: nothing is fetched. The first question about a model searches
 * the snapshots; later ones are two `Map` gets.
 */
export class PriceTable {
  readonly #catalog: Catalog;
  readonly #free: ReadonlySet<string>;
  readonly #priceIds: ReadonlyMap<string, string>;
  readonly #overrides: ReadonlyMap<string, CompiledOverride>;
  readonly #memory = new Map<string, Map<string, Remembered>>();

  /** Reads the snapshots. Throws on a broken installation or, with a RangeError, on a wrong override. */
  static load(options: PriceTableOptions = {}): PriceTable {
    return new PriceTable(new Catalog(), options);
  }

  private constructor(catalog: Catalog, { freeProviders = [], priceIds, overrides = {} }: PriceTableOptions) {
    this.#catalog = catalog;
    this.#free = new Set([...FREE_PROVIDERS, ...freeProviders]);
    this.#priceIds = priceIds ?? new Map();
    this.#overrides = compileOverrides(overrides);
  }

  /** Another table over the same snapshots, for another configuration. Throws a RangeError that names a wrong override. */
  with(options: PriceTableOptions): PriceTable {
    return new PriceTable(this.#catalog, options);
  }

  /** Where the prices come from, for a page that shows them. */
  get sources(): readonly SnapshotMeta[] {
    return [this.#catalog.genai.meta, this.#catalog.litellm.meta];
  }

  /**
   * The price of a model, in force at `at` (ms since the epoch); null when nobody knows it, which is never the same
   * as free. `model` is the name the provider is asked for.
   */
  find(provider: string, model: string, at: number = Date.now()): ModelPrice | null {
    return this.#recall(provider, model, at).price;
  }

  /** What is known of a model beside its price, or null when nobody knows it. */
  info(provider: string, model: string): ModelInfo | null {
    return this.#recall(provider, model, Date.now()).info;
  }

  /** Names of the models that the sources list for a provider, sorted; none when they do not know it. */
  models(provider: string): string[] {
    return this.#catalog.models(this.#priceIds.get(provider) ?? provider);
  }

  #recall(provider: string, model: string, at: number): Remembered {
    let models = this.#memory.get(provider);
    const known = models?.get(model);
    if (known !== undefined && at >= known.from && at < known.until) return known;
    if (model.length > NAME_LENGTH) return this.#search(provider, model, at);
    if (models === undefined) {
      if (this.#memory.size >= PROVIDERS) this.#memory.clear();
      models = new Map();
      this.#memory.set(provider, models);
    }
    if (models.size >= MEMORY) models.clear();
    const found = this.#search(provider, model, at);
    models.set(model, found);
    return found;
  }

  #search(provider: string, model: string, at: number): Remembered {
    const rows = this.#catalog.find(this.#priceIds.get(provider) ?? provider, model);
    const named = this.#overrides.get(`${provider}/${model}`.toLowerCase());
    const override = named ?? this.#overrides.get(`${provider}/*`.toLowerCase());
    const info = modelInfo(rows);
    return {
      ...this.#priceOf({ provider, model, rows, at, override }),
      info: override?.info === undefined ? info : { ...(info ?? UNKNOWN), ...override.info },
    };
  }

  #priceOf({ provider, model, rows, at, override }: Search): Omit<Remembered, 'info'> {
    if (override?.price != null) return always(override.price);
    const free = rows.find(({ row }) => row.free === true || row.price !== undefined);
    if (this.#free.has(provider)) return always(freePrice(provider, model, 'local'));
    if (free?.row.free === true) return always(freePrice(provider, free.id, free.source));
    return mergedPrice(provider, rows, at) ?? always(null);
  }
}

interface Search {
  readonly provider: string;
  readonly model: string;
  readonly rows: readonly FoundRow[];
  readonly at: number;
  readonly override: CompiledOverride | undefined;
}

const UNKNOWN: ModelInfo = { contextWindow: null, maxOutputTokens: null, capabilities: null, mode: null };

function always(price: ModelPrice | null): Omit<Remembered, 'info'> {
  return { price, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
}
