import type { SettledDetail, SinkRow, SinkVerdict } from '@headgate/sdk';
import { bearer } from './otlp-row.js';
import { withMetadata } from './record-json.js';
import { address, secret } from './setting.js';

/** Helicone by its API for what did not pass through it: a request a record. */
export const helicone: SinkRow = {
  id: 'helicone',
  title: 'Helicone',
  docs: 'https://docs.helicone.ai/getting-started/integration-method/manual-logger-curl',
  sends: 'http',
  settings: {
    api_key: secret('API key', 'HELICONE_API_KEY'),
    url: address('address of its API for logs', 'https://api.worker.helicone.ai'),
  },
  batch: { records: 20 },
  open(values, host) {
    const url = `${values.text('url')}/custom/v1/log`;
    const headers = { 'content-type': 'application/json', ...bearer(values.text('api_key')) };
    return {
      async send(details) {
        const verdicts = await Promise.all(
          details.map(async (detail): Promise<SinkVerdict> => {
            try {
              return host.judge(await host.post({ url, headers, body: JSON.stringify(logOf(detail)) }));
            } catch (error) {
              return { kind: 'later', why: error instanceof Error ? error.message : String(error) };
            }
          }),
        );
        return together(verdicts);
      },
    };
  },
};

/** One verdict of those of each record. */
export function together(verdicts: readonly SinkVerdict[]): SinkVerdict {
  const only = verdicts.flatMap(({ kind }, i) => (kind === 'later' ? [i] : []));
  const refused = verdicts.filter(({ kind }) => kind === 'refused').length;
  const why = verdicts.find(({ kind }) => kind !== 'taken')?.why ?? '';
  if (only.length === 0) return refused === 0 ? { kind: 'taken' } : { kind: 'taken', refused, why };
  const pauses = verdicts.flatMap((one) => (one.kind === 'later' ? (one.afterMs ?? []) : []));
  return {
    kind: 'later',
    why,
    only,
    refused,
    ...(pauses.length > 0 && { afterMs: Math.max(...pauses) }),
  };
}

function logOf({ record, timings, content }: SettledDetail): Record<string, unknown> {
  const { usage } = record;
  const end = record.time + timings.totalUs / 1000;
  return {
    providerRequest: {
      url: 'custom-model-nopath',
      json: {
        ...objectIn(content?.request),
        model: record.targetModel || record.model,
        stream: record.stream,
      },
      meta: {
        'Helicone-Request-Id': uuidOf(record.id),
        ...(record.customer !== '' && { 'Helicone-User-Id': record.customer }),
        ...(record.session !== '' && { 'Helicone-Session-Id': record.session }),
        ...propertiesOf(record),
      },
    },
    providerResponse: {
      headers: {},
      status: record.status === 0 ? 499 : record.status,
      json: {
        ...objectIn(content?.answer),
        ...(usage !== null && {
          usage: {
            prompt_tokens: usage.inputTokens,
            completion_tokens: usage.outputTokens,
            total_tokens: usage.inputTokens + usage.outputTokens,
          },
        }),
        ...(record.outcome !== 'ok' && { error: { code: record.error, message: record.errorMessage } }),
      },
    },
    timing: {
      startTime: timeOf(record.time),
      endTime: timeOf(end),
      ...(timings.firstTokenUs !== null && { timeToFirstToken: Math.round(timings.firstTokenUs / 1000) }),
    },
  };
}

/** What requests are told apart by: https://docs.helicone.ai/features/advanced-usage/custom-properties. */
function propertiesOf(record: SettledDetail['record']): Record<string, unknown> {
  const own = { Team: record.team, Key: record.keyName, Request: record.id };
  return Object.fromEntries(
    Object.entries(withMetadata(own, record.metadata))
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [`Helicone-Property-${name}`, value]),
  );
}

/** A body as Helicone reads it: as the provider has it. */
function objectIn(text: string | null | undefined): Record<string, unknown> {
  if (text === undefined || text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { text };
  } catch {
    return { text };
  }
}

function timeOf(ms: number): { seconds: number; milliseconds: number } {
  return { seconds: Math.floor(ms / 1000), milliseconds: Math.round(ms % 1000) };
}

/** A UUID that is the same for the same request. */
export function uuidOf(id: string): string {
  const hex = Buffer.from(id.padEnd(16, '0')).toString('hex').slice(-32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
