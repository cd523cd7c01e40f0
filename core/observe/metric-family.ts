export type Labels = Readonly<Record<string, string>>;

/** A number of a counter or a gauge. */
export interface NumberSample {
  readonly labels: Labels;
  readonly value: number;
}

/** A histogram: counts by upper bound, not cumulative, and one more for what lies above all bounds. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly bounds: readonly number[];
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/** A metric with its values of this moment. Names of counters end in `_total`. */
export type MetricFamily = NumberFamily | HistogramFamily;

export interface NumberFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: NumberSample[];
}

export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly values: HistogramSample[];
}

export function counter(name: string, help: string, values: NumberSample[] = []): NumberFamily {
  return { name, help, type: 'counter', values };
}

export function gauge(name: string, help: string, values: NumberSample[] = []): NumberFamily {
  return { name, help, type: 'gauge', values };
}

export function histogram(name: string, help: string, values: HistogramSample[] = []): HistogramFamily {
  return { name, help, type: 'histogram', values };
}

/** A metric of one value. */
export function single(type: NumberFamily['type'], name: string, help: string, value: number): NumberFamily {
  return { name, help, type, values: [{ labels: {}, value }] };
}
