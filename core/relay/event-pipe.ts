import { foldEvents, type Reply, type StreamEvent, unfoldResponse } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Bound } from '../plan/plan.js';
import { runChain } from '../plan/run-chain.js';
import { EventMaps } from '../plan/run-map.js';
import { viewOf } from '../view.js';
import { HoldStage } from './hold.js';

type Push = (event: StreamEvent) => void;

/** Where the events of a pipe end up. */
export interface EventOutlet {
  write(event: StreamEvent): void;
  /** A guard that made the provider wait is done. */
  resume(): void;
  /** A guard wants something else to be said. Nothing is written afterwards. */
  block(reply: Reply): void;
  /** A hook that fails closed has failed. Nothing is written afterwards. */
  fail(reason: unknown): void;
}

/**
 * The answer hooks over hub events, in order: map hooks, hold windows, then (when some plugin needs the whole answer)
 * everything is collected, run through the response chain and taken apart again. With no hooks it is the outlet itself.
 */
export class EventPipe {
  readonly push: Push;
  /** Guards that are thinking; the provider should wait while there are any. */
  busy = 0;
  private stopped = false;

  constructor(
    private readonly x: Exchange,
    private readonly outlet: EventOutlet,
  ) {
    const { plan } = x;
    let next: Push = (event) => {
      if (!this.stopped) outlet.write(event);
    };
    if (plan?.response != null) next = this.collect(plan.response, next);
    for (const hook of [...(plan?.event ?? [])].reverse()) {
      if (hook.hold !== null) next = this.hold(hook, next);
    }
    const maps = plan?.event?.filter((hook) => hook.hold === null) ?? [];
    if (maps.length > 0) {
      const through = new EventMaps(maps, viewOf(x), x, next);
      next = (event) => through.push(event);
    }
    this.push = next;
  }

  private hold(hook: Bound<'event'>, next: Push): Push {
    const stage = new HoldStage(this.x, hook, {
      release: next,
      begin: () => {
        this.busy++;
      },
      done: () => {
        this.busy--;
        if (this.busy === 0 && !this.stopped) this.outlet.resume();
      },
      block: (reply) => this.stop(() => this.outlet.block(reply)),
      fail: (reason) => this.stop(() => this.outlet.fail(reason)),
    });
    // Once one guard has stopped the answer, the others need not look at the rest of it.
    return (event) => {
      if (!this.stopped) stage.push(event);
    };
  }

  private collect(hooks: readonly Bound<'response'>[], next: Push): Push {
    let events: StreamEvent[] = [];
    return (event) => {
      events.push(event);
      if (event.type === 'error') {
        next(event);
        return;
      }
      if (event.type !== 'end') return;
      const response = foldEvents(events);
      events = [];
      const release = (value: typeof response): void => {
        for (const one of unfoldResponse(value)) next(one);
      };
      try {
        const changed = runChain(hooks, response, viewOf(this.x), this.x);
        if (!(changed instanceof Promise)) release(changed);
        else changed.then(release).catch((reason) => this.stop(() => this.outlet.fail(reason)));
      } catch (reason) {
        this.stop(() => this.outlet.fail(reason));
      }
    };
  }

  private stop(last: () => void): void {
    if (this.stopped) return;
    this.stopped = true;
    last();
  }
}
