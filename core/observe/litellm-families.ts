import type { EjectedEverywhere } from './ejected-targets.js';
import { counter, gauge, histogram, type Labels, type MetricFamily } from './metric-family.js';
import { METRIC_LABELS, shownName } from './metric-labels.js';
import type { RequestMetrics } from './metrics.js';
import { type CallerSeries, isHit } from './model-series.js';
import { callerSets, sumOf } from './request-families.js';
import { histogramSums, labelsOf, NumberSums } from './shown-labels.js';

/**
 * The same numbers under LiteLLM's names, so that dashboards made for it go on: names and labels from its
 * `litellm/types/integrations/prometheus.py` and https://docs.litellm.ai/docs/proxy/prometheus; counters end in `_total`, as
 * its Python library writes them. `hashed_api_key` is the id of the key: as good to tell keys apart, and no part of a secret.
 * What is not known (`user_email`, `client_ip`, `user_agent`) is left out, which is the same to Prometheus as empty.
 */
export function litellmFamilies(
  metrics: RequestMetrics,
  inFlight: number,
  ejected: readonly EjectedEverywhere[],
): MetricFamily[] {
  return [
    ...callerFamilies(metrics),
    ...deploymentFamilies(metrics),
    cooledDown(ejected),
    ...fallbackFamilies(metrics),
    ...timeFamilies(metrics),
    gauge('litellm_in_flight_requests', 'Requests being served.', [{ labels: {}, value: inFlight }]),
  ];
}

/** What is counted by caller, under LiteLLM's names; those of detail are there once there is something to tell. */
class CallerSums {
  private readonly all = new Map<string, { help: string; sums: NumberSums }>();

  constructor(helps: Readonly<Record<string, string>>) {
    for (const [name, help] of Object.entries(helps)) this.all.set(name, { help, sums: new NumberSums() });
  }

  add(name: string, labels: Record<string, string>, value: number): void {
    this.all.get(name)?.sums.add(labels, value);
  }

  families(): MetricFamily[] {
    return [...this.all].map(([name, { help, sums }]) =>
      counter(`litellm_${name}_total`, help, sums.samples()),
    );
  }
}

const HELPS = {
  proxy_total_requests_metric: 'Requests by how they ended.',
  proxy_failed_requests_metric: 'Requests that ended with an error.',
  requests_metric: 'Requests that a provider was asked for.',
  spend_metric: 'US dollars.',
  input_tokens_metric: 'Tokens sent.',
  output_tokens_metric: 'Tokens received.',
  total_tokens_metric: 'Tokens sent and received.',
  input_cached_tokens_metric: 'Tokens sent that the provider read from its cache.',
  input_cache_creation_tokens_metric: 'Tokens sent that the provider wrote to its cache.',
  output_reasoning_tokens_metric: 'Tokens of thinking.',
  input_audio_tokens_metric: 'Tokens of sound that was sent.',
  output_audio_tokens_metric: 'Tokens of sound that was received.',
  cache_hits_metric: "Requests that the gateway's own cache answered.",
  cache_misses_metric: "Requests that the gateway's own cache had no answer to.",
  cached_tokens_metric: "Tokens of answers of the gateway's own cache.",
  mcp_tool_calls: 'Calls of MCP tools.',
  mcp_tool_call_spend_metric: 'US dollars that calls of MCP tools cost.',
};

function callerFamilies(metrics: RequestMetrics): MetricFamily[] {
  const sums = new CallerSums(HELPS);
  const custom = metrics.settings.labels.filter((label) => label.startsWith('metadata.'));
  const all = new Set<string>(METRIC_LABELS);
  for (const { place, caller, routed } of callerSets(metrics)) {
    const at = labelsOf(metrics.places, place.labels, all);
    const who = {
      ...callerNames(metrics.callers, caller.labels),
      ...labelsOf(metrics.callers, caller.labels, new Set(custom)),
    };
    const { value } = caller;
    const requests = [...value.ends.values()].reduce((sum, one) => sum + sumOf(one), 0);
    if (at['operation'] === 'tool' && routed) {
      const of = { ...who, mcp_server_name: text(at['provider']), mcp_tool_name: text(at['target_model']) };
      sums.add('mcp_tool_calls', of, requests);
      if (value.costNano > 0) sums.add('mcp_tool_call_spend_metric', of, value.costNano / 1e9);
    }
    addUses(sums, value, who, at, routed ? requests : 0);
  }
  return sums.families();
}

function addUses(
  sums: CallerSums,
  { ends, errors, tokens, costNano, priced, cache, cachedTokens }: CallerSeries,
  who: Record<string, string>,
  at: Labels,
  routed: number,
): void {
  const target = { model_id: targetOf(at), api_provider: text(at['provider']) };
  const asked = { ...who, requested_model: text(at['model']), ...target };
  const ended = { ...asked, route: text(at['operation']) };
  for (const statuses of ends.values())
    for (const [status, count] of statuses)
      sums.add('proxy_total_requests_metric', { ...ended, status_code: String(status) }, count);
  for (const [code, statuses] of errors)
    for (const [status, count] of statuses)
      sums.add(
        'proxy_failed_requests_metric',
        { ...ended, exception_status: String(status), exception_class: code },
        count,
      );
  const used = { ...asked, model: text(at['target_model']) };
  const cached = { ...who, ...target, model: text(at['target_model']) || text(at['model']) };
  for (const [word, count] of cache)
    if (isHit(word)) sums.add('cache_hits_metric', cached, count);
    else if (word === 'miss') sums.add('cache_misses_metric', cached, count);
  if (cachedTokens > 0) sums.add('cached_tokens_metric', cached, cachedTokens);
  if (routed === 0) return;
  sums.add('requests_metric', { ...who, ...target, model: used.model }, routed);
  if (priced > 0) sums.add('spend_metric', used, costNano / 1e9);
  const [input = 0, output = 0, read = 0, written = 0, reasoning = 0, heard = 0, spoken = 0] = tokens;
  sums.add('input_tokens_metric', used, input);
  sums.add('output_tokens_metric', used, output);
  sums.add('total_tokens_metric', used, input + output);
  const parts = {
    input_cached_tokens_metric: read,
    input_cache_creation_tokens_metric: written,
    output_reasoning_tokens_metric: reasoning,
    input_audio_tokens_metric: heard,
    output_audio_tokens_metric: spoken,
  };
  // LiteLLM tells of them where there are some.
  for (const [name, count] of Object.entries(parts)) if (count > 0) sums.add(name, used, count);
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

/** What LiteLLM calls a cooldown. */
function cooledDown(ejected: readonly EjectedEverywhere[]): MetricFamily {
  return counter(
    'litellm_deployment_cooled_down_total',
    'How often a target was passed over from then on.',
    ejected.map(({ provider, model, times }) => ({
      labels: {
        api_provider: text(provider),
        litellm_model_name: text(model),
        model_id: `${provider}/${model}`,
      },
      value: times,
    })),
  );
}

function fallbackFamilies({ models, places }: RequestMetrics): MetricFamily[] {
  const [good, bad] = [new NumberSums(), new NumberSums()];
  for (const { labels, value } of models.entries()) {
    const at = labelsOf(places, labels, new Set(places));
    const of = { requested_model: text(at['model']), fallback_model: targetOf(at) };
    if (value.fallbacks > 0) good.add(of, value.fallbacks);
    if (value.failedFallbacks > 0) bad.add(of, value.failedFallbacks);
  }
  const family = (name: string, help: string, sums: NumberSums): MetricFamily =>
    counter(`litellm_deployment_${name}_fallbacks_total`, help, sums.samples());
  return [
    family('successful', 'Requests that another target answered than the first.', good),
    family('failed', 'Requests that no other target answered, either.', bad),
  ];
}

function timeFamilies(metrics: RequestMetrics): MetricFamily[] {
  const { attempts, overheads } = metrics;
  const [sets, names] = [metrics.times(), metrics.timeNames];
  // What differs in something that LiteLLM does not tell is one: names and labels of two would be the same.
  const shown = new Set(names.filter((name) => TOLD_OF_TIMES.has(name)));
  const callers = metrics.settings.timeLabels;
  const times = (
    name: string,
    help: string,
    of: Parameters<typeof histogramSums<(typeof sets)[number]['value']>>[3],
  ): MetricFamily =>
    histogram(
      name,
      help,
      histogramSums(sets, names, shown, of).map((one) => ({
        ...one,
        labels: {
          ...placeNames(one.labels),
          ...callerNames(
            callers,
            callers.map((label) => text(one.labels[shownName(label)])),
            true,
          ),
        },
      })),
    );
  return [
    times(
      'litellm_request_total_latency_metric',
      'Seconds from arrival to the last byte.',
      (one) => one.duration,
    ),
    times(
      'litellm_llm_api_time_to_first_token_metric',
      'Seconds from arrival to the first content of a stream.',
      (one) => one.firstToken,
    ),
    times(
      'litellm_deployment_latency_per_output_token',
      'Seconds between tokens of a stream.',
      (one) => one.perToken,
    ),
    histogram(
      'litellm_llm_api_latency_metric',
      'Seconds of an attempt at a provider.',
      attempts.entries().map(({ labels, value: { duration } }) => ({
        labels: {
          api_provider: text(labels[0]),
          model: text(labels[1]),
          litellm_model_name: text(labels[1]),
          model_id: labels.join('/'),
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

/** Labels of callers as LiteLLM calls them. @param few only those that are among `names` */
function callerNames(
  names: readonly string[],
  values: readonly string[],
  few = false,
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [label, name] of CALLER_NAMES) {
    const at = names.indexOf(name);
    if (at >= 0 || !few) labels[label] = text(values[at]);
  }
  return labels;
}

const CALLER_NAMES = [
  ['end_user', 'customer'],
  ['hashed_api_key', 'key_id'],
  ['api_key_alias', 'key'],
  ['team', 'team'],
  ['team_alias', 'team'],
  ['user', 'user'],
] as const;

const TOLD_OF_TIMES: ReadonlySet<string> = new Set([
  'model',
  'target_model',
  'provider',
  ...CALLER_NAMES.map(([, name]) => shownName(name)),
]);

function placeNames(at: Labels): Record<string, string> {
  return {
    requested_model: text(at['model']),
    model: text(at['target_model']),
    litellm_model_name: text(at['target_model']),
    api_provider: text(at['provider']),
    model_id: targetOf(at),
  };
}

/** A target has no id here but its provider and its model. */
function targetOf(at: Labels): string {
  const provider = text(at['provider']);
  return provider === '' ? '' : `${provider}/${text(at['target_model'])}`;
}

function text(label: string | undefined): string {
  return label ?? '';
}
