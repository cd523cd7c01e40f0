import type { SettledDetail, SinkAnswer, SinkHost, SinkRow, SinkVerdict } from '@headgate/sdk';
import { jsonOf, listIn } from './json-answer.js';
import { costOf, withMetadata } from './record-json.js';

/** Application Insights, by the protocol of its SDKs: https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete. */
export const azureMonitor: SinkRow = {
  id: 'azure-monitor',
  title: 'Azure Monitor (Application Insights)',
  docs: 'https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete',
  sends: 'http',
  settings: {
    connection_string: {
      type: 'secret',
      required: true,
      about: 'connection string of the resource',
      env: ['APPLICATIONINSIGHTS_CONNECTION_STRING'],
    },
  },
  batch: { records: 100 },
  open(values, host) {
    const parts = new Map(
      values
        .text('connection_string')
        .split(';')
        .map((part) => part.split(/=(.*)/s, 2) as [string, string])
        .map(([name, value]) => [name.toLowerCase(), value]),
    );
    const key = parts.get('instrumentationkey') ?? '';
    const base = (parts.get('ingestionendpoint') ?? 'https://dc.services.visualstudio.com').replace(
      /\/+$/,
      '',
    );
    return {
      async send(details) {
        const body = JSON.stringify(details.map((detail) => envelopeOf(detail, key, host.instance)));
        const headers = { 'content-type': 'application/json' };
        return judge(await host.post({ url: `${base}/v2.1/track`, headers, body }, true), host);
      },
    };
  },
};

function envelopeOf({ record, trace, timings }: SettledDetail, iKey: string, instance: string): object {
  return {
    name: 'Microsoft.ApplicationInsights.Request',
    time: new Date(record.time).toISOString(),
    iKey,
    tags: {
      'ai.operation.id': trace.traceId,
      ...(trace.parentId !== null && { 'ai.operation.parentId': trace.parentId }),
      'ai.cloud.role': 'headgate',
      'ai.cloud.roleInstance': instance,
      ...(record.session !== '' && { 'ai.session.id': record.session }),
      ...(record.user !== '' && { 'ai.user.id': record.user }),
    },
    data: {
      baseType: 'RequestData',
      baseData: {
        ver: 2,
        id: trace.spanId,
        name: `${record.operation} ${record.model}`.slice(0, 1024),
        duration: durationOf(timings.totalUs),
        responseCode: String(record.status),
        success: record.outcome === 'ok',
        properties: withMetadata(
          {
            request_id: record.id,
            provider: record.provider,
            upstream_model: record.targetModel,
            key: record.keyName,
            team: record.team,
            customer: record.customer,
            cache: record.cache,
            error: record.error,
          },
          record.metadata,
        ),
        measurements: {
          ...(record.usage !== null && {
            input_tokens: record.usage.inputTokens,
            output_tokens: record.usage.outputTokens,
          }),
          ...(record.costNano !== null && { cost_usd: costOf(record.costNano) }),
          ...(timings.firstTokenUs !== null && { first_token_ms: timings.firstTokenUs / 1000 }),
        },
      },
    },
  };
}

/** `DD.HH:MM:SS.MMMMMM`. */
function durationOf(us: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const seconds = us / 1e6;
  const fraction = String(Math.floor(us % 1e6)).padStart(6, '0');
  return `${two(seconds / 86_400)}.${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
}

/** 206, and by some of its gateways 200: some were taken; the others are told by their places. */
function judge(answer: SinkAnswer, host: SinkHost): SinkVerdict {
  const errors = listIn(jsonOf(answer), 'errors');
  if (answer.status !== 206 && (answer.status !== 200 || errors.length === 0)) return host.judge(answer);
  const passing = new Set([408, 429, 439, 500, 502, 503, 504]);
  const places = (again: boolean): number[] =>
    errors
      .filter(({ statusCode }) => passing.has(Number(statusCode)) === again)
      .map(({ index }) => Number(index));
  const [only, refused] = [places(true), places(false)];
  const why = `it did not take ${errors.length} records: ${String(errors[0]?.['message'] ?? '')}`;
  return only.length === 0
    ? { kind: 'taken', refused: refused.length, why }
    : { kind: 'later', why, only, refused: refused.length };
}
