import type { BaseView, CanonicalError, SettledRecord } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { viewOf } from '../view.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import type { Bound } from './plan.js';

interface Told {
  settled: SettledRecord;
  refused: CanonicalError;
}

/** Tells the hooks, already in reverse order. Nobody waits for them and their failures change nothing. True: some are not done yet. */
export function runNotify<P extends keyof Told>(
  hooks: readonly Bound<P>[],
  value: Told[P],
  x: Exchange,
): boolean {
  const view = viewOf(x);
  let pending = false;
  for (const hook of hooks) {
    try {
      const told = (hook.handler as (value: Told[P], view: BaseView) => unknown)(value, view);
      if (!isThenable(told)) continue;
      pending = true;
      withTimeout(hook as Bound<keyof Told>, told).catch((reason) =>
        onHookFailure(hook as Bound<keyof Told>, reason, x),
      );
    } catch (reason) {
      onHookFailure(hook as Bound<keyof Told>, reason, x);
    }
  }
  return pending;
}
