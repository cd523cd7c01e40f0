import { LIVE_MS } from './hold-writer.js';
import { IDLE_LOOKS, type Lease } from './lease.js';
import type { Lessor } from './lessor.js';

const LOOK_MS = 100;
/** What was used is told to the others as often as that, and of what is in use is heard what they used. */
const TOLD_MS = 1_000;
/** Counters that nobody waited for are looked at, too, a part of them each time, so that it takes so many looks for all. */
const ALL_LOOKS = 10;
/** Looks without growth after which a counter is looked at rarely. */
const ASLEEP_LOOKS = 50;

/** Looks at the counters that are in use: raises their margins before they run out, and gives back what is idle. */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private rest: Iterator<Lease> | null = null;

  constructor(
    private readonly lessor: Lessor,
    private readonly monotonic: () => number,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  look(): void {
    const { lessor } = this;
    this.lookAround();
    for (const lease of lessor.active) this.lookAt(lease);
  }

  /** Settled for more than was reserved, soft budgets, what plugins add: nobody had to wait for these. */
  private lookAround(): void {
    const { lessor } = this;
    this.rest ??= lessor.leases.values();
    for (let left = Math.ceil(lessor.leases.size / ALL_LOOKS); left > 0; left--) {
      const { value: lease, done } = this.rest.next();
      if (done === true) {
        this.rest = null;
        return;
      }
      if (!lessor.active.has(lease) && lessor.holds.read(lease).count !== lease.written.count)
        lessor.active.add(lease);
    }
  }

  private lookAt(lease: Lease): void {
    const { lessor } = this;
    if (lease.serving) return;
    const { count, hold } = lessor.holds.read(lease);
    const since = this.monotonic() - lease.written.at;
    const free = lease.look(count, hold);
    if (lessor.away) {
      if (lease.isLive && since > LIVE_MS - TOLD_MS) lessor.fence(lease);
      return;
    }
    const margin = lease.margin();
    const wants = lease.rising && hold - count < margin / 2;
    if (free > 0) void lessor.renew(lease, { lower: free });
    else if (wants) void lessor.renew(lease, { want: margin });
    else if (
      since > TOLD_MS &&
      (count !== lease.written.count || lease.idle < IDLE_LOOKS || (lease.isLive && hold > 0))
    )
      void lessor.renew(lease, {});
    else if (
      lease.idle > ASLEEP_LOOKS &&
      hold <= count &&
      count === lease.written.count &&
      !(lease.isLive && count > 0)
    )
      lessor.active.delete(lease);
  }
}
