import { collectDefaultMetrics, Registry } from 'prom-client';

/** CPU time, memory, open files, event loop delay and garbage collection of this process and the calling thread. */
export class ProcessMetrics {
  private readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 50 });
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
