import { bodyKeepingOf } from './config/body-keeping.js';
import { secretsOf } from './config/secrets-of.js';
import type { GatewayParts } from './gateway.js';
import { ledgerSinks } from './sinks/ledger-sinks.js';
import type { LedgerOptions } from './store/ledger.js';

/** What the ledger is started with. @param life of a node of a cluster */
export function ledgerOptions(parts: GatewayParts, life: LedgerOptions['life']): LedgerOptions {
  const { config } = parts.loaded;
  const { durable, onFailure, retention } = config.ledger;
  return {
    dataDir: config.dataDir,
    url: config.store.kind === 'sqlite' ? `sqlite:${config.store.path}` : config.store.url.reveal(),
    logLevel: config.observability.logLevel,
    logRequests: config.observability.logRequests,
    logFormat: config.observability.logFormat,
    secrets: secretsOf(config),
    metrics: config.observability.metrics,
    sinks: ledgerSinks(config, parts.source),
    durable,
    onFailure,
    bodies: bodyKeepingOf(config),
    ...(life !== undefined && { life }),
    retention: {
      days: retention.recordDays,
      ...(retention.maxRecords !== null && { maxRows: retention.maxRecords }),
      ...(retention.maxBytes !== null && { maxBytes: retention.maxBytes }),
      quarterDays: retention.quarterDays,
      sumDays: retention.sumDays,
    },
    onFailed: parts.onFatal,
  };
}
