import type { Operation, SettledRecord } from '@headgate/sdk';
import { AttemptSeries } from './attempt-series.js';
import { Histogram } from './histogram.js';
import { type LabelSet, LabelSets, Room } from './label-sets.js';
import {
  type CallerLabel,
  countedLabels,
  type MetricSettings,
  type PlaceLabel,
  readerOf,
  USUAL_METRICS,
} from './metric-labels.js';
import { ModelSeries, type TimeSeries } from './model-series.js';

const OVERHEADS = [
  25e-6, 50e-6, 75e-6, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1,
];

/** Mixes of model, provider and operation that get labels of their own; each has histograms. */
const MOST_PLACES = 500;

/** Sums of settled records since the process started, by label set. `requestFamilies` shows them. */
export class RequestMetrics {
  readonly places: readonly PlaceLabel[];
  readonly callers: readonly CallerLabel[];
  /** By {@link places}; in each, by {@link callers}. */
  readonly models: LabelSets<ModelSeries>;
  /** By provider and the provider's model. */
  readonly attempts: LabelSets<AttemptSeries>;
  /** Seconds. */
  readonly overheads = new Map<Operation, Histogram>();
  readonly room: Readonly<Record<'models' | 'callers' | 'times' | 'attempts', Room>>;
  private readonly mostPlaces: number;
  /** Models that led to a provider. */
  private readonly realModels = new Set<string>();
  private readonly placeLabels: string[] = [];
  private readonly callerLabels: string[] = [];
  private readonly timeLabels: string[] = [];
  private readonly callerValues: readonly ((record: SettledRecord) => string)[];
  private readonly timeValues: readonly ((record: SettledRecord) => string)[];

  constructor(
    readonly settings: MetricSettings = USUAL_METRICS,
    /** A label as it may be shown: clients choose some of them. */
    safe?: (label: string) => string,
    mostPlaces = MOST_PLACES,
  ) {
    const { places, callers } = countedLabels(settings);
    this.places = places;
    this.callers = callers;
    this.mostPlaces = mostPlaces;
    this.callerValues = callers.map(readerOf);
    this.timeValues = settings.timeLabels.map(readerOf);
    this.room = {
      models: new Room(mostPlaces),
      callers: new Room(settings.maxSeries),
      times: new Room(settings.maxTimes),
      attempts: new Room(mostPlaces),
    };
    this.models = new LabelSets(
      places.length,
      this.room.models,
      () => new ModelSeries({ callers: callers.length, times: settings.timeLabels.length }, this.room, safe),
      safe,
    );
    this.attempts = new LabelSets(2, this.room.attempts, () => new AttemptSeries(), safe);
  }

  add(records: Iterable<SettledRecord>): void {
    for (const record of records) this.addOne(record);
  }

  private addOne(record: SettledRecord): void {
    const { places, placeLabels, callerLabels, timeLabels, callerValues, timeValues } = this;
    for (let i = 0; i < places.length; i++) placeLabels[i] = this.placeLabel(places[i] as PlaceLabel, record);
    for (let i = 0; i < callerValues.length; i++) callerLabels[i] = callerValues[i]!(record);
    for (let i = 0; i < timeValues.length; i++) timeLabels[i] = timeValues[i]!(record);
    const series = this.models.at(placeLabels);
    series.add(record);
    series.callers.at(callerLabels).add(record);
    series.times.at(timeLabels).add(record);
    this.overhead(record.operation).observe(record.overheadUs / 1e6);
    let [provider, model] = ['', ''];
    for (const attempt of record.attempts) {
      const isRetry = attempt.provider === provider && attempt.model === model;
      provider = attempt.provider;
      model = attempt.model;
      this.attempts.at([provider, model]).add(attempt, isRetry);
    }
  }

  /** Names of the labels of {@link times}. */
  get timeNames(): readonly string[] {
    return [...this.places, ...this.settings.timeLabels];
  }

  /** How long requests took, by places and those labels of callers that times are told by. */
  times(): LabelSet<TimeSeries>[] {
    return this.models
      .entries()
      .flatMap(({ labels, value }) =>
        value.times.entries().map((one) => ({ labels: [...labels, ...one.labels], value: one.value })),
      );
  }

  private placeLabel(label: PlaceLabel, record: SettledRecord): string {
    if (label === 'model') return this.modelLabel(record);
    if (label === 'provider') return record.provider;
    return label === 'operation' ? record.operation : record.targetModel;
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
    const { model } = record;
    if (model === '' || this.realModels.has(model)) return model;
    if (record.provider === '') return 'unknown';
    if (this.realModels.size < this.mostPlaces) this.realModels.add(model);
    return model;
  }
}
