import type { StreamEvent } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { checkReturn } from './check-return.js';
import { onHookFailure, refusePromise } from './guarded.js';
import { RepeatedHook } from './hook-times.js';
import type { Bound } from './plan.js';

/** The map hooks of one answer: each event goes through all of them, and what comes out of the last one to `emit`. */
export class EventMaps {
  /** Hooks that have failed open: their failure is logged once an answer, not once an event. */
  private readonly failed = new Set<Bound<'event'>>();
  private readonly times: readonly RepeatedHook[];

  constructor(
    private readonly hooks: readonly Bound<'event'>[],
    private readonly view: unknown,
    private readonly x: Exchange,
    private readonly emit: (event: StreamEvent) => void,
  ) {
    this.times = hooks.map((hook) => new RepeatedHook(x, hook));
  }

  push(event: StreamEvent): void {
    this.run(event, 0);
  }

  private run(event: StreamEvent, from: number): void {
    for (let i = from; i < this.hooks.length; i++) {
      const mapped = this.call(i, event);
      if (mapped === undefined || mapped === event) continue;
      if (mapped !== null && !isList(mapped) && !isLast(event)) {
        event = mapped;
        continue;
      }
      const said = mapped === null ? NONE : isList(mapped) ? mapped : [mapped];
      for (const one of said) this.run(one, i + 1);
      // A hook may say more before the end, but cannot take the end away: the client would wait for it.
      if (!isLast(event) || said.some(isLast)) return;
    }
    this.emit(event);
  }

  /** What the hook makes of the event; undefined when it fails open. */
  private call(i: number, event: StreamEvent): ReturnType<Bound<'event'>['handler']> {
    const hook = this.hooks[i] as Bound<'event'>;
    const time = this.times[i] as RepeatedHook;
    time.begin();
    try {
      const mapped = hook.handler(event, this.view as never);
      if (mapped !== undefined && mapped !== null) {
        refusePromise(mapped, 'it is synchronous: use a hold window to wait for something');
        checkReturn('event', mapped);
      }
      time.end(mapped === undefined || mapped === event ? 'passed' : 'changed');
      return mapped;
    } catch (reason) {
      time.end('failed');
      if (this.failed.has(hook)) return undefined;
      this.failed.add(hook);
      onHookFailure(hook, reason, this.x);
      return undefined;
    }
  }
}

const NONE: readonly StreamEvent[] = [];

/** After these nothing comes. */
export function isLast(event: StreamEvent): boolean {
  return event.type === 'end' || event.type === 'error';
}

function isList(mapped: StreamEvent | readonly StreamEvent[]): mapped is readonly StreamEvent[] {
  return Array.isArray(mapped);
}
