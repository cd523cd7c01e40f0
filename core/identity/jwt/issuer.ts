import type { KeyRules } from '../../config/entity.js';
import type { UserAttribute } from '../../config/user-name.js';

/** Whose tokens are taken in place of virtual keys, and what is read from them. Plain data. */
export interface JwtIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Null: as the issuer's own document says. */
  readonly jwksUrl: string | null;
  /** JWKs; null: they are fetched. */
  readonly keys: readonly Jwk[] | null;
  readonly algorithms: readonly string[];
  readonly toleranceMs: number;
  readonly claims: {
    readonly user: string;
    /** What of a user that is. */
    readonly userIs: UserAttribute;
    readonly team: string | null;
    readonly organization: string | null;
    readonly customer: string | null;
  };
  readonly teams: Readonly<Record<string, string>>;
  readonly team: string | null;
  /** Of each of its users; the id and the places are put in. */
  readonly rules: KeyRules;
}

/** RFC 7517; what is in it depends on its kind. */
export type Jwk = Readonly<Record<string, unknown>>;

/** Public keys of an issuer as the main thread has them. */
export interface SigningKeySet {
  /** Another one after every change. */
  readonly version: number;
  /** Null: those that whoever asks has already. */
  readonly keys: readonly Jwk[] | null;
}

/** What a token of an issuer is for, and what its bearer may do with it. */
export interface TokenRights {
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}
