import { accessSync, constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  fieldOf,
  isCaller,
  isMetadata,
  type MetricSettings,
  USUAL_METRICS,
} from '../observe/metric-labels.js';
import type { AuthConfig, ObservabilityConfig, ServerConfig, StoreConfig } from './config.js';
import { parseFetchRule } from './fetch-rule.js';
import type { Findings } from './findings.js';
import { resolveIssuer } from './resolve-issuer.js';
import { deliveryOf, resolveSinks, type SinkSources } from './resolve-sinks.js';
import type { ParsedConfig } from './schema.js';
import { Secret } from './secret.js';
import type { Settings } from './settings.js';

function tlsFiles(parsed: ParsedConfig['server'], folder: string, findings: Findings): ServerConfig['tls'] {
  if (parsed.tls === undefined) return null;
  const files = { cert: resolve(folder, parsed.tls.cert), key: resolve(folder, parsed.tls.key) };
  for (const part of ['cert', 'key'] as const) {
    try {
      accessSync(files[part], constants.R_OK);
    } catch {
      findings.error(['server', 'tls', part], { what: 'no such file, or it may not be read' });
    }
  }
  return files;
}

/** Settings go before the file. */
export function resolveServer(
  parsed: ParsedConfig['server'],
  settings: Settings,
  folder: string,
  findings: Findings,
): ServerConfig {
  return {
    host: settings.host ?? parsed.host,
    port: settings.port ?? parsed.port,
    threads: settings.threads ?? parsed.threads,
    bodyLimitBytes: parsed.body_limit,
    uploadLimitBytes: parsed.upload_limit,
    maxInFlight: parsed.max_in_flight,
    maxHeaders: parsed.max_headers,
    maxHeaderBytes: parsed.max_header_size,
    drainTimeoutMs: parsed.drain_timeout,
    fetchAllow: parsed.fetch_allow.flatMap((text) => parseFetchRule(text) ?? []),
    tls: tlsFiles(parsed, folder, findings),
  };
}

export function resolveAuth(parsed: ParsedConfig['auth'], settings: Settings, keyCount: number): AuthConfig {
  const said = settings.authRequired ?? parsed.required;
  const jwt = parsed.jwt.issuers.map(resolveIssuer);
  if (said !== undefined) return { required: said, from: 'setting', jwt };
  // Whoever takes tokens does not take everybody.
  return keyCount + jwt.length > 0
    ? { required: true, from: 'keys', jwt }
    : { required: false, from: 'default', jwt };
}

/**
 * `--data` and HEADGATE_DATA name the data folder, relative to `cwd`; otherwise it is the folder of the database, so that
 * everything written lies together. A `store.url` of the file stays what it is.
 */
export function resolveStore(
  parsed: ParsedConfig['store'],
  settings: Settings,
  folder: string,
  cwd: string,
): { dataDir: string; store: StoreConfig } {
  const named = settings.dataDir === undefined ? null : resolve(cwd, settings.dataDir);
  const usual = named ?? resolve(cwd, 'data');
  const { url } = parsed;
  if (url === undefined)
    return { dataDir: usual, store: { kind: 'sqlite', path: join(usual, 'headgate.db') } };
  if (!url.startsWith('sqlite:'))
    return { dataDir: usual, store: { kind: 'postgres', url: new Secret(url) } };
  const given = url.slice('sqlite:'.length);
  if (given === ':memory:') return { dataDir: usual, store: { kind: 'sqlite', path: given } };
  const path = resolve(folder, given);
  return { dataDir: named ?? dirname(path), store: { kind: 'sqlite', path } };
}

export function resolveObservability(
  parsed: ParsedConfig['observability'],
  settings: Settings,
  sinks: Omit<SinkSources, 'bodiesKept'>,
  findings: Findings,
  folder: string,
): ObservabilityConfig {
  const metrics = metricsOf(parsed.prometheus);
  const bodies = resolveBodies(parsed.log_bodies, folder);
  return {
    prometheus: parsed.prometheus !== false,
    metrics,
    traceHeaders: parsed.trace_headers,
    metadata: keptNames(parsed, metrics),
    otlp: parsed.otlp.map(({ url, headers, metrics, traces, interval, timeout, ...delivery }) => ({
      url: new Secret(url, new URL(url).origin),
      headers: new Map(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), new Secret(value)]),
      ),
      metrics,
      traces: traces ? deliveryOf(delivery) : null,
      intervalMs: interval,
      timeoutMs: timeout,
    })),
    logLevel: settings.logLevel ?? parsed.log_level,
    logFormat: settings.logFormat ?? parsed.log_format,
    logRequests: parsed.log_requests,
    sinks: resolveSinks(parsed.sinks, { ...sinks, bodiesKept: bodies.bodies.on }, findings),
    ...bodies,
  };
}

function resolveBodies(
  parsed: ParsedConfig['observability']['log_bodies'],
  folder: string,
): Pick<ObservabilityConfig, 'bodies' | 'bodyKeeping'> {
  const { on, share, keys, models, s3 } = parsed;
  return {
    bodies: { on, share, keys, models, maxBytes: parsed.max_bytes },
    bodyKeeping: {
      secrets: parsed.secrets,
      redact: parsed.redact.map((rule) => ({
        path: rule.path?.split('.') ?? null,
        pattern: rule.pattern ?? '',
        with: rule.with,
      })),
      folder: parsed.folder === undefined ? null : resolve(folder, parsed.folder),
      s3: s3 === undefined ? null : resolveS3(s3),
      earlierS3: parsed.earlier_s3.map(resolveS3),
      keepMs: parsed.keep,
      maxBytes: parsed.max_size,
    },
  };
}

function resolveS3(
  s3: ParsedConfig['observability']['log_bodies']['earlier_s3'][number],
): NonNullable<ObservabilityConfig['bodyKeeping']['s3']> {
  return {
    bucket: s3.bucket,
    region: s3.region,
    endpoint: s3.endpoint ?? null,
    prefix: s3.prefix,
    accessKeyId: s3.access_key_id,
    secretAccessKey: new Secret(s3.secret_access_key),
  };
}

/** Fields of metadata that something asks for. */
function keptNames(
  { metadata, otlp, sinks }: ParsedConfig['observability'],
  { labels, timeLabels }: MetricSettings,
): string[] {
  const sampled = [...otlp, ...sinks].flatMap(({ sample }) =>
    sample.rules.flatMap((rule) => Object.keys(rule.metadata ?? {})),
  );
  return [
    ...new Set([...metadata, ...sampled, ...[...labels, ...timeLabels].filter(isMetadata).map(fieldOf)]),
  ];
}

function metricsOf(parsed: ParsedConfig['observability']['prometheus']): MetricSettings {
  if (typeof parsed === 'boolean') return USUAL_METRICS;
  return {
    labels: parsed.labels,
    timeLabels: parsed.time_labels.filter(isCaller),
    maxSeries: parsed.max_series,
    maxTimes: parsed.max_times,
    litellmNames: parsed.litellm_names,
  };
}
