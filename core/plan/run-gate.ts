import type { Reply } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { checkReturn } from './check-return.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import { hookBegun, hookDone, hookEnded, outcomeOf } from './hook-times.js';
import type { Bound } from './plan.js';

type GatePhase = 'identify' | 'request' | 'tool';
type Answer<T> = T | Reply | undefined;
/** Gates are called with the one view of the exchange, whatever their needs narrow it to. */
type Call = (view: unknown) => unknown;

/**
 * Runs gates in order until one answers. Synchronous until a hook returns a promise.
 *
 * @param at now, monotonic milliseconds
 */
export function runGate<T>(
  hooks: readonly Bound<GatePhase>[],
  view: unknown,
  x: Exchange,
  at = performance.now(),
  from = 0,
): Answer<T> | Promise<Answer<T>> {
  for (let i = from; i < hooks.length; i++) {
    const hook = hooks[i] as Bound<GatePhase>;
    try {
      const answer = (hook.handler as Call)(view);
      if (isThenable(answer)) return later<T>(hooks, view, x, at, i, answer);
      if (answer !== undefined && answer !== null) {
        checkReturn(hook.phase, answer);
        hookDone(x, hook, at, outcomeOf(answer));
        return answer as Answer<T>;
      }
      at = hookDone(x, hook, at, 'passed');
    } catch (reason) {
      at = hookDone(x, hook, at, 'failed');
      onHookFailure(hook, reason, x);
    }
  }
  return undefined;
}

async function later<T>(
  hooks: readonly Bound<GatePhase>[],
  view: unknown,
  x: Exchange,
  at: number,
  i: number,
  pending: PromiseLike<unknown>,
): Promise<Answer<T>> {
  const hook = hooks[i] as Bound<GatePhase>;
  const time = hookBegun(x, hook, at);
  let endedAt: number;
  try {
    const answer = await withTimeout(hook, pending);
    if (answer !== undefined && answer !== null) {
      checkReturn(hook.phase, answer);
      hookEnded(x, time, outcomeOf(answer));
      return answer as Answer<T>;
    }
    endedAt = hookEnded(x, time, 'passed');
  } catch (reason) {
    endedAt = hookEnded(x, time, 'failed');
    onHookFailure(hook, reason, x);
  }
  // The client has left while the hook thought: what later gates would reserve, nobody would give back.
  return x.answered ? undefined : runGate<T>(hooks, view, x, endedAt, i + 1);
}
