import { type Metric, Registry } from 'prom-client';
import type { MetricFamily } from './metric-family.js';

/** Metrics as Prometheus text, written by the library so that names and labels are escaped as its readers expect. */
export function exposition(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry();
  for (const family of families) registry.registerMetric(asMetric(family));
  return registry.metrics();
}

/** The registry asks a metric for nothing but its name and `get()`; the library's own metrics would keep a second copy. */
function asMetric(family: MetricFamily): Metric {
  const metric = { name: family.name, get: () => Promise.resolve(family) };
  return metric as unknown as Metric;
}
