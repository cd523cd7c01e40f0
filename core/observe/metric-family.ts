import type { Histogram } from './histogram.js';

/** One sample as the metrics library writes it. `metricName` differs from the family's in histograms. */
export interface Sample {
  metricName?: string;
  labels: Record<string, string>;
  value: number;
}

/** A metric with its values of this moment. */
export interface MetricFamily {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  values: Sample[];
}

/** The samples of one histogram: cumulative buckets, sum and count. */
export function histogramSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  histogram: Histogram,
): Sample[] {
  const samples: Sample[] = [];
  let count = 0;
  for (let i = 0; i < histogram.counts.length; i++) {
    count += histogram.counts[i]!;
    const bound = histogram.bounds[i];
    const le = bound === undefined ? '+Inf' : String(bound);
    samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
  }
  samples.push({ metricName: `${name}_sum`, labels: { ...labels }, value: histogram.sum });
  samples.push({ metricName: `${name}_count`, labels: { ...labels }, value: count });
  return samples;
}
