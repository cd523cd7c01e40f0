import { hostname } from 'node:os';
import type { Config, OtlpConfig } from '../config/config.js';
import type { PluginSource } from '../plugin/load.js';
import { StartError } from '../start-error.js';
import type { LedgerSinks } from '../store/ledger-protocol.js';
import type { SinkSettings } from './sink-settings.js';

/** What the ledger must know to tell others of settled requests; null when there are none. Secrets in the clear, for this process alone. */
export function ledgerSinks({ observability }: Config, source: PluginSource): LedgerSinks | null {
  const sinks = [
    ...observability.otlp.flatMap(collector),
    ...observability.sinks.map((sink) => ({ ...sink, values: sink.values.reveal() })),
  ];
  if (sinks.length === 0) return null;
  if (source.sinks === undefined)
    throw new StartError('nobody brings the sinks that the configuration lists');
  return {
    setup: { sinks, instance: `${hostname()}:${process.pid}` },
    entry: source.sinks.thread.href,
  };
}

/** A collector of `observability.otlp` as the sink that it is. */
function collector({ url, headers, traces, timeoutMs }: OtlpConfig, index: number): SinkSettings[] {
  if (traces === null) return [];
  const base = url.reveal().replace(/\/v1\/(metrics|traces)\/?$/, '');
  const plain = Object.fromEntries([...headers].map(([name, value]) => [name, value.reveal()]));
  const values = { url: base, headers: plain, encoding: 'protobuf' };
  return [{ name: `otlp-${index + 1}`, use: 'otlp', values, timeoutMs, content: false, ...traces }];
}
