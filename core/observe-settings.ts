import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from './config/config.js';
import type { ObserveSettings } from './observe/observer.js';

/** What the ledger's thread needs to know to tell others of the gateway; secrets in the clear, for this process alone. */
export function observeSettings({ observability, alerts, dataDir }: Config): ObserveSettings {
  return {
    alerts: alerts && {
      ...alerts,
      destinations: alerts.destinations.map((one) => one.reveal()),
      node: hostname(),
      // As in the ledger: there may be several on one machine.
      id: `${hostname()}:${resolve(dataDir)}`,
    },
    otlp: observability.otlp
      .filter(({ metrics }) => metrics)
      .map(({ url, headers, intervalMs, timeoutMs }) => ({
        url: url.reveal(),
        headers: Object.fromEntries([...headers].map(([name, value]) => [name, value.reveal()])),
        intervalMs,
        timeoutMs,
      })),
    // https://opentelemetry.io/docs/specs/semconv/resource/
    resource: {
      'service.name': 'headgate',
      'service.instance.id': `${hostname()}:${process.pid}`,
      'host.name': hostname(),
    },
  };
}
