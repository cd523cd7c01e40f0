import type { SettledRecord } from '@headgate/sdk';

/** Labels that say where a request went; each model, provider and operation together has histograms of its own. */
const PLACE_LABELS = ['model', 'provider', 'target_model', 'operation'] as const;
/** Labels that say whose a request was. */
const CALLER_LABELS = ['key', 'organization', 'team', 'project', 'user', 'customer'] as const;
/** Labels that say how it ended. */
const END_LABELS = ['status', 'outcome'] as const;

export const METRIC_LABELS = [...PLACE_LABELS, ...END_LABELS, ...CALLER_LABELS] as const;
export type MetricLabel = (typeof METRIC_LABELS)[number];
export type PlaceLabel = (typeof PLACE_LABELS)[number];
export type CallerLabel = (typeof CALLER_LABELS)[number];

/** As it was before labels could be chosen: a key can be told apart, and whoever it belongs to can be found by it. */
export const USUAL_LABELS: readonly MetricLabel[] = [
  'model',
  'provider',
  'operation',
  'status',
  'outcome',
  'key',
];

export const callerOf: Readonly<Record<CallerLabel, (record: SettledRecord) => string>> = {
  key: (record) => record.keyName,
  organization: (record) => record.org,
  team: (record) => record.team,
  project: (record) => record.project,
  user: (record) => record.user,
  customer: (record) => record.customer,
};

/** What metrics are told by. */
export interface MetricSettings {
  /** Of the gateway's own metrics, as far as each of them knows them. */
  readonly labels: readonly MetricLabel[];
  /** Most sets of labels, beyond which callers are counted as `other`. */
  readonly maxSeries: number;
  /** LiteLLM's names as well. */
  readonly litellmNames: boolean;
}

export const USUAL_METRICS: MetricSettings = { labels: USUAL_LABELS, maxSeries: 5000, litellmNames: false };

/** Labels that are counted by: the ones that are shown, and those that LiteLLM's metrics have. */
export function countedLabels({ labels, litellmNames }: MetricSettings): {
  places: readonly PlaceLabel[];
  callers: readonly CallerLabel[];
} {
  const wanted = (label: MetricLabel): boolean => labels.includes(label);
  return {
    places: PLACE_LABELS.filter((label) => wanted(label) || (litellmNames && label !== 'operation')),
    callers: CALLER_LABELS.filter(
      (label) => wanted(label) || (litellmNames && ['key', 'team', 'user', 'customer'].includes(label)),
    ),
  };
}
