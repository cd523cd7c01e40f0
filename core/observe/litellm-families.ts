import { counter, gauge, histogram, type Labels, type MetricFamily } from './metric-family.js';
import type { RequestMetrics } from './metrics.js';
import { callerSets } from './request-families.js';
import { histogramSums, labelsOf, NumberSums } from './shown-labels.js';

const ALL: ReadonlySet<string> = new Set([
  'model',
  'provider',
  'target_model',
  'key',
  'team',
  'user',
  'customer',
]);
const PLACES: ReadonlySet<string> = new Set(['model', 'provider', 'target_model']);

/**
 * The same numbers under LiteLLM's names, so that dashboards made for it go on: names and labels from its
 * `litellm/types/integrations/prometheus.py` and https://docs.litellm.ai/docs/proxy/prometheus; counters end in `_total`, as
 * its Python library writes them. What it says of keys by their hash (`hashed_api_key`) is not there: `api_key_alias` is.
 * Its histograms have our bounds, and none of a caller's labels.
 */
export function litellmFamilies(metrics: RequestMetrics, inFlight: number): MetricFamily[] {
  return [
    ...callerFamilies(metrics),
    ...deploymentFamilies(metrics),
    ...timeFamilies(metrics),
    gauge('litellm_in_flight_requests', 'Requests being served.', [{ labels: {}, value: inFlight }]),
  ];
}

function callerFamilies(metrics: RequestMetrics): MetricFamily[] {
  const [total, failed, requests, spend] = [
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
  ];
  const [input, output, all, cached] = [
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
    new NumberSums(),
  ];
  for (const { place, caller, routed } of callerSets(metrics)) {
    const at = {
      ...labelsOf(metrics.places, place.labels, ALL),
      ...labelsOf(metrics.callers, caller.labels, ALL),
    };
    const who = {
      end_user: text(at['customer']),
      api_key_alias: text(at['key']),
      team: text(at['team']),
      team_alias: text(at['team']),
      user: text(at['user']),
    };
    const asked = { ...who, requested_model: text(at['model']) };
    const { ends, errors, tokens, costNano, priced } = caller.value;
    for (const statuses of ends.values())
      for (const [status, value] of statuses) total.add({ ...asked, status_code: String(status) }, value);
    for (const [code, value] of errors) failed.add({ ...asked, exception_class: code }, value);
    if (!routed) continue;
    const used = { ...asked, model: text(at['target_model']) };
    requests.add(
      { ...who, model: used.model },
      [...ends.values()].reduce((sum, one) => sum + sumOf(one), 0),
    );
    if (priced > 0) spend.add(used, costNano / 1e9);
    const [inputs = 0, outputs = 0, read = 0] = tokens;
    input.add(used, inputs);
    output.add(used, outputs);
    all.add(used, inputs + outputs);
    cached.add(used, read);
  }
  const family = (name: string, help: string, sums: NumberSums): MetricFamily =>
    counter(`litellm_${name}_total`, help, sums.samples());
  return [
    family('proxy_total_requests_metric', 'Requests by how they ended.', total),
    family('proxy_failed_requests_metric', 'Requests that ended with an error.', failed),
    family('requests_metric', 'Requests that a provider was asked for.', requests),
    family('spend_metric', 'US dollars.', spend),
    family('input_tokens_metric', 'Tokens sent.', input),
    family('output_tokens_metric', 'Tokens received.', output),
    family('total_tokens_metric', 'Tokens sent and received.', all),
    family('input_cached_tokens_metric', 'Tokens sent that were read from a cache.', cached),
  ];
}

function deploymentFamilies({ attempts }: RequestMetrics): MetricFamily[] {
  const total = counter('litellm_deployment_total_requests_total', 'Attempts at a target.');
  const good = counter('litellm_deployment_success_responses_total', 'Attempts that were answered.');
  const bad = counter('litellm_deployment_failure_responses_total', 'Attempts that failed.');
  const state = gauge(
    'litellm_deployment_state',
    '0 when the last attempt at the target was answered, 1 when some failed since, 2 when five or more did.',
  );
  for (const { labels: values, value } of attempts.entries()) {
    const labels = {
      api_provider: text(values[0]),
      litellm_model_name: text(values[1]),
      model_id: values.join('/'),
    };
    const answered = sumOf(value.statuses, (status) => status >= 200 && status < 300);
    const tried = sumOf(value.statuses);
    total.values.push({ labels, value: tried });
    good.values.push({ labels, value: answered });
    bad.values.push({ labels, value: tried - answered });
    state.values.push({ labels, value: value.failing ? 2 : value.failuresInRow > 0 ? 1 : 0 });
  }
  return [total, good, bad, state];
}

function timeFamilies({ models, places, attempts, overheads }: RequestMetrics): MetricFamily[] {
  const sets = models.entries();
  const renamed = (family: MetricFamily): MetricFamily =>
    family.type !== 'histogram'
      ? family
      : { ...family, values: family.values.map((one) => ({ ...one, labels: placeNames(one.labels) })) };
  return [
    renamed(
      histogram(
        'litellm_request_total_latency_metric',
        'Seconds from arrival to the last byte.',
        histogramSums(sets, places, PLACES, (one) => one.duration),
      ),
    ),
    renamed(
      histogram(
        'litellm_llm_api_time_to_first_token_metric',
        'Seconds from arrival to the first content of a stream.',
        histogramSums(sets, places, PLACES, (one) => one.firstToken),
      ),
    ),
    renamed(
      histogram(
        'litellm_deployment_latency_per_output_token',
        'Seconds between tokens of a stream.',
        histogramSums(sets, places, PLACES, (one) => one.perToken),
      ),
    ),
    histogram(
      'litellm_llm_api_latency_metric',
      'Seconds of an attempt at a provider.',
      attempts.entries().map(({ labels, value: { duration } }) => ({
        labels: {
          api_provider: text(labels[0]),
          model: text(labels[1]),
          litellm_model_name: text(labels[1]),
        },
        bounds: duration.bounds,
        counts: duration.counts,
        sum: duration.sum,
      })),
    ),
    histogram(
      'litellm_overhead_latency_metric',
      "Seconds of the gateway's own.",
      [...overheads].map(([route, { bounds, counts, sum }]) => ({ labels: { route }, bounds, counts, sum })),
    ),
  ];
}

function placeNames(at: Labels): Labels {
  return {
    requested_model: text(at['model']),
    model: text(at['target_model']),
    litellm_model_name: text(at['target_model']),
    api_provider: text(at['provider']),
  };
}

function sumOf(counts: ReadonlyMap<number, number>, of: (status: number) => boolean = () => true): number {
  let sum = 0;
  for (const [status, value] of counts) if (of(status)) sum += value;
  return sum;
}

function text(label: string | undefined): string {
  return label ?? '';
}
