import type { HeaderList } from '@headgate/sdk';
import type { OpenCredential, Sign } from './open-credential.js';
import { patternMatcher } from './pattern.js';

/** How long a refused (401, 403) credential rests before it is tried again. */
export const REFUSED_REST_MS = 60_000;
/** How long a rate-limited credential rests when the provider does not say. */
export const LIMITED_REST_MS = 1_000;
/** How long a provider's word on when to come back is believed; then one request asks anew. */
const MOST_BELIEVED_MS = 60_000;
/** So much before its time a timer may fire. */
const EARLY_MS = 2;
/** Most models whose limits a key remembers: clients may ask for any name. */
const MOST_LIMITS = 1_000;

export interface KeySource {
  name: string | null;
  value: string;
  weight: number;
  models: readonly string[] | null;
}

/** One credential of a provider, with its headers ready. */
export class ProviderKey {
  /** For logs and the ledger; never the credential. */
  readonly name: string;
  readonly weight: number;
  /** The credential itself, to take it out of what a provider says. */
  readonly credential: string;
  /** The headers of every request with this credential: the provider's, then those the signer makes of it. */
  readonly headers: HeaderList;
  /** Signs each request; null when the headers are all it takes. */
  readonly sign: Sign | null;
  /** The body must be here as a whole before it can be signed. */
  readonly signsBody: boolean;
  readonly mayUse: (model: string) => boolean;
  /** Monotonic milliseconds until which it had better rest, by our guess: after a refusal, or a 429 without a time. */
  restsUntil = 0;
  /** Monotonic milliseconds until which the provider wants no request, by model; null as long as it never said so. */
  private limits: Map<string, number> | null = null;

  constructor(source: KeySource, name: string, opened: OpenCredential, headers: HeaderList) {
    this.name = name;
    this.weight = source.weight;
    this.credential = source.value;
    this.headers = [...headers, ...opened.headers];
    this.sign = opened.sign;
    this.signsBody = opened.signsBody;
    this.mayUse = source.models === null ? () => true : patternMatcher(source.models);
  }

  /** The provider said so itself. */
  limit(model: string, now: number, ms: number): void {
    const limits = (this.limits ??= new Map());
    if (limits.size >= MOST_LIMITS) limits.clear();
    limits.set(model, now + Math.min(ms, MOST_BELIEVED_MS));
  }

  /** 0 when it is not limited. */
  limitedUntil(model: string): number {
    return this.limits?.get(model) ?? 0;
  }

  isLimited(model: string, now: number): boolean {
    return this.limits !== null && this.limitedUntil(model) - EARLY_MS > now;
  }
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
    this.keys = sources.map(
      (source, index) =>
        new ProviderKey(source, source.name ?? `key-${index + 1}`, open(source.value), headers),
    );
  }

  /**
   * A key for the model by weight, any key where the model is ''; null when none is fit. Keys in `tried` are passed over,
   * and so are those that the provider wants no request with. One that rests by our guess alone is taken when nothing was
   * tried yet and no other is left: the one that wakes first.
   */
  pick(model: string, now: number, tried: readonly ProviderKey[]): ProviderKey | null {
    const only = this.keys[0];
    if (this.keys.length === 1 && only !== undefined) return isFit(only, model, now, tried) ? only : null;
    let total = 0;
    let soonest: ProviderKey | null = null;
    for (const key of this.keys) {
      if (!isFit(key, model, now, tried)) continue;
      if (key.restsUntil <= now) total += key.weight;
      else if (soonest === null || key.restsUntil < soonest.restsUntil) soonest = key;
    }
    if (total === 0) return tried.length === 0 ? soonest : null;
    let at = this.random() * total;
    let last: ProviderKey | null = null;
    for (const key of this.keys) {
      if (!isFit(key, model, now, tried) || key.restsUntil > now) continue;
      last = key;
      at -= key.weight;
      if (at < 0) return key;
    }
    return last;
  }

  /** When the first of the keys that the model may use is wanted again, monotonic milliseconds; 0 when one is now. */
  limitedUntil(model: string): number {
    const able = this.keys.filter((key) => serves(key, model));
    return able.length === 0 ? 0 : Math.min(...able.map((key) => key.limitedUntil(model)));
  }
}

function serves(key: ProviderKey, model: string): boolean {
  return key.weight > 0 && (model === '' || key.mayUse(model));
}

function isFit(key: ProviderKey, model: string, now: number, tried: readonly ProviderKey[]): boolean {
  return serves(key, model) && !tried.includes(key) && !key.isLimited(model, now);
}
