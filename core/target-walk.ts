import type { HeaderList, PassedOver, Verdict } from '@headgate/sdk';
import type { Exchange } from './exchange.js';
import type { KeyRing, ProviderKey } from './route/key-ring.js';
import type { CompiledTarget, Retries } from './route/target.js';
import { type Cause, judge } from './stages/judge.js';
import { targetHeard } from './target-outcome.js';

const NO_KEYS: ProviderKey[] = [];

/** A provider that said itself when it may be asked again. */
export interface Resting {
  readonly provider: string;
  /** Milliseconds until then. */
  readonly ms: number;
}

/** The way of one request through its targets and their keys. */
export class TargetWalk {
  /** Whose turn it is; valid after `step` said so. */
  target: CompiledTarget | null = null;
  key: ProviderKey | null = null;
  /** Of the targets that were passed over because all their keys rest by the provider's own word, the first to wake. */
  resting: Resting | null = null;
  /** Tries at this target; another key is not another try. */
  private tries = 0;
  private at = 0;
  private tried: readonly ProviderKey[] = NO_KEYS;
  private restarted = false;
  /** How long to pause after a `restart`, milliseconds. */
  restMs = 0;
  /** When the try began, on the monotonic clock. */
  begunAt = 0;
  /** Targets that were passed over because they have failed; they are asked when no other is left. */
  private ejected: CompiledTarget[] | null = null;
  private askingEjected = false;

  constructor(
    private readonly x: Exchange,
    private readonly retries: Retries,
  ) {}

  /** To the next try: the same target with a key that is fit, else the next target. False when none is left. */
  step(): boolean {
    return this.stepIn(this.askingEjected ? (this.ejected ?? []) : this.x.targets) || this.stepToEjected();
  }

  /** Targets that fail are better than none. */
  private stepToEjected(): boolean {
    if (this.ejected === null || this.askingEjected) return false;
    this.askingEjected = true;
    this.at = 0;
    return this.stepIn(this.ejected);
  }

  private stepIn(targets: readonly CompiledTarget[]): boolean {
    for (; this.at < targets.length; this.skipTarget()) {
      const target = targets[this.at] as CompiledTarget;
      const now = performance.now();
      const { standing } = target;
      const isOut = standing !== null && standing.ejection.until !== 0 && this.isFresh;
      if (isOut && now < standing.ejection.until && !this.askingEjected) {
        (this.ejected ??= []).push(target);
        this.note(target, 'ejected');
        continue;
      }
      const key = this.pick(target, now, this.tried);
      if (key === null) {
        this.passOver(target, now);
        continue;
      }
      if (isOut && !this.askingEjected) standing.ejection.try(standing.rules, now);
      this.target = target;
      this.key = key;
      this.begunAt = now;
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

  /**
   * Back to the beginning, for after the rest: once a request, and only where the model's retries would wait for that long
   * after a 429. False when the client should be told instead.
   */
  restart({ ms }: Resting): boolean {
    const { attempts, statuses, backoffMaxMs } = this.retries;
    if (this.restarted || attempts < 2 || !statuses.has(429) || ms > backoffMaxMs) return false;
    this.restarted = true;
    this.resting = null;
    this.restMs = ms;
    this.ejected = null;
    this.askingEjected = false;
    this.at = -1;
    this.skipTarget();
    return true;
  }

  /**
   * What becomes of a try, and of the key that it was made with. After a pause every key may be tried again.
   *
   * @param blamed what came says something of the target
   */
  judge(cause: Cause, headers: HeaderList, blamed = true): Verdict {
    const { x, retries, tries } = this;
    const key = this.key as ProviderKey;
    const now = performance.now();
    const rotates = cause === 401 || cause === 403 || cause === 429;
    const otherKey = rotates && this.hasOtherKey(now);
    if (this.target !== null && blamed) targetHeard(x, this.target, cause, headers, this.begunAt, otherKey);
    const model = this.target?.model ?? '';
    const verdict = judge(cause, headers, {
      retries,
      key,
      model,
      otherKey,
      tries,
      now,
      random: x.io.random,
    });
    this.tried = otherKey ? this.with(key) : NO_KEYS;
    if (otherKey) this.tries--;
    return verdict.action === 'retry' && !otherKey && this.isPutOff(now) ? { action: 'next' } : verdict;
  }

  /** The target is out now, and others come after it: rather these than a pause, and it again when they have failed. */
  private isPutOff(now: number): boolean {
    const { target, at, askingEjected, x } = this;
    const until = target?.standing?.ejection.until ?? 0;
    if (target === null || askingEjected || until <= now || at + 1 >= x.targets.length) return false;
    (this.ejected ??= []).push(target);
    return true;
  }

  /** Whether the target has a key that was not tried since the last pause. */
  private hasOtherKey(now: number): boolean {
    const { target, key } = this;
    if (target === null || key === null || target.provider.keys.keys.length < 2) return false;
    return this.pick(target, now, this.with(key)) !== null;
  }

  private with(key: ProviderKey): readonly ProviderKey[] {
    return this.tried === NO_KEYS ? [key] : [...this.tried, key];
  }

  /** A key that is fit; one that rests by our guess alone only at the first try here. */
  private pick(target: CompiledTarget, now: number, tried: readonly ProviderKey[]): ProviderKey | null {
    const { keys } = target.provider;
    const only = this.namedKey(keys);
    if (only === undefined) return keys.pick(target.model, now, tried);
    return tried.includes(only) || only.isLimited(target.model, now) ? null : only;
  }

  /** The key that made what a forwarded request is about, or what another names or goes on from. */
  private namedKey({ keys }: KeyRing): ProviderKey | undefined {
    const { x } = this;
    const named = x.forward?.keyName ?? x.conversation?.owner?.key ?? x.about?.key;
    return named === undefined ? undefined : keys.find((key) => key.name === named);
  }

  /** Nothing was tried at the target yet. */
  private get isFresh(): boolean {
    return this.tries === 0 && this.tried === NO_KEYS;
  }

  private passOver(target: CompiledTarget, now: number): void {
    // One that was tried has been heard of already.
    if (this.tried !== NO_KEYS) return;
    const { provider, model } = target;
    const { keys } = provider;
    const ms = (this.namedKey(keys)?.limitedUntil(model) ?? keys.limitedUntil(model)) - now;
    this.note(target, ms > 0 ? 'resting' : 'no_key');
    if (ms > 0 && ms < (this.resting?.ms ?? Number.POSITIVE_INFINITY))
      this.resting = { provider: provider.id, ms };
  }

  /** For the record: once, however often the request comes by. */
  private note({ provider: { id: provider }, model }: CompiledTarget, why: PassedOver['why']): void {
    const { x } = this;
    if (x.passedOver.some((one) => one.provider === provider && one.model === model)) return;
    x.passedOver = [...x.passedOver, { provider, model, why }];
  }
}
