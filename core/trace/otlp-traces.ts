import type { SettledDetail, SpanAttributes, TraceOptions } from '@headgate/sdk';
import { spansOf } from './request-spans.js';
import type { Span } from './span.js';
import { spansJson } from './span-json.js';
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
    const spans = allSpans(details, attributes);
    if (encoding === 'json')
      return { body: Buffer.from(spansJson(spans, whole, this.scope)), contentType: 'application/json' };
    return { body: this.writer.write(spans, whole, this.scope), contentType: 'application/x-protobuf' };
  }
}

function* allSpans(
  details: readonly SettledDetail[],
  attributes: TraceOptions['attributes'],
): Generator<Span> {
  for (const detail of details) {
    for (const span of spansOf(detail)) {
      const more = attributes?.(detail, span.role);
      if (more !== undefined && more !== null)
        for (const [name, value] of Object.entries(more)) span.attributes.push(name, value);
      yield span;
    }
  }
}
