import { hash, randomBytes } from 'node:crypto';
import type { Principal } from '@headgate/sdk';
import type { Unpriced, VirtualKeyConfig } from '../config/config.js';
import { patternMatcher } from '../route/pattern.js';

/** A virtual key as requests use it. */
export interface VirtualKey extends Principal {
  readonly mayUse: (model: string) => boolean;
  /** Whether it may have requests forwarded to that provider that name no model. */
  readonly mayForward: (provider: string) => boolean;
  /** Unix milliseconds; null never. */
  readonly expiresMs: number | null;
  readonly customer: string | null;
  readonly tags: readonly string[];
  /** What becomes of requests to models without a price; null: as the model or the gateway says. */
  readonly unpriced: Unpriced | null;
  /** WebSockets it may have open at once; null any number. */
  readonly sockets: number | null;
}

/** A test for the providers that a key may reach without naming a model. */
export function forwardMatcher(passthrough: boolean | readonly string[]): (provider: string) => boolean {
  if (typeof passthrough === 'boolean') return () => passthrough;
  const allowed = new Set(passthrough);
  return (provider) => allowed.has(provider);
}

/** Callers without a key, where none is required. */
export const anonymous: VirtualKey = Object.freeze({
  id: '',
  name: '',
  models: ['*'],
  metadata: {},
  mayUse: () => true,
  mayForward: () => true,
  expiresMs: null,
  customer: null,
  tags: [],
  unpriced: null,
  sockets: null,
});

/** Most credentials remembered as seen; beyond it the memory starts anew. */
const MAX_SEEN = 10_000;

/**
 * The virtual keys, found by a salted hash: the table holds no secret that could leak from a dump of it, and how long a
 * look-up takes says nothing about a key. Credentials that were found are remembered, so that a request costs one Map read.
 */
export class KeyTable {
  private readonly salt = randomBytes(16).toString('hex');
  private readonly byHash = new Map<string, VirtualKey>();
  private readonly seen = new Map<string, VirtualKey>();

  constructor(keys: readonly VirtualKeyConfig[]) {
    for (const key of keys) {
      this.byHash.set(this.hash(key.value.reveal()), {
        id: key.name,
        name: key.name,
        models: key.models,
        metadata: {},
        mayUse: patternMatcher(key.models),
        mayForward: forwardMatcher(key.passthrough),
        expiresMs: key.expiresMs,
        customer: key.metadata.customer,
        tags: key.metadata.tags,
        unpriced: key.unpriced,
        sockets: key.limits.sockets,
      });
    }
  }

  find(credential: string): VirtualKey | undefined {
    const known = this.seen.get(credential);
    if (known !== undefined) return known;
    const key = this.byHash.get(this.hash(credential));
    if (key !== undefined) {
      if (this.seen.size >= MAX_SEEN) this.seen.clear();
      this.seen.set(credential, key);
    }
    return key;
  }

  private hash(credential: string): string {
    return hash('sha256', this.salt + credential, 'base64');
  }
}
