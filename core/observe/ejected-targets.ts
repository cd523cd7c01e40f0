import type { ThreadGauges } from './recorder-protocol.js';

/** A target that was taken out at some time. */
export interface EjectedEverywhere {
  readonly provider: string;
  readonly model: string;
  /** Threads in which it is out. */
  threads: number;
  /** How often it was taken out, in all threads and for all models that it is a target of. */
  times: number;
}

/** What threads say of targets that were taken out, put together. */
export function ejectedTargets(gauges: readonly ThreadGauges[]): EjectedEverywhere[] {
  const found = new Map<string, EjectedEverywhere>();
  for (const { ejected = [] } of gauges) {
    const outHere = new Set<EjectedEverywhere>();
    for (const { provider, model, out, times } of ejected) {
      const name = JSON.stringify([provider, model]);
      const known = found.get(name) ?? { provider, model, threads: 0, times: 0 };
      found.set(name, known);
      known.times += times;
      if (out) outHere.add(known);
    }
    for (const one of outHere) one.threads++;
  }
  return [...found.values()];
}
