import type { Exchange } from './exchange.js';
import type { ProviderKey } from './route/key-ring.js';
import type { CompiledTarget } from './route/target.js';

const NO_KEYS: ProviderKey[] = [];

/** The way of one request through its targets and their keys. */
export class TargetWalk {
  /** Whose turn it is; valid after `step` said so. */
  target: CompiledTarget | null = null;
  key: ProviderKey | null = null;
  /** Tries at this target; another key is not another try. */
  tries = 0;
  private at = 0;
  private tried: readonly ProviderKey[] = NO_KEYS;

  constructor(private readonly x: Exchange) {}

  /** To the next try: the same target with a key that is fit, else the next target. False when none is left. */
  step(): boolean {
    const { targets } = this.x;
    for (; this.at < targets.length; this.skipTarget()) {
      const target = targets[this.at] as CompiledTarget;
      const key = this.pick(target, performance.now(), this.tried);
      if (key === null) continue;
      this.target = target;
      this.key = key;
      this.tries++;
      return true;
    }
    return false;
  }

  skipTarget(): void {
    this.at++;
    this.tries = 0;
    this.tried = NO_KEYS;
  }

  /** Whether the target has a key that was not tried since the last pause. */
  hasOtherKey(now: number): boolean {
    const { target, key } = this;
    if (target === null || key === null || target.provider.keys.keys.length < 2) return false;
    return this.pick(target, now, this.with(key)) !== null;
  }

  /** What becomes of the keys: after a pause every one may be tried again. */
  settle(otherKey: boolean): void {
    this.tried = otherKey ? this.with(this.key as ProviderKey) : NO_KEYS;
    if (otherKey) this.tries--;
  }

  private with(key: ProviderKey): readonly ProviderKey[] {
    return this.tried === NO_KEYS ? [key] : [...this.tried, key];
  }

  /** A key that is fit; a resting one only at the first try here or when there is no further target to go to. */
  private pick(target: CompiledTarget, now: number, tried: readonly ProviderKey[]): ProviderKey | null {
    const desperate = tried.length === 0 || this.at === this.x.targets.length - 1;
    const { keys } = target.provider;
    const named = this.x.forward?.keyName ?? this.x.conversation?.owner?.key ?? null;
    const only = named === null ? undefined : keys.keys.find((key) => key.name === named);
    if (only !== undefined) return tried.includes(only) ? null : only;
    return keys.pick(target.model, now, tried, desperate);
  }
}
