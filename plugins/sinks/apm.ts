import type { SinkRow } from '@headgate/sdk';
import { basic, bearer, otlpRow } from './otlp-row.js';
import { address, ownAddress, secret, text } from './setting.js';

/** Platforms for whole systems that take traces over OTLP. */
export const apm: readonly SinkRow[] = [
  otlpRow({
    id: 'sentry',
    title: 'Sentry',
    docs: 'https://docs.sentry.io/concepts/otlp/direct/traces/',
    settings: {
      url: ownAddress('OTLP traces endpoint of the project, from its client keys; ends in `/v1/traces`'),
      public_key: secret('public key of the project'),
    },
    url: (values) => values.text('url'),
    headers: (values) => ({ 'x-sentry-auth': `sentry sentry_key=${values.text('public_key')}` }),
  }),
  otlpRow({
    id: 'newrelic',
    title: 'New Relic',
    docs: 'https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/',
    settings: {
      api_key: secret('license key', 'NEW_RELIC_LICENSE_KEY'),
      url: address('address of its region', 'https://otlp.nr-data.net'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ 'api-key': values.text('api_key') }),
    batch: { records: 200 },
  }),
  otlpRow({
    id: 'honeycomb',
    title: 'Honeycomb',
    docs: 'https://docs.honeycomb.io/send-data/opentelemetry/',
    settings: {
      api_key: secret('ingest key', 'HONEYCOMB_API_KEY'),
      dataset: { type: 'text', about: 'dataset, in a classic environment' },
      url: address('address of its region', 'https://api.honeycomb.io'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({
      'x-honeycomb-team': values.text('api_key'),
      ...(values.text('dataset') !== '' && { 'x-honeycomb-dataset': values.text('dataset') }),
    }),
  }),
  otlpRow({
    id: 'grafana-cloud',
    title: 'Grafana Cloud',
    docs: 'https://grafana.com/docs/grafana-cloud/send-data/otlp/send-data-otlp/',
    settings: {
      url: ownAddress(
        'OTLP endpoint of the stack, such as `https://otlp-gateway-prod-eu-west-2.grafana.net/otlp`',
      ),
      instance_id: text('instance ID of the stack'),
      token: secret('access policy token'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => basic(values.text('instance_id'), values.text('token')),
  }),
  otlpRow({
    id: 'dynatrace',
    title: 'Dynatrace',
    docs: 'https://docs.dynatrace.com/docs/ingest-from/opentelemetry/otlp-api',
    settings: {
      url: ownAddress('address of the environment, such as `https://abc12345.live.dynatrace.com`'),
      token: secret('API token that may ingest traces (`openTelemetryTrace.ingest`)'),
    },
    url: (values) => `${values.text('url')}/api/v2/otlp/v1/traces`,
    headers: (values) => ({ authorization: `Api-Token ${values.text('token')}` }),
  }),
  otlpRow({
    id: 'elastic',
    title: 'Elastic Observability',
    docs: 'https://www.elastic.co/docs/solutions/observability/apm/opentelemetry',
    settings: {
      url: ownAddress('OTLP endpoint, or address of the APM server'),
      api_key: secret('API key'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ authorization: `ApiKey ${values.text('api_key')}` }),
  }),
  otlpRow({
    id: 'signoz',
    title: 'SigNoz',
    docs: 'https://signoz.io/docs/ingestion/signoz-cloud/overview/',
    settings: {
      url: ownAddress('address for OTLP, such as `https://ingest.eu.signoz.cloud`'),
      ingestion_key: { type: 'secret', about: 'ingestion key, with its cloud' },
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values): Record<string, string> =>
      values.text('ingestion_key') === '' ? {} : { 'signoz-ingestion-key': values.text('ingestion_key') },
  }),
  otlpRow({
    id: 'axiom',
    title: 'Axiom',
    docs: 'https://axiom.co/docs/send-data/opentelemetry',
    settings: {
      token: secret('API token', 'AXIOM_TOKEN'),
      dataset: text('dataset', 'AXIOM_DATASET'),
      url: address('address of its region', 'https://api.axiom.co', 'AXIOM_URL'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ ...bearer(values.text('token')), 'x-axiom-dataset': values.text('dataset') }),
  }),
  otlpRow({
    id: 'uptrace',
    title: 'Uptrace',
    docs: 'https://uptrace.dev/ingest/opentelemetry',
    settings: {
      dsn: secret('DSN of the project', 'UPTRACE_DSN'),
      url: address('address for OTLP', 'https://api.uptrace.dev'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ 'uptrace-dsn': values.text('dsn') }),
  }),
];
