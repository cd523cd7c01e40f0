import { type HeaderList, headerOf, type JsonObject } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import type { Incoming } from '../exchange.js';
import { endpointPath } from './endpoint-path.js';
import { scopesAt } from './token-rights.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Path of the endpoint that a path describes, as RFC 9728 has it: in front of it stands where such descriptions are. */
export function describedPath(path: string): string | null {
  if (path === WELL_KNOWN) return '/mcp';
  if (!path.startsWith(`${WELL_KNOWN}/`)) return null;
  const described = path.slice(WELL_KNOWN.length);
  return endpointPath(described) === null ? null : described;
}

/** Where clients get tokens for the endpoint at `path`; null when the gateway takes none of others. */
export function resourceMetadata(config: Config, path: string, headers: HeaderList): JsonObject | null {
  const issuers = config.auth.jwt;
  if (issuers.length === 0) return null;
  const scopes = config.mcp === null ? [] : scopesAt(config.mcp, endpointPath(path)?.name ?? null);
  return {
    resource: baseOf(config, headers) + path,
    resource_name: 'Headgate',
    authorization_servers: issuers.map(({ issuer }) => issuer),
    bearer_methods_supported: ['header'],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
  };
}

/** What `www-authenticate` says to somebody who is not known. */
export function challengeFor(
  config: Config,
  { path, headers }: Pick<Incoming, 'path' | 'headers'>,
  /** That a token must have there. */
  scopes: readonly string[] = [],
  /** The token is good, and not enough. */
  isStepUp = false,
): string {
  const said = ['Bearer realm="headgate"'];
  if (isStepUp) said.push('error="insufficient_scope"');
  else if (headerOf(headers, 'authorization') !== undefined) said.push('error="invalid_token"');
  if (scopes.length > 0 && config.auth.jwt.length > 0) said.push(`scope="${scopes.join(' ')}"`);
  if (config.auth.jwt.length > 0)
    said.push(`resource_metadata="${baseOf(config, headers)}${WELL_KNOWN}${path.replace(/\/$/, '')}"`);
  return said.join(', ');
}

/** As the configuration says, or as the client has called it. */
export function baseOf({ mcp, server }: Config, headers: HeaderList): string {
  if (mcp !== null && mcp.publicUrl !== null) return mcp.publicUrl;
  const host = headerOf(headers, 'host') ?? `${server.host}:${server.port}`;
  // It goes into a header and into an address.
  const name = /^[A-Za-z0-9.[\]:-]+$/.test(host) ? host : server.host;
  return `${server.tls === null ? 'http' : 'https'}://${name}`;
}
