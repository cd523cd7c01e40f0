import type { Histogram } from './histogram.js';
import { histogram, type Labels, type MetricFamily } from './metric-family.js';
import type { RequestMetrics } from './metrics.js';
import type { TimeSeries } from './model-series.js';
import { histogramSums } from './shown-labels.js';

const PLACES: ReadonlySet<string> = new Set(['model', 'provider', 'target_model', 'operation']);
/** Names of the conventions for operations that have another one here. */
const OPERATIONS: Readonly<Record<string, string>> = {
  embedding: 'embeddings',
  completion: 'text_completion',
  tool: 'execute_tool',
  run: 'invoke_agent',
};

/**
 * Times under the names of OpenTelemetry's conventions for generative AI, which tools that know them look for:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/. For OTLP alone.
 */
export function genAiFamilies(metrics: RequestMetrics): MetricFamily[] {
  const times = metrics.times();
  const family = (name: string, help: string, of: (series: TimeSeries) => Histogram): MetricFamily =>
    histogram(
      name,
      help,
      histogramSums(times, metrics.timeNames, PLACES, of)
        .filter(({ labels }) => labels['provider'] !== '')
        .map((one) => ({ ...one, labels: conventional(one.labels) })),
    );
  return [
    family('gen_ai.client.operation.duration', 'Arrival to last byte.', ({ duration }) => duration),
    family(
      'gen_ai.server.time_to_first_token',
      'Arrival to the first content of a stream.',
      ({ firstToken }) => firstToken,
    ),
    family(
      'gen_ai.server.time_per_output_token',
      'Of streams: time between tokens after the first.',
      ({ perToken }) => perToken,
    ),
  ];
}

function conventional({ model, provider, target_model: target, operation }: Labels): Labels {
  return {
    ...(operation !== undefined && { 'gen_ai.operation.name': OPERATIONS[operation] ?? operation }),
    ...(provider !== undefined && { 'gen_ai.provider.name': provider }),
    ...(model !== undefined && { 'gen_ai.request.model': model }),
    ...(target !== undefined && { 'gen_ai.response.model': target }),
  };
}
