import type { Exchange } from '../exchange.js';
import { viewOf } from '../view.js';
import { onHookFailure, refusePromise } from './guarded.js';
import { RepeatedHook } from './hook-times.js';
import type { Bound } from './plan.js';

/** The byte taps of one answer. A tap that throws is unplugged for the rest of it, and the bytes go on. */
export class ByteTaps {
  private plugged: readonly { hook: Bound<'bytes'>; time: RepeatedHook }[];

  constructor(
    hooks: readonly Bound<'bytes'>[],
    private readonly view: unknown,
    private readonly x: Exchange,
  ) {
    this.plugged = hooks.map((hook) => ({ hook, time: new RepeatedHook(x, hook) }));
  }

  see(chunk: Uint8Array): void {
    for (const one of this.plugged) {
      const { hook, time } = one;
      time.begin();
      try {
        refusePromise(hook.handler(chunk, this.view as never), 'taps are synchronous');
        time.end('passed');
      } catch (reason) {
        time.end('failed');
        this.plugged = this.plugged.filter((other) => other !== one);
        onHookFailure(hook, reason, this.x);
      }
    }
  }
}

/** The taps of an answer that is sent as one. They see it just before, since sending it also settles the request. */
export function tapWhole(x: Exchange, body: Uint8Array | string): void {
  const hooks = x.plan?.bytes ?? null;
  if (hooks === null || x.answered) return;
  new ByteTaps(hooks, viewOf(x), x).see(typeof body === 'string' ? Buffer.from(body) : body);
}

/** The taps of an answer that comes in pieces, or null. */
export function openTaps(x: Exchange): ByteTaps | null {
  const hooks = x.plan?.bytes ?? null;
  return hooks === null ? null : new ByteTaps(hooks, viewOf(x), x);
}
