/** Where a credential is kept. */
export interface VaultPlace {
  readonly server: string;
  /** Such as `user:ada`. */
  readonly owner: string;
  /** `header`: what its owner has set; `grant`: what came of a sign-in; `client`: how the gateway is registered (owner ''). */
  readonly what: 'header' | 'grant' | 'client';
}

export interface Kept {
  readonly value: object;
  readonly version: number;
}

/**
 * What the store keeps of credentials of users, sealed. All of it rejects with words for people when the store does not answer,
 * when something cannot be opened, or when there is no key to seal with.
 */
export interface Vault {
  /** Null when there is none. */
  read(place: VaultPlace): Promise<Kept | null>;
  /** Writes what was there in another form, where it still has that version. Resolves to the version it has now; null if it had not. */
  renew(place: VaultPlace, version: number, value: object): Promise<number | null>;
  /** Keeps all nodes but this one from renewing it for a while. Resolves to whether that could be had. */
  claim(place: VaultPlace, version: number, forMs: number): Promise<boolean>;
  release(place: VaultPlace, version: number): Promise<void>;
  /** Writes it, whatever was there. */
  put(place: VaultPlace, value: object): Promise<void>;
  /** Takes it away, where it still has that version: it is of no use any more. */
  discard(place: VaultPlace, version: number): Promise<void>;
}
