import type { HeaderList } from '@headgate/sdk';
import type { OpenCredential, Sign } from './open-credential.js';
import { patternMatcher } from './pattern.js';

/** One credential of a provider, with its headers ready. */
export interface ProviderKey {
  /** For logs and the ledger; never the credential. */
  readonly name: string;
  readonly weight: number;
  /** The credential itself, to take it out of what a provider says. */
  readonly credential: string;
  /** The headers of every request with this credential: the provider's, then those the signer makes of it. */
  readonly headers: HeaderList;
  /** Signs each request; null when the headers are all it takes. */
  readonly sign: Sign | null;
  readonly mayUse: (model: string) => boolean;
  /** Monotonic milliseconds until which it rests after a 429 or a refusal. */
  restsUntil: number;
}

/** How long a refused (401, 403) credential rests before it is tried again. */
export const REFUSED_REST_MS = 60_000;
/** How long a rate-limited credential rests when the provider does not say. */
export const LIMITED_REST_MS = 1_000;

export interface KeySource {
  name: string | null;
  value: string;
  weight: number;
  models: readonly string[] | null;
}

/** The keys of one provider: weighted choice among those that are fit, and a memory of those that are not. */
export class KeyRing {
  readonly keys: readonly ProviderKey[];

  constructor(
    sources: readonly KeySource[],
    open: (credential: string) => OpenCredential,
    headers: HeaderList,
    private readonly random: () => number = Math.random,
  ) {
    this.keys = sources.map((source, index) => {
      const opened = open(source.value);
      return {
        name: source.name ?? `key-${index + 1}`,
        weight: source.weight,
        credential: source.value,
        headers: [...headers, ...opened.headers],
        sign: opened.sign,
        mayUse: source.models === null ? () => true : patternMatcher(source.models),
        restsUntil: 0,
      };
    });
  }

  /**
   * A key for the model by weight, or null when none is fit; any key where the model is ''. Keys in `tried` are passed over. Resting ones are only taken
   * when no other is left and `desperate` says that there is nothing better to do: then the one that wakes first.
   */
  pick(model: string, now: number, tried: readonly ProviderKey[], desperate: boolean): ProviderKey | null {
    const only = this.keys[0];
    if (this.keys.length === 1 && only !== undefined) {
      return isFit(only, model, tried) ? only : null;
    }
    let total = 0;
    let soonest: ProviderKey | null = null;
    for (const key of this.keys) {
      if (!isFit(key, model, tried)) continue;
      if (key.restsUntil <= now) total += key.weight;
      else if (soonest === null || key.restsUntil < soonest.restsUntil) soonest = key;
    }
    if (total === 0) return desperate ? soonest : null;
    let at = this.random() * total;
    let last: ProviderKey | null = null;
    for (const key of this.keys) {
      if (!isFit(key, model, tried) || key.restsUntil > now) continue;
      last = key;
      at -= key.weight;
      if (at < 0) return key;
    }
    return last;
  }
}

function isFit(key: ProviderKey, model: string, tried: readonly ProviderKey[]): boolean {
  return key.weight > 0 && !tried.includes(key) && (model === '' || key.mayUse(model));
}
