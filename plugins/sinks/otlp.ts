import type { OpenSink, SinkRow } from '@headgate/sdk';

const PATH = '/v1/traces';

/** Any collector that takes traces over OTLP, as HTTP requests. */
export const otlp: SinkRow = {
  id: 'otlp',
  title: 'OpenTelemetry collector',
  docs: 'https://opentelemetry.io/docs/specs/otlp/#otlphttp',
  sends: 'otlp',
  settings: {
    url: {
      type: 'url',
      required: true,
      about: 'its address for OTLP over HTTP; `/v1/traces` is added unless it ends so',
      env: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    },
    headers: { type: 'texts', about: 'sent with every request, such as a key' },
    encoding: {
      type: 'text',
      about: '`protobuf` or `json`',
      default: 'protobuf',
      words: ['protobuf', 'json'],
    },
    gzip: { type: 'flag', about: 'compress what is sent; left out: unless the collector is on this machine' },
    resource: { type: 'texts', about: 'attributes of this gateway, such as `deployment.environment.name`' },
  },
  open(values, host): OpenSink {
    const given = values.text('url');
    const url = given.endsWith(PATH) ? given : `${given}${PATH}`;
    const encoding = values.text('encoding') === 'json' ? 'json' : 'protobuf';
    const resource = values.texts('resource');
    // Beside the gateway, compression costs more than what it saves.
    const gzip = values.has('gzip') ? values.flag('gzip') : !isHere(url);
    return {
      async send(details) {
        const { body, contentType } = host.traces(details, { encoding, resource });
        const headers = { 'content-type': contentType, ...values.texts('headers') };
        return host.judgeOtlp(await host.post({ url, headers, body }, gzip));
      },
    };
  },
};

function isHere(url: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}
