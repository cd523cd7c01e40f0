import { counter, gauge, type MetricFamily, single } from '../observe/metric-family.js';
import type { SinkCounts, SinkState } from './sink-counts.js';

const RESULTS: readonly (readonly [string, keyof SinkCounts])[] = [
  ['sent', 'sent'],
  ['refused', 'refused'],
  ['dropped', 'dropped'],
  ['sampled_out', 'sampledOut'],
];

/** How the sinks fare. @param lost records that could not be kept for any of them */
export function sinkFamilies(states: readonly SinkState[], lost: number): MetricFamily[] {
  return [
    counter(
      'headgate_sink_records_total',
      'Settled records by what became of them at a sink.',
      states.flatMap(({ name: sink, counts }) =>
        RESULTS.map(([result, of]) => ({ labels: { sink, result }, value: counts[of] })),
      ),
    ),
    counter(
      'headgate_sink_deliveries_total',
      'Deliveries to a sink, those that failed and were tried again among them.',
      states.flatMap(({ name: sink, counts }) => [
        { labels: { sink, outcome: 'ok' }, value: counts.deliveries - counts.failures },
        { labels: { sink, outcome: 'failed' }, value: counts.failures },
      ]),
    ),
    gauge(
      'headgate_sink_backlog_bytes',
      'Bytes of settled records that wait for a sink.',
      states.map(({ name: sink, backlogBytes }) => ({ labels: { sink }, value: backlogBytes })),
    ),
    gauge(
      'headgate_sink_ok',
      '1 unless the last delivery to a sink failed.',
      states.map(({ name: sink, failing }) => ({ labels: { sink }, value: failing === null ? 1 : 0 })),
    ),
    single(
      'counter',
      'headgate_sink_records_lost_total',
      'Settled records that could not be kept for sinks, or not be read again.',
      lost,
    ),
  ];
}
