import type { SettledRecord } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { viewOf } from '../view.js';
import { isThenable, onHookFailure, withTimeout } from './guarded.js';
import type { Bound } from './plan.js';

/** Tells the hooks, already in reverse order. Nobody waits for them and their failures change nothing. */
export function runNotify(hooks: readonly Bound<'settled'>[], record: SettledRecord, x: Exchange): void {
  const view = viewOf(x);
  for (const hook of hooks) {
    try {
      const told = hook.handler(record, view);
      if (isThenable(told)) withTimeout(hook, told).catch((reason) => onHookFailure(hook, reason, x));
    } catch (reason) {
      onHookFailure(hook, reason, x);
    }
  }
}
