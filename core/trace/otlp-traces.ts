import type { SettledDetail, SpanAttributes, TraceOptions } from '@headgate/sdk';
import { writeSpans } from './request-spans.js';
import { SpanJson } from './span-json.js';
import { SpanWriter } from './span-writer.js';

/** Settled requests as traces over OTLP, for one gateway. */
export class OtlpTraces {
  private readonly writer = new SpanWriter();

  /** @param resource attributes of this gateway @param scope what made the spans */
  constructor(
    private readonly resource: SpanAttributes,
    private readonly scope: string,
  ) {}

  encode(
    details: readonly SettledDetail[],
    { encoding = 'protobuf', resource, attributes }: TraceOptions = {},
  ): { body: Uint8Array; contentType: string } {
    const whole = resource === undefined ? this.resource : { ...this.resource, ...resource };
    if (encoding === 'json') {
      const json = new SpanJson();
      for (const detail of details) writeSpans(detail, json, attributes);
      return { body: Buffer.from(json.take(whole, this.scope)), contentType: 'application/json' };
    }
    const { writer } = this;
    writer.start(whole, this.scope);
    for (const detail of details) writeSpans(detail, writer, attributes);
    return { body: writer.take(), contentType: 'application/x-protobuf' };
  }
}
