import type { Registry } from 'prom-client';

/** The start has other things to load. */
const SOON_MS = 1_000;

let shared: Promise<Registry> | null = null;
let awaited = false;

/**
 * CPU time, memory, open files, event loop delay and garbage collection of this process and the calling thread, from a second
 * after the start on, or the first time that somebody asks. What observes these cannot be stopped, so there is one of it,
 * however many gateways a program opens and closes.
 */
export class ProcessMetrics {
  constructor() {
    if (awaited) return;
    awaited = true;
    setTimeout(() => void observed(), SOON_MS).unref();
  }

  async text(): Promise<string> {
    return (await observed()).metrics();
  }
}

function observed(): Promise<Registry> {
  shared ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
    return registry;
  });
  return shared;
}
