import { histogramSamples, type MetricFamily, type Sample } from './metric-family.js';
import type { RequestMetrics } from './metrics.js';
import { TOKEN_KINDS } from './model-series.js';

/** The request metrics as Prometheus families. */
export function requestFamilies(metrics: RequestMetrics): MetricFamily[] {
  const requests = counter(
    'headgate_requests_total',
    'Requests by how they ended; status 0 when the client left first.',
  );
  const durations = histogram('headgate_request_duration_seconds', 'Arrival to last byte.');
  const firstTokens = histogram(
    'headgate_time_to_first_token_seconds',
    'Arrival to the first content of a stream.',
  );
  const overheads = histogram(
    'headgate_overhead_seconds',
    "The gateway's own time until the answer's head was ready.",
  );
  const tokens = counter(
    'headgate_tokens_total',
    'Tokens; input includes what was read from or written to a cache, output includes reasoning.',
  );
  const costs = counter('headgate_cost_usd_total', 'US dollars.');
  const unpriced = counter(
    'headgate_unpriced_requests_total',
    'Requests that used a provider at a cost nobody knows.',
  );
  const attempts = counter('headgate_attempts_total', 'Attempts at providers; status 0 when no answer came.');

  for (const { first: model, second: provider, value: series } of metrics.models.entries()) {
    for (const [operation, { duration, ends }] of series.operations) {
      for (const [outcome, statuses] of ends) {
        for (const [status, value] of statuses) {
          requests.values.push({
            labels: { model, provider, operation, status: String(status), outcome },
            value,
          });
        }
      }
      durations.values.push(...histogramSamples(durations.name, { model, provider, operation }, duration));
    }
    // A refused request has neither tokens nor a cost: zeros for it would only be noise.
    if (provider === '') continue;
    if (series.firstToken.sum > 0) {
      firstTokens.values.push(...histogramSamples(firstTokens.name, { model, provider }, series.firstToken));
    }
    TOKEN_KINDS.forEach((kind, i) => {
      tokens.values.push({ labels: { model, provider, kind }, value: series.tokens[i]! });
    });
    for (const [key, nano] of series.costs)
      costs.values.push({ labels: { model, provider, key }, value: nano / 1e9 });
    unpriced.values.push({ labels: { model, provider }, value: series.unpriced });
  }
  for (const [operation, overhead] of metrics.overheads) {
    overheads.values.push(...histogramSamples(overheads.name, { operation }, overhead));
  }
  for (const { first: provider, second: model, value: statuses } of metrics.attempts.entries()) {
    for (const [status, value] of statuses) {
      attempts.values.push({ labels: { provider, model, status: String(status) }, value });
    }
  }
  return [requests, durations, firstTokens, overheads, tokens, costs, unpriced, attempts];
}

function counter(name: string, help: string): MetricFamily & { values: Sample[] } {
  return { name, help, type: 'counter', values: [] };
}

function histogram(name: string, help: string): MetricFamily & { values: Sample[] } {
  return { name, help, type: 'histogram', values: [] };
}
