import type { Exchange } from '../exchange.js';
import { checkReturn } from './check-return.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import type { Bound } from './plan.js';

type ChainPhase = 'route' | 'upstream' | 'head' | 'response' | 'toolResult';
type Call = (value: unknown, view: unknown) => unknown;

/**
 * Passes a value through the hooks; what one returns goes to the next, nothing leaves it as it is. Never throws: a hook that
 * fails closed makes a rejected promise. Some callers are called by an HTTP client, which takes what is thrown for its own
 * failure to read the answer.
 */
export function runChain<T>(
  hooks: readonly Bound<ChainPhase>[],
  start: T,
  view: unknown,
  x: Exchange,
  from = 0,
): T | Promise<T> {
  let value = start;
  for (let i = from; i < hooks.length; i++) {
    const hook = hooks[i] as Bound<ChainPhase>;
    try {
      const next = (hook.handler as Call)(value, view);
      if (isThenable(next)) return later(hooks, value, view, x, i, next);
      if (next === undefined || next === null) continue;
      checkReturn(hook.phase, next);
      value = next as T;
    } catch (reason) {
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
  pending: PromiseLike<unknown>,
): Promise<T> {
  const hook = hooks[at] as Bound<ChainPhase>;
  let next: T = value;
  try {
    const answer = await withTimeout(hook, pending);
    if (answer !== undefined && answer !== null) {
      checkReturn(hook.phase, answer);
      next = answer as T;
    }
  } catch (reason) {
    onHookFailure(hook, reason, x);
  }
  return runChain(hooks, next, view, x, at + 1);
}
