import type { SettledRecord } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { viewOf } from '../view.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import type { Bound } from './plan.js';

/** Tells the hooks, already in reverse order. Nobody waits for them and their failures change nothing. True: some are not done yet. */
export function runNotify(hooks: readonly Bound<'settled'>[], record: SettledRecord, x: Exchange): boolean {
  const view = viewOf(x);
  let pending = false;
  for (const hook of hooks) {
    try {
      const told = hook.handler(record, view);
      if (!isThenable(told)) continue;
      pending = true;
      withTimeout(hook, told).catch((reason) => onHookFailure(hook, reason, x));
    } catch (reason) {
      onHookFailure(hook, reason, x);
    }
  }
  return pending;
}
