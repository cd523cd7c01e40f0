import type { Phase } from '@headgate/sdk';
import { type GatewayError, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { Bound } from './plan.js';

/**
 * What a failed hook means: with `open` the request goes on and this returns; with `closed` the request fails and this
 * throws. Either way the log says which plugin it was; the client never sees the plugin's own words.
 */
export function onHookFailure(hook: Bound<Phase>, reason: unknown, x: Exchange): void {
  hook.log.error(`${hook.phase} hook failed`, {
    request: x.id,
    failed: hook.onFailure,
    error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
  });
  if (hook.onFailure === 'closed') throw hookError(hook);
}

export function hookError(hook: Bound<Phase>): GatewayError {
  return gatewayError('plugin_failed', { plugin: hook.plugin, phase: hook.phase });
}

/** The promise of a hook, or its time-out, whichever is first. The loser is ignored. */
export function withTimeout<T>(hook: Bound<Phase>, promise: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`took longer than ${hook.timeoutMs} ms`)),
      hook.timeoutMs,
    );
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (reason) => {
        clearTimeout(timer);
        reject(reason);
      },
    );
  });
}

/** Throws when a hook that must be synchronous returned a promise. Nobody waits for it, so what it comes to is ignored. */
export function refusePromise(returned: unknown, why: string): void {
  if (!isThenable(returned)) return;
  returned.then(undefined, () => {});
  throw new TypeError(`it returned a promise, but ${why}`);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
