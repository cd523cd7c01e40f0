import type { Operation, SettledRecord } from '@headgate/sdk';
import { isUnpriced } from '../store/unpriced.js';
import { Histogram } from './histogram.js';
import { LabelPairs } from './label-pairs.js';
import { ModelSeries } from './model-series.js';

const OVERHEADS = [
  25e-6, 50e-6, 75e-6, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1,
];

/** Pairs of model and provider that get labels of their own. */
const MOST_PAIRS = 500;
/** Caller's keys, over all models, that get a label of their own. */
const MOST_KEYS = 2000;
const OTHER = 'other';

/** Sums of settled records since the process started, by label set. `metricFamilies` shows them. */
export class RequestMetrics {
  /** By model and provider. */
  readonly models: LabelPairs<ModelSeries>;
  /** Attempts by status, by provider and the provider's model. */
  readonly attempts: LabelPairs<Map<number, number>>;
  /** Seconds. */
  readonly overheads = new Map<Operation, Histogram>();
  /** Models that led to a provider. */
  private readonly realModels = new Set<string>();
  private keyLabels = 0;

  constructor(
    private readonly mostPairs = MOST_PAIRS,
    private readonly mostKeys = MOST_KEYS,
  ) {
    this.models = new LabelPairs(mostPairs, () => new ModelSeries());
    this.attempts = new LabelPairs(mostPairs, () => new Map<number, number>());
  }

  add(records: Iterable<SettledRecord>): void {
    for (const record of records) this.addOne(record);
  }

  private addOne(record: SettledRecord): void {
    const series = this.models.at(this.modelLabel(record), record.provider);
    const operation = series.operation(record.operation);
    operation.duration.observe(record.totalMs / 1000);
    operation.end(record.outcome, record.status);
    if (record.firstTokenMs !== null) series.firstToken.observe(record.firstTokenMs / 1000);
    if (record.usage !== null) series.addUsage(record.usage);
    if (record.costNano !== null) this.addCost(series, record.keyName, record.costNano);
    else if (isUnpriced(record)) series.unpriced++;
    this.overhead(record.operation).observe(record.overheadUs / 1e6);
    for (const { provider, model, status } of record.attempts) {
      const statuses = this.attempts.at(provider, model);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }

  private addCost(series: ModelSeries, keyName: string, nano: number): void {
    let label = keyName;
    if (!series.costs.has(label)) {
      if (this.keyLabels >= this.mostKeys) label = OTHER;
      else this.keyLabels++;
    }
    series.costs.set(label, (series.costs.get(label) ?? 0) + nano);
  }

  private overhead(operation: Operation): Histogram {
    let histogram = this.overheads.get(operation);
    if (histogram === undefined) {
      histogram = new Histogram(OVERHEADS);
      this.overheads.set(operation, histogram);
    }
    return histogram;
  }

  /** A refused request names whatever its client made up; only models that led to a provider become labels. */
  private modelLabel(record: SettledRecord): string {
    const model = record.model;
    if (model === '' || this.realModels.has(model)) return model;
    if (record.provider === '') return 'unknown';
    if (this.realModels.size < this.mostPairs) this.realModels.add(model);
    return model;
  }
}
