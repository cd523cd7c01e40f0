import type { Registry } from 'prom-client';
import type { HistogramSample, Labels, MetricFamily } from './metric-family.js';

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

  async families(): Promise<MetricFamily[]> {
    const registry = await observed();
    return ((await registry.getMetricsAsJSON()) as unknown as Written[]).map(familyOf);
  }
}

/** As the metrics library gives them. */
interface Written {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

function observed(): Promise<Registry> {
  shared ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
    return registry;
  });
  return shared;
}

function familyOf({ name, help, type, values }: Written): MetricFamily {
  if (type === 'histogram') return { name, help, type, values: histogramsOf(name, values) };
  return {
    name,
    help,
    // OpenMetrics has no counter whose name does not say so.
    type: type === 'counter' && name.endsWith('_total') ? 'counter' : 'gauge',
    values: values.map(({ labels, value }) => ({ labels: texts(labels), value })),
  };
}

/** Its samples, cumulative and one line a bucket, put together again. */
function histogramsOf(name: string, values: Written['values']): HistogramSample[] {
  const found = new Map<
    string,
    { labels: Labels; bounds: number[]; counts: number[]; sum: number; all: number }
  >();
  for (const { metricName, labels: given, value } of values) {
    const { le, ...labels } = texts(given);
    const id = JSON.stringify(labels);
    const one = found.get(id) ?? { labels, bounds: [], counts: [], sum: 0, all: 0 };
    found.set(id, one);
    if (metricName === `${name}_sum`) one.sum = value;
    else if (metricName === `${name}_bucket`) {
      if (le !== '+Inf') one.bounds.push(Number(le));
      one.counts.push(value - one.all);
      one.all = value;
    }
  }
  return [...found.values()];
}

function texts(labels: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
