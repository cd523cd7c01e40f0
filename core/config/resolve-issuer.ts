import type { JwtIssuer } from '../identity/jwt/issuer.js';
import { resolveKeyRules } from './entity.js';
import type { ParsedIssuer } from './sections/jwt.js';

export function resolveIssuer(parsed: ParsedIssuer): JwtIssuer {
  const { name, claims, audience } = parsed;
  return {
    name,
    issuer: parsed.issuer,
    audience: typeof audience === 'string' ? [audience] : audience,
    jwksUrl: parsed.jwks_url ?? null,
    keys: parsed.keys ?? null,
    algorithms: parsed.algorithms,
    toleranceMs: parsed.clock_tolerance,
    claims: {
      user: claims.user,
      userIs: claims.user_is,
      team: claims.team ?? null,
      organization: claims.organization ?? null,
      customer: claims.customer ?? null,
    },
    teams: parsed.teams,
    team: parsed.team ?? null,
    rules: resolveKeyRules(`jwt:${name}`, name, parsed.rules),
  };
}
