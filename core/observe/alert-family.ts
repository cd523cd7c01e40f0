import { counter, type MetricFamily } from './metric-family.js';

/** How a destination of alerts took what it was told. */
export interface DestinationCounts {
  readonly name: string;
  readonly ok: number;
  readonly failed: number;
  readonly given_up: number;
}

export function alertFamily(destinations: readonly DestinationCounts[]): MetricFamily {
  return counter(
    'headgate_alert_messages_total',
    'Tries to tell a destination of alerts; what was given up is not tried again.',
    destinations.flatMap(({ name: destination, ok, failed, given_up: given }) => [
      { labels: { destination, outcome: 'ok' }, value: ok },
      { labels: { destination, outcome: 'error' }, value: failed },
      { labels: { destination, outcome: 'given_up' }, value: given },
    ]),
  );
}
