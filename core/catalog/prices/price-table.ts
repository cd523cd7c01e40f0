import { Catalog, type FoundRow } from './catalog.js';
import { type ModelInfo, modelInfo } from './model-info.js';
import { compileOverrides, type PriceOverrides } from './override.js';
import type { SnapshotMeta } from './price-row.js';
import { freePrice, type ModelPrice, modelPrice } from './rates.js';
import { priceAt } from './schedule.js';

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

export interface PriceTableOptions {
  /** Provider ids that cost nothing, besides the local ones. */
  freeProviders?: Iterable<string>;
  overrides?: PriceOverrides;
}

/**
 * What every model costs, from files beside this one: nothing is fetched. The first question about a model searches
 * the snapshots; later ones are two `Map` gets.
 */
export class PriceTable {
  readonly #catalog: Catalog;
  readonly #free: ReadonlySet<string>;
  readonly #memory = new Map<string, Map<string, Remembered>>();
  #overrides: ReadonlyMap<string, ModelPrice> = new Map();

  /** Reads the snapshots. Throws on a broken installation or, with a RangeError, on a wrong override. */
  static load(options: PriceTableOptions = {}): PriceTable {
    const table = new PriceTable(
      new Catalog(),
      new Set([...FREE_PROVIDERS, ...(options.freeProviders ?? [])]),
    );
    if (options.overrides !== undefined) table.override(options.overrides);
    return table;
  }

  private constructor(catalog: Catalog, free: ReadonlySet<string>) {
    this.#catalog = catalog;
    this.#free = free;
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

  /** The limits of a model, or null when nobody knows them. */
  info(provider: string, model: string): ModelInfo | null {
    return this.#recall(provider, model, Date.now()).info;
  }

  /** Names of the models that the sources list for a provider, sorted; none when they do not know it. */
  models(provider: string): string[] {
    return this.#catalog.models(provider);
  }

  /** Replaces the operator's prices. Throws a RangeError that names the key, and changes nothing then. */
  override(overrides: PriceOverrides): void {
    this.#overrides = compileOverrides(overrides);
    this.#memory.clear();
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
    const rows = this.#catalog.find(provider, model);
    const found = this.#fromConfig(provider, model) ?? fromRows(provider, rows, at);
    return { ...found, info: modelInfo(rows) };
  }

  #fromConfig(provider: string, model: string): Omit<Remembered, 'info'> | null {
    const named = this.#overrides.get(`${provider}/${model}`.toLowerCase());
    const price = named ?? this.#overrides.get(`${provider}/*`.toLowerCase());
    if (price !== undefined) return always(price);
    return this.#free.has(provider) ? always(freePrice(provider, model, 'local')) : null;
  }
}

function fromRows(provider: string, rows: readonly FoundRow[], at: number): Omit<Remembered, 'info'> {
  for (const { source, id, row } of rows) {
    if (row.free === true) return always(freePrice(provider, id, source));
    if (row.price === undefined) continue;
    const { price, from, until } = priceAt(row.price, at);
    return { price: modelPrice(provider, id, source, price), from, until };
  }
  return always(null);
}

function always(price: ModelPrice | null): Omit<Remembered, 'info'> {
  return { price, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
}
