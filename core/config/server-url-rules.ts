import { type FetchRule, parseFetchRule } from './fetch-rule.js';

/** Where MCP servers may be that a request names by their address. Plain data. */
export interface ServerUrlRules {
  /** Any host with a public address. */
  readonly any: boolean;
  /** Hosts with a public address whose names end so, such as `.example.com`. */
  readonly suffixes: readonly string[];
  /** Hosts and networks that are named, whatever their address. */
  readonly rules: readonly FetchRule[];
}

/** `*`, `*.example.com`, or as `server.fetch_allow`; null for what is none of these. */
export function parseServerUrlRules(texts: readonly string[]): ServerUrlRules | null {
  const suffixes: string[] = [];
  const rules: FetchRule[] = [];
  for (const text of texts) {
    if (text === '*') continue;
    if (text.startsWith('*.')) {
      const host = parseFetchRule(text.slice(2));
      if (host?.kind !== 'host') return null;
      suffixes.push(`.${host.host}`);
      continue;
    }
    const rule = parseFetchRule(text);
    if (rule === null) return null;
    rules.push(rule);
  }
  return { any: texts.includes('*'), suffixes, rules };
}
