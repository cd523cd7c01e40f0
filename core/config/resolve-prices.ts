import type { Config } from './config.js';
import type { Findings } from './findings.js';
import { nearest } from './nearest.js';
import type { ParsedPrices } from './sections/prices.js';

export interface PriceSources {
  parsed: ParsedPrices;
  providers: Config['providers'];
  /** Providers of the file, readable or not. */
  mentioned: ReadonlySet<string>;
  partial: boolean;
}

/** Fields that are no price. */
const FACTS = new Set(['context_window', 'max_output_tokens', 'capabilities']);

/** The operator's prices; a provider that is not there, and a price that says nothing of tokens, are reported. */
export function resolvePrices(sources: PriceSources, findings: Findings): ParsedPrices {
  const { parsed, providers, mentioned, partial } = sources;
  const seen = new Map<string, string>();
  for (const [key, price] of Object.entries(parsed)) {
    const path = ['prices', key];
    const provider = key.slice(0, key.indexOf('/'));
    const same = seen.get(key.toLowerCase());
    if (same !== undefined) findings.error(path, { what: `the same model as prices.${same}`, at: 'key' });
    else seen.set(key.toLowerCase(), key);
    if (!partial && !providers.has(provider) && !mentioned.has(provider)) {
      const near = nearest(provider, providers.keys());
      findings.warn(path, {
        what: 'no such provider',
        value: provider,
        at: 'key',
        ...(near !== undefined && { suggestion: near }),
      });
    }
    const said = Object.keys(price).filter((field) => !FACTS.has(field));
    if (Object.keys(price).length === 0) findings.warn(path, { what: 'says nothing', at: 'key' });
    const [input, output] = [price.input_per_million_usd, price.output_per_million_usd];
    if (said.length > 0 && input === undefined && output !== undefined)
      findings.warn(path, { what: 'has no input_per_million_usd, so prompts cost nothing', at: 'key' });
    else if (input !== undefined && output === undefined && input > 0)
      findings.warn(path, { what: 'has no output_per_million_usd, so answers cost nothing', at: 'key' });
    const lengths = (price.above ?? []).map((step) => step.input_tokens);
    if (new Set(lengths).size < lengths.length)
      findings.error([...path, 'above'], { what: 'the same input_tokens twice' });
  }
  return parsed;
}
