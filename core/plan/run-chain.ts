import type { Exchange } from '../exchange.js';
import { checkReturn } from './check-return.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import { hookBegun, hookDone, hookEnded } from './hook-times.js';
import type { Bound } from './plan.js';

type ChainPhase = 'route' | 'upstream' | 'head' | 'response' | 'toolResult';
type Call = (value: unknown, view: unknown) => unknown;

/**
 * Passes a value through the hooks; what one returns goes to the next, nothing leaves it as it is. Never throws: a hook that
 * fails closed makes a rejected promise. Some callers are called by an HTTP client, which takes what is thrown for its own
 * failure to read the answer.
 *
 * @param at now, monotonic milliseconds
 */
export function runChain<T>(
  hooks: readonly Bound<ChainPhase>[],
  start: T,
  view: unknown,
  x: Exchange,
  at = performance.now(),
  from = 0,
): T | Promise<T> {
  let value = start;
  for (let i = from; i < hooks.length; i++) {
    const hook = hooks[i] as Bound<ChainPhase>;
    try {
      const next = (hook.handler as Call)(value, view);
      if (isThenable(next)) return later(hooks, value, view, x, at, i, next);
      if (next === undefined || next === null) {
        at = hookDone(x, hook, at, 'passed');
        continue;
      }
      checkReturn(hook.phase, next);
      value = next as T;
      at = hookDone(x, hook, at, 'changed');
    } catch (reason) {
      at = hookDone(x, hook, at, 'failed');
      const closed = failedClosed(hook, reason, x);
      if (closed !== null) return closed;
    }
  }
  return value;
}

function failedClosed(hook: Bound<ChainPhase>, reason: unknown, x: Exchange): Promise<never> | null {
  try {
    onHookFailure(hook, reason, x);
    return null;
  } catch (closed) {
    return Promise.reject(closed);
  }
}

async function later<T>(
  hooks: readonly Bound<ChainPhase>[],
  value: T,
  view: unknown,
  x: Exchange,
  at: number,
  i: number,
  pending: PromiseLike<unknown>,
): Promise<T> {
  const hook = hooks[i] as Bound<ChainPhase>;
  const time = hookBegun(x, hook, at);
  let next: T = value;
  let endedAt: number;
  try {
    const answer = await withTimeout(hook, pending);
    const says = answer !== undefined && answer !== null;
    if (says) {
      checkReturn(hook.phase, answer);
      next = answer as T;
    }
    endedAt = hookEnded(x, time, says ? 'changed' : 'passed');
  } catch (reason) {
    endedAt = hookEnded(x, time, 'failed');
    onHookFailure(hook, reason, x);
  }
  return runChain(hooks, next, view, x, endedAt, i + 1);
}
