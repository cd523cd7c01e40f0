import type { SinkRow, SinkValues, SpanAttributes, TraceOptions } from '@headgate/sdk';

/** What differs between vendors that take traces over OTLP. */
export interface OtlpVendor
  extends Pick<SinkRow, 'id' | 'title' | 'docs' | 'settings' | 'batch'>,
    Pick<TraceOptions, 'encoding' | 'attributes'> {
  /** Where traces go, whole. */
  readonly url: (values: SinkValues) => string;
  readonly headers: (values: SinkValues) => Record<string, string>;
  readonly resource?: (values: SinkValues) => SpanAttributes;
  /** False where it is not said that bodies with gzip are taken. */
  readonly gzip?: boolean;
}

/** A vendor that takes traces over OTLP, as HTTP requests: https://opentelemetry.io/docs/specs/otlp/#otlphttp. */
export function otlpRow(vendor: OtlpVendor): SinkRow {
  const { id, title, docs, settings, batch, encoding, attributes, gzip = true } = vendor;
  return {
    id,
    title,
    docs,
    settings,
    sends: 'otlp',
    ...(batch !== undefined && { batch }),
    open(values, host) {
      const url = vendor.url(values);
      const headers = vendor.headers(values);
      const resource = vendor.resource?.(values);
      const options: TraceOptions = {
        ...(encoding !== undefined && { encoding }),
        ...(attributes !== undefined && { attributes }),
        ...(resource !== undefined && { resource }),
      };
      return {
        async send(details) {
          const { body, contentType } = host.traces(details, options);
          const answer = await host.post(
            { url, headers: { 'content-type': contentType, ...headers }, body },
            gzip,
          );
          return host.judgeOtlp(answer);
        },
      };
    },
  };
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

export const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
