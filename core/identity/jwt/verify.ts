import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { entityId, requestText } from '../../config/sections/entities.js';
import { type GatewayError, gatewayError } from '../../errors.js';
import type { JwtIssuer, SigningKeySet, TokenRights } from './issuer.js';

/** What a token says, once it is sure that its issuer has said so. */
export interface TokenIdentity {
  readonly issuer: JwtIssuer;
  /** What the claim has; see `userIs` of the issuer. */
  readonly user: string;
  readonly userCouldBeId: boolean;
  readonly team: string | null;
  readonly organization: string | null;
  readonly customer: string | null;
  readonly rights: TokenRights;
  /** Unix milliseconds, with the tolerance. */
  readonly untilMs: number;
}

export type KeysOf = (issuer: string, kid: string | null, have: number) => Promise<SigningKeySet | null>;

/** A longer one is nobody's token. */
export const MOST_CHARACTERS = 8 * 1024;

/** Verifies tokens of the issuers of one configuration. */
export class Verifier {
  private readonly sets = new Map<string, { version: number; find: ReturnType<typeof createLocalJWKSet> }>();

  constructor(
    private readonly issuers: readonly JwtIssuer[],
    private readonly keysOf: KeysOf,
  ) {}

  /** Rejects with a GatewayError that says in fixed words what is wrong. */
  async verify(token: string): Promise<TokenIdentity> {
    if (token.length > MOST_CHARACTERS) throw invalid('it is too long');
    const { iss, kid } = claimed(token);
    const issuer = this.issuers.find((one) => one.issuer === iss);
    if (issuer === undefined) throw invalid('its issuer is not known here');
    const find = await this.keySet(issuer, kid);
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, find, {
        issuer: issuer.issuer,
        audience: [...issuer.audience],
        algorithms: [...issuer.algorithms],
        clockTolerance: issuer.toleranceMs / 1000,
        requiredClaims: ['exp'],
      }));
    } catch (error) {
      throw told(error);
    }
    return identityOf(issuer, payload);
  }

  private async keySet(issuer: JwtIssuer, kid: string | null): Promise<ReturnType<typeof createLocalJWKSet>> {
    const known = this.sets.get(issuer.name);
    if (issuer.keys !== null) {
      const set = known ?? { version: 1, find: localSet(issuer.keys) };
      this.sets.set(issuer.name, set);
      return set.find;
    }
    const given = await this.keysOf(issuer.name, kid, known?.version ?? 0);
    if (given === null) throw gatewayError('token_keys_unavailable', { issuer: issuer.name });
    if (given.keys === null && known !== undefined) return known.find;
    const set = { version: given.version, find: localSet(given.keys ?? []) };
    this.sets.set(issuer.name, set);
    return set.find;
  }
}

function localSet(keys: NonNullable<SigningKeySet['keys']>): ReturnType<typeof createLocalJWKSet> {
  return createLocalJWKSet({ keys: keys.map((key) => ({ ...key, kty: String(key['kty']) })) });
}

/** Who it says has made it: to find the keys by, and for nothing else yet. */
function claimed(token: string): { iss: string | undefined; kid: string | null } {
  try {
    const { kid } = decodeProtectedHeader(token);
    return { iss: decodeJwt(token).iss, kid: typeof kid === 'string' ? kid : null };
  } catch {
    throw invalid('it is no JSON Web Token');
  }
}

function identityOf(issuer: JwtIssuer, payload: JWTPayload): TokenIdentity {
  const { claims, teams } = issuer;
  const user = userOf(payload, claims);
  if (user === null) throw invalid(`it has no claim "${claims.user}" that could be the id of a user`);
  const given = claims.team === null ? null : textAt(payload, claims.team);
  const mapped = given !== null && Object.keys(teams).length > 0 ? (teams[given] ?? null) : given;
  if (given !== null && mapped === null) throw invalid('its team is not one of those that are taken');
  const team = mapped ?? issuer.team;
  if (team === null && claims.team !== null) throw invalid(`it has no claim "${claims.team}"`);
  if (team !== null && !entityId.safeParse(team).success) throw invalid('its team is no id');
  const customer = claims.customer === null ? null : textAt(payload, claims.customer);
  if (customer !== null && !requestText.safeParse(customer).success)
    throw invalid('its customer is no possible one');
  return {
    issuer,
    user,
    userCouldBeId: entityId.safeParse(user).success,
    team,
    organization: claims.organization === null ? null : id(payload, claims.organization, 'organization'),
    customer,
    rights: { audience: [payload.aud ?? []].flat(), scopes: scopesOf(payload) },
    untilMs: Number(payload.exp) * 1000 + issuer.toleranceMs,
  };
}

function userOf(payload: JWTPayload, { user, userIs }: JwtIssuer['claims']): string | null {
  if (userIs === 'id') return id(payload, user, 'user');
  if (userIs === 'email' && payload['email_verified'] === false)
    throw invalid('its e-mail address is not verified');
  const text = textAt(payload, user);
  if (text !== null && !requestText.safeParse(text).success) throw invalid('its user is no possible one');
  return text;
}

/** RFC 9068 has a text with spaces; some have a list, some call it `scp`. */
function scopesOf(payload: JWTPayload): string[] {
  const given = [payload['scope'] ?? payload['scp'] ?? []].flat();
  return given.flatMap((one) =>
    typeof one === 'string' ? one.split(' ').filter((word) => word !== '') : [],
  );
}

function id(payload: JWTPayload, claim: string, what: string): string | null {
  const text = textAt(payload, claim);
  if (text !== null && !entityId.safeParse(text).success) throw invalid(`its ${what} is no id`);
  return text;
}

/** A claim by its name, else by the way to it; of a list the first. */
function textAt(payload: JWTPayload, claim: string): string | null {
  let value: unknown = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  if (value === undefined && claim.includes('.')) {
    value = payload;
    for (const part of claim.split('.'))
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined;
  }
  if (Array.isArray(value)) [value] = value as unknown[];
  return typeof value === 'string' && value !== '' ? value : null;
}

function told(error: unknown): GatewayError {
  if (error instanceof errors.JWTExpired) return invalid('it has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    if (claim === 'nbf') return invalid('it is not valid yet');
    if (claim === 'aud') return invalid('it is meant for somebody else (aud)');
    if (claim === 'exp') return invalid('it does not say when it ends (exp)');
    return invalid('a claim of it is not as it must be');
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return invalid('it is signed in a way that is not taken (alg)');
  if (error instanceof errors.JWKSNoMatchingKey)
    return invalid('it is signed with a key that its issuer does not have');
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('its signature is wrong');
  return invalid('it cannot be verified');
}

export function invalid(why: string): GatewayError {
  return gatewayError('token_invalid', { why });
}
