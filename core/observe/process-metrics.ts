import { collectDefaultMetrics, Registry } from 'prom-client';

let shared: Registry | null = null;

/**
 * CPU time, memory, open files, event loop delay and garbage collection of this process and the calling thread. What
 * observes these cannot be stopped, so there is one of it, however many gateways a program opens and closes.
 */
export class ProcessMetrics {
  private readonly registry = (shared ??= observed());

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

function observed(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  return registry;
}
