import type { McpConfig, McpServerConfig } from '../config/mcp-config.js';
import { gatewayError } from '../errors.js';
import type { KeyFacts } from '../identity/virtual-key.js';

/** Scopes that a caller's token would need beside what it has; whoever has a key needs none. */
export function missingScopes({ rights }: KeyFacts, wanted: readonly string[]): string[] {
  return rights === null ? [] : wanted.filter((scope) => !rights.scopes.includes(scope));
}

/** Scopes that tokens must have at a path of `/mcp`. */
export function scopesAt({ tokenScopes, servers }: McpConfig, name: string | null): string[] {
  const own = name === null ? [] : (servers.get(name)?.tokenScopes ?? []);
  return [...new Set([...tokenScopes, ...own])];
}

/** Throws a GatewayError for a token that was not given for `/mcp`, or has not the rights that are wanted there. */
export function checkToken(key: KeyFacts, config: McpConfig, name: string | null): void {
  const { rights } = key;
  const { tokenAudience } = config;
  if (rights === null) return;
  if (tokenAudience !== null && !tokenAudience.some((one) => rights.audience.includes(one)))
    throw gatewayError('token_invalid', { why: 'it is meant for somebody else (aud)' });
  const missing = missingScopes(key, scopesAt(config, name));
  if (missing.length > 0) throw gatewayError('mcp_scope_missing', { scopes: missing.join(' ') });
}

/** Throws a GatewayError for a token that has not the rights that a server wants. */
export function checkScopes(key: KeyFacts, { tokenScopes }: McpServerConfig): void {
  const missing = missingScopes(key, tokenScopes);
  if (missing.length > 0) throw gatewayError('mcp_scope_missing', { scopes: missing.join(' ') });
}
