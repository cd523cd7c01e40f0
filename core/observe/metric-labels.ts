import type { SettledRecord } from '@headgate/sdk';

/** Labels that say where a request went; each model, provider and operation together has histograms of its own. */
const PLACE_LABELS = ['model', 'provider', 'target_model', 'operation'] as const;
/** Labels that say whose a request was. */
const CALLER_LABELS = ['key', 'key_id', 'organization', 'team', 'project', 'user', 'customer'] as const;
/** Labels that say how it ended. */
const END_LABELS = ['status', 'outcome'] as const;

export const METRIC_LABELS = [...PLACE_LABELS, ...END_LABELS, ...CALLER_LABELS] as const;
/** One of the fields of `x-headgate-metadata`. */
export type MetadataLabel = `metadata.${string}`;
export type PlaceLabel = (typeof PLACE_LABELS)[number];
/** Those that say whose a request was, and what its caller said of it. */
export type CallerLabel = (typeof CALLER_LABELS)[number] | MetadataLabel;
export type MetricLabel = (typeof METRIC_LABELS)[number] | MetadataLabel;

const METADATA = 'metadata.';

export function isMetadata(label: string): label is MetadataLabel {
  return label.startsWith(METADATA);
}

/** The field that a label is about. */
export function fieldOf(label: MetadataLabel): string {
  return label.slice(METADATA.length);
}

/** A label as Prometheus may have it: `metadata.cost-center` is `metadata_cost_center`. */
export function shownName(label: MetricLabel): string {
  return label.replace(/\W/g, '_');
}

/** Whether a label says whose a request was, rather than where it went or how it ended. */
export function isCaller(label: MetricLabel): label is CallerLabel {
  return isMetadata(label) || (CALLER_LABELS as readonly string[]).includes(label);
}

/** As it was before labels could be chosen: a key can be told apart, and whoever it belongs to can be found by it. */
export const USUAL_LABELS: readonly MetricLabel[] = [
  'model',
  'provider',
  'operation',
  'status',
  'outcome',
  'key',
];

const callerOf: Readonly<Record<(typeof CALLER_LABELS)[number], (record: SettledRecord) => string>> = {
  key: (record) => record.keyName,
  key_id: (record) => record.keyId,
  organization: (record) => record.org,
  team: (record) => record.team,
  project: (record) => record.project,
  user: (record) => record.user,
  customer: (record) => record.customer,
};

/** What a label is of a record; `''` where it says nothing. */
export function readerOf(label: CallerLabel): (record: SettledRecord) => string {
  if (!isMetadata(label)) return callerOf[label];
  const field = fieldOf(label);
  return ({ metadata }) => (Object.hasOwn(metadata, field) ? (metadata[field] ?? '') : '');
}

/** What metrics are told by. */
export interface MetricSettings {
  /** Of the gateway's own metrics, as far as each of them knows them. */
  readonly labels: readonly MetricLabel[];
  /** Labels of callers that times are told by as well. */
  readonly timeLabels: readonly CallerLabel[];
  /** Most sets of labels, beyond which callers are counted as `other`. */
  readonly maxSeries: number;
  /** The same for the times of callers, each of which is many numbers. */
  readonly maxTimes: number;
  /** LiteLLM's names as well. */
  readonly litellmNames: boolean;
}

export const USUAL_METRICS: MetricSettings = {
  labels: USUAL_LABELS,
  timeLabels: [],
  maxSeries: 5000,
  maxTimes: 500,
  litellmNames: false,
};

/** Labels that LiteLLM's metrics have of callers. */
const LITELLM_CALLERS: readonly CallerLabel[] = ['key', 'key_id', 'team', 'user', 'customer'];

/** Labels that are counted by: the ones that are shown, and those that LiteLLM's metrics have. */
export function countedLabels({ labels, litellmNames }: MetricSettings): {
  places: readonly PlaceLabel[];
  callers: readonly CallerLabel[];
} {
  const wanted = (label: MetricLabel): boolean => labels.includes(label);
  return {
    places: PLACE_LABELS.filter((label) => wanted(label) || litellmNames),
    callers: [
      ...CALLER_LABELS.filter((label) => wanted(label) || (litellmNames && LITELLM_CALLERS.includes(label))),
      ...labels.filter(isMetadata),
    ],
  };
}
