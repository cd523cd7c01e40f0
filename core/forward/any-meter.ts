import type { Meter, StreamMeter, Usage } from '@headgate/sdk';

/** A meter for answers of which it is not known which of several formats they are in: the one that finds usage is right. */
export function anyMeter(meters: readonly Meter[]): Meter {
  return {
    body: (body) => firstUsage(meters, (meter) => meter.body(body)),
    stream: (options) => new AnyStreamMeter(meters.map((meter) => meter.stream(options))),
  };
}

class AnyStreamMeter implements StreamMeter {
  constructor(private readonly meters: readonly StreamMeter[]) {}

  push(events: Buffer): Buffer {
    for (const meter of this.meters) meter.push(events);
    return events;
  }

  get finished(): boolean {
    return this.meters.some((meter) => meter.finished);
  }

  get failed(): boolean {
    return this.meters.some((meter) => meter.failed);
  }

  get started(): boolean {
    return this.meters.some((meter) => meter.started);
  }

  usage(): Usage | null {
    return firstUsage(this.meters, (meter) => meter.usage());
  }
}

function firstUsage<M>(meters: readonly M[], read: (meter: M) => Usage | null): Usage | null {
  for (const meter of meters) {
    const usage = read(meter);
    if (usage !== null) return usage;
  }
  return null;
}
