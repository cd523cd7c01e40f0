import { matches } from './match-rule.js';
import { modelNames } from './model-names.js';
import type { PriceRow } from './price-row.js';
import { sourceIds } from './provider-ids.js';
import { Snapshot } from './snapshot.js';

export interface FoundRow {
  source: 'genai-prices' | 'litellm';
  /** Model id in that source. */
  id: string;
  row: PriceRow;
}

/** The two price snapshots behind one question: which rows speak of this model? */
export class Catalog {
  readonly genai: Snapshot;
  readonly litellm: Snapshot;

  constructor() {
    this.genai = new Snapshot(new URL('./genai.json', import.meta.url));
    this.litellm = new Snapshot(new URL('./litellm.json', import.meta.url));
  }

  /**
   * Rows for a model, the best first: a more exact name before a looser one, and for one name genai-prices before
   * LiteLLM. Costs microseconds to tens of microseconds; callers remember the answer.
   */
  find(provider: string, model: string): FoundRow[] {
    const ids = sourceIds(provider);
    const found: FoundRow[] = [];
    for (const name of modelNames(provider, model)) {
      const rule = ids.genai === null ? null : this.#byRule(ids.genai, name);
      if (rule !== null) found.push(rule);
      for (const section of ids.litellm) {
        const row = this.litellm.section(section)?.get(name);
        if (row !== undefined) found.push({ source: 'litellm', id: name, row });
      }
    }
    return found;
  }

  /**
   * The models that the sources list for a provider, sorted; in genai-prices' spelling where both have one, since
   * LiteLLM's names are kept in lower case. Left out is what no request can name or no token price fits: bases of
   * fine-tunes, wildcards, models billed by the picture or the second.
   */
  models(provider: string): string[] {
    const ids = sourceIds(provider);
    const sections = [
      ...(ids.genai === null ? [] : [this.genai.section(ids.genai)]),
      ...ids.litellm.map((section) => this.litellm.section(section)),
    ];
    const found = new Map<string, string>();
    for (const section of sections) {
      for (const [id, row] of section ?? []) {
        const priced = row.price !== undefined || row.free === true;
        if (!priced || id.startsWith('ft:') || id.includes('*')) continue;
        const name = id.toLowerCase();
        if (!found.has(name)) found.set(name, id);
      }
    }
    return [...found.values()].sort();
  }

  #byRule(section: string, name: string): FoundRow | null {
    const rows = this.genai.section(section);
    if (rows === null) return null;
    for (const [id, row] of rows) {
      if (row.match !== undefined && matches(row.match, name)) return { source: 'genai-prices', id, row };
    }
    for (const other of this.genai.meta.fallback?.[section] ?? []) {
      const found = this.#byRule(other, name);
      if (found !== null) return found;
    }
    return null;
  }
}
