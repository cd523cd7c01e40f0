import type { Config } from './config.js';
import type { Findings } from './findings.js';
import { nearest } from './nearest.js';
import type { ParsedConfig } from './schema.js';

export interface DefaultSources {
  parsed: ParsedConfig['defaults'];
  providers: Config['providers'];
  /** Providers of the file, readable or not. */
  mentioned: ReadonlySet<string>;
  /** There may be providers beside these: names that nobody knows are not reported. */
  partial: boolean;
}

/** The provider of each client API for what names no other. */
export function resolveDefaults(sources: DefaultSources, findings: Findings): Map<string, string> {
  const { parsed, providers, mentioned, partial } = sources;
  const defaults = new Map<string, string>();
  for (const [api, id] of Object.entries(parsed)) {
    if (id === undefined) continue;
    defaults.set(api, id);
    if (partial || providers.has(id) || mentioned.has(id)) continue;
    const suggestion = nearest(id, providers.keys());
    findings.error(['defaults', api], {
      what: 'unknown provider',
      value: id,
      hint: 'it needs an entry in providers, or its key in the environment',
      ...(suggestion !== undefined && { suggestion }),
    });
  }
  return defaults;
}
