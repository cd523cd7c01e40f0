import type { KeyTable } from '../key-table.js';
import type { VirtualKey } from '../virtual-key.js';
import type { JwtIssuer } from './issuer.js';
import type { KeysOf, TokenIdentity, Verifier } from './verify.js';

/** Tokens remembered, and their characters, in each of two generations. */
const MOST_TOKENS = 5_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;
/** After so long a token is verified again, in case its issuer has given up the key. */
const REMEMBER_MS = 10 * 60_000;

interface Seen {
  readonly identity: TokenIdentity;
  readonly againMs: number;
  /** Of the rules that `key` was made of. */
  generation: number;
  key: VirtualKey;
}

/**
 * Tokens of other issuers that are taken in place of virtual keys. One that was verified is remembered, so that it costs
 * what a virtual key costs: one Map read. It is remembered as it is, like a virtual key's secret: hashing it for each
 * request would cost more than all else that is done to find a caller.
 */
export class TokenTable {
  private young = new Map<string, Seen>();
  private old = new Map<string, Seen>();
  private characters = 0;
  private verifier: Promise<Verifier> | null = null;

  constructor(
    private readonly issuers: readonly JwtIssuer[],
    private readonly keys: KeyTable,
    private readonly keysOf: KeysOf,
  ) {}

  /** Whether it could be a token: base64url of `{"`. */
  static looksLike(credential: string): boolean {
    return credential.startsWith('eyJ');
  }

  /** The caller that was found for the token before; undefined when it must be verified. */
  known(token: string, now: number): VirtualKey | undefined {
    const seen = this.young.get(token) ?? this.again(token);
    if (seen === undefined) return undefined;
    if (seen.againMs <= now) {
      this.young.delete(token);
      return undefined;
    }
    if (seen.generation !== this.keys.rulesGeneration) {
      seen.generation = this.keys.rulesGeneration;
      seen.key = this.keys.ofToken(seen.identity);
    }
    return seen.key;
  }

  /** Rejects with a GatewayError when it is not good. */
  async verify(token: string, now: number): Promise<VirtualKey> {
    // What verifies is loaded by those who use it.
    this.verifier ??= import('./verify.js').then(({ Verifier }) => new Verifier(this.issuers, this.keysOf));
    const identity = await (await this.verifier).verify(token);
    const key = this.keys.ofToken(identity);
    const againMs = Math.min(identity.untilMs, now + REMEMBER_MS);
    this.keep(token, { identity, againMs, generation: this.keys.rulesGeneration, key });
    return key;
  }

  private again(token: string): Seen | undefined {
    const seen = this.old.get(token);
    if (seen === undefined) return undefined;
    this.old.delete(token);
    this.keep(token, seen);
    return seen;
  }

  private keep(token: string, seen: Seen): void {
    if (this.young.size >= MOST_TOKENS || this.characters + token.length > MOST_CHARACTERS) {
      this.old = this.young;
      this.young = new Map();
      this.characters = 0;
    }
    this.young.set(token, seen);
    this.characters += token.length;
  }
}
