import type { HeaderList } from './headers.js';
import type { Clock, Host } from './host.js';
import type { UpstreamRequest } from './provider.js';

/** What a signer may use that must ask somebody for a token. */
export interface SignerHost {
  /**
   * As `Host.fetch`, but without its limits on addresses, since clouds serve tokens at link-local ones: call only what
   * the operator or the provider's row names. Never a URL of a request.
   */
  readonly fetch: Host['fetch'];
  readonly clock: Clock;
}

/** A credential with what its signer keeps for it, such as a token that is good for a while. */
export interface OpenSigner {
  /** As {@link Signer.sign}. Rejects, or throws, with a {@link SignerFailure}. */
  sign(request: UpstreamRequest): void | Promise<void>;
}

/** How credentials become headers. `fixed` is computed once per key at boot; `sign` runs for every attempt. */
export interface Signer {
  readonly id: string;
  /**
   * Whether the credential only leads to one that the machine has: `''`, a path, a profile, a role. Entries of the store may not
   * use those. Absent: none does.
   */
  ofMachine?(credential: string): boolean;
  /** What it adds does not depend on the body, which then may pass while it comes. Absent: bodies are given to it whole. */
  readonly withoutBody?: true;
  /** Headers that are the same for every request of this credential. */
  fixed?(credential: string, options: Record<string, string>): HeaderList;
  /** What depends on the request itself (time, body hash): added to `request.headers`, or to `request.path`. */
  sign?(request: UpstreamRequest, credential: string, options: Record<string, string>): void | Promise<void>;
  /**
   * For credentials that need more than the request: called once for each key at boot, `''` where a provider has none. What
   * it returns signs in place of `sign`; undefined for a credential that needs no such thing. Asks nobody before the first request.
   */
  open?(credential: string, options: Record<string, string>, host: SignerHost): OpenSigner | undefined;
}

/**
 * A request could not be signed: no token was to be had. The request goes to the next target. `message` is logged and
 * says what is wrong without a secret; clients do not see it.
 */
export class SignerFailure extends Error {
  override readonly name = 'SignerFailure';
}
