import { Histogram } from './histogram.js';
import type { LabelSet } from './label-sets.js';
import type { HistogramSample, NumberSample } from './metric-family.js';
import { type MetricLabel, shownName } from './metric-labels.js';

type Names = readonly string[];

/** Labels with their names, those that are shown. */
export function labelsOf(
  names: Names,
  values: readonly string[],
  shown: ReadonlySet<string>,
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (shown.has(name)) labels[shownName(name as MetricLabel)] = values[i] as string;
  }
  return labels;
}

/** Numbers by their labels; those whose labels are the same are one sum. */
export class NumberSums {
  private readonly sums = new Map<string, { labels: Record<string, string>; value: number }>();

  add(labels: Record<string, string>, value: number): void {
    const name = JSON.stringify(labels);
    const known = this.sums.get(name);
    if (known === undefined) this.sums.set(name, { labels, value });
    else known.value += value;
  }

  samples(): NumberSample[] {
    return [...this.sums.values()];
  }
}

/** The same for histograms with the same bounds. Empty ones are left out. */
export function histogramSums<V>(
  sets: readonly LabelSet<V>[],
  names: Names,
  shown: ReadonlySet<string>,
  of: (value: V) => Histogram,
): HistogramSample[] {
  const sums = new Map<string, { labels: Record<string, string>; sum: Histogram; shared: boolean }>();
  for (const { labels: values, value } of sets) {
    const one = of(value);
    if (one.isEmpty) continue;
    const labels = labelsOf(names, values, shown);
    const name = JSON.stringify(labels);
    const known = sums.get(name);
    if (known === undefined) sums.set(name, { labels, sum: one, shared: true });
    else {
      if (known.shared) {
        // The first is what is counted on: it is not to be changed for being shown.
        const copy = new Histogram(one.bounds);
        copy.merge(known.sum);
        known.sum = copy;
        known.shared = false;
      }
      known.sum.merge(one);
    }
  }
  return [...sums.values()].map(({ labels, sum }) => ({
    labels,
    bounds: sum.bounds,
    counts: sum.counts,
    sum: sum.sum,
  }));
}
