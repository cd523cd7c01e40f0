import type { LabelSet } from './label-sets.js';
import { counter, gauge, histogram, type MetricFamily } from './metric-family.js';
import type { MetricLabel } from './metric-labels.js';
import type { RequestMetrics } from './metrics.js';
import { type CallerSeries, LIMIT_CODES, type ModelSeries, TOKEN_KINDS } from './model-series.js';
import { histogramSums, labelsOf, NumberSums } from './shown-labels.js';

type Shown = ReadonlySet<string>;

/** Kinds of tokens, the first ones, that are told when there are none, too. */
const ALWAYS_TOLD = 5;

/** The request metrics as Prometheus families, by the labels that are to be shown. */
export function requestFamilies(metrics: RequestMetrics): MetricFamily[] {
  const shown = new Set<string>(metrics.settings.labels);
  return [
    ...countFamilies(metrics, shown),
    ...timeFamilies(metrics, shown),
    ...attemptFamilies(metrics),
    overflowFamily(metrics),
  ];
}

/** Every caller at every model, with their labels. */
export function* callerSets({ models, places }: RequestMetrics): Generator<{
  place: LabelSet<ModelSeries>;
  caller: LabelSet<CallerSeries>;
  routed: boolean;
}> {
  const provider = places.indexOf('provider');
  // A refused request has neither tokens nor a cost: zeros for it would only be noise.
  for (const place of models.entries())
    for (const caller of place.value.callers.entries())
      yield { place, caller, routed: provider < 0 || place.labels[provider] !== '' };
}

function countFamilies(metrics: RequestMetrics, shown: Shown): MetricFamily[] {
  const [requests, errors, limits] = [new NumberSums(), new NumberSums(), new NumberSums()];
  const [tokens, costs, unpriced, fallbacks] = [
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
  ];
  const caches = new NumberSums();
  const noOperation = without(shown, 'operation', 'target_model');
  const inRequests = shown;
  for (const { place, caller, routed } of callerSets(metrics)) {
    const { value: series } = caller;
    const labels = (which: Shown): Record<string, string> => ({
      ...labelsOf(metrics.places, place.labels, which),
      ...labelsOf(metrics.callers, caller.labels, which),
    });
    const full = labels(inRequests);
    for (const [outcome, statuses] of series.ends)
      for (const [status, value] of statuses)
        requests.add(
          {
            ...full,
            ...(shown.has('status') && { status: String(status) }),
            ...(shown.has('outcome') && { outcome }),
          },
          value,
        );
    for (const [code, statuses] of series.errors) {
      const value = sumOf(statuses);
      errors.add({ ...full, code }, value);
      if (LIMIT_CODES.has(code))
        limits.add({ ...labelsOf(metrics.callers, caller.labels, shown), code }, value);
    }
    if (!routed && series.cache.size === 0) continue;
    const few = labels(noOperation);
    for (const [result, value] of series.cache) caches.add({ ...few, result }, value);
    if (!routed) continue;
    TOKEN_KINDS.forEach((kind, i) => {
      const value = series.tokens[i] as number;
      // Few models hear or speak.
      if (i < ALWAYS_TOLD || value > 0) tokens.add({ ...few, kind }, value);
    });
    if (series.priced > 0) costs.add(few, series.costNano / 1e9);
  }
  for (const { labels: values, value } of metrics.models.entries()) {
    const labels = labelsOf(metrics.places, values, noOperation);
    if (labels['provider'] === '') continue;
    unpriced.add(labels, value.unpriced);
    if (value.fallbacks > 0) fallbacks.add({ ...labels, outcome: 'ok' }, value.fallbacks);
    if (value.failedFallbacks > 0) fallbacks.add({ ...labels, outcome: 'error' }, value.failedFallbacks);
  }
  return [
    counter(
      'headgate_requests_total',
      'Requests by how they ended; status 0 when the client left first.',
      requests.samples(),
    ),
    counter('headgate_errors_total', 'Requests that ended with an error, by its code.', errors.samples()),
    counter(
      'headgate_limits_hit_total',
      'Requests refused for a limit or a budget, by the code of the refusal.',
      limits.samples(),
    ),
    counter(
      'headgate_tokens_total',
      'Tokens; input includes what was read from or written to a cache, output includes reasoning.',
      tokens.samples(),
    ),
    counter('headgate_cost_usd_total', 'US dollars.', costs.samples()),
    counter(
      'headgate_cache_requests_total',
      'Requests that a cache was there for, by what it said: `miss`, `bypass`, `hit-exact`, `hit-semantic`.',
      caches.samples(),
    ),
    counter(
      'headgate_unpriced_requests_total',
      'Requests that used a provider at a cost nobody knows.',
      unpriced.samples(),
    ),
    counter(
      'headgate_fallbacks_total',
      'Requests whose first target was not the one that ended them; provider is the last that was asked.',
      fallbacks.samples(),
    ),
  ];
}

function timeFamilies(metrics: RequestMetrics, shown: Shown): MetricFamily[] {
  const sets = metrics.times();
  const names = metrics.timeNames;
  const told = new Set<string>([...shown, ...metrics.settings.timeLabels]);
  const noOperation = without(told, 'operation');
  return [
    histogram(
      'headgate_request_duration_seconds',
      'Arrival to last byte.',
      histogramSums(sets, names, told, (one) => one.duration),
    ),
    histogram(
      'headgate_time_to_first_token_seconds',
      'Arrival to the first content of a stream.',
      histogramSums(sets, names, noOperation, (one) => one.firstToken),
    ),
    histogram(
      'headgate_time_per_output_token_seconds',
      'Of streams: from the first content to the last byte, by the tokens that came after the first.',
      histogramSums(sets, names, noOperation, (one) => one.perToken),
    ),
    histogram(
      'headgate_overhead_seconds',
      "The gateway's own time until the answer's head was ready.",
      [...metrics.overheads].map(([operation, { bounds, counts, sum }]) => ({
        labels: { operation },
        bounds,
        counts,
        sum,
      })),
    ),
  ];
}

function attemptFamilies({ attempts }: RequestMetrics): MetricFamily[] {
  const all = counter('headgate_attempts_total', 'Attempts at providers; status 0 when no answer came.');
  const durations = histogram('headgate_attempt_duration_seconds', 'An attempt, from dispatch to its end.');
  const retries = counter(
    'headgate_retries_total',
    'Attempts at the target that was asked just before, with another key or after a pause.',
  );
  const failing = gauge(
    'headgate_target_failing',
    '1 while the last five attempts at the target, or more, failed one after the other.',
  );
  const inRow = gauge(
    'headgate_target_failures_in_row',
    'Attempts since the last that the target answered: no answer, 401, 403, 408, 429 and 5xx are failures.',
  );
  for (const { labels: values, value: series } of attempts.entries()) {
    const labels = { provider: values[0] as string, model: values[1] as string };
    for (const [status, value] of series.statuses)
      all.values.push({ labels: { ...labels, status: String(status) }, value });
    const { bounds, counts, sum } = series.duration;
    durations.values.push({ labels, bounds, counts, sum });
    retries.values.push({ labels, value: series.retries });
    failing.values.push({ labels, value: series.failing ? 1 : 0 });
    inRow.values.push({ labels, value: series.failuresInRow });
  }
  return [all, durations, retries, failing, inRow];
}

function overflowFamily({ room }: RequestMetrics): MetricFamily {
  return counter(
    'headgate_metric_labels_overflowed_total',
    'Times that something was counted as "other", since there were as many sets of labels as there may be.',
    Object.entries(room).map(([of, { refused }]) => ({ labels: { of }, value: refused })),
  );
}

/** Labels that are shown, but for these. */
function without(shown: Shown, ...names: readonly MetricLabel[]): Shown {
  return new Set([...shown].filter((label) => !names.includes(label as MetricLabel)));
}

export function sumOf(
  counts: ReadonlyMap<number, number>,
  of: (status: number) => boolean = () => true,
): number {
  let sum = 0;
  for (const [status, value] of counts) if (of(status)) sum += value;
  return sum;
}
