import type { HistogramSample, Labels, MetricFamily } from './metric-family.js';
import { ProtobufWriter } from './protobuf-writer.js';

/** Since when counters have counted, and when they were read; unix milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const CUMULATIVE = 2;
const SCOPE = 'headgate';

/**
 * Metrics as an `ExportMetricsServiceRequest` of OTLP 1.x, protobuf:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto. Fields are
 * numbered as there.
 *
 * @param resource attributes of the gateway as a whole
 */
export function otlpMetrics(families: Iterable<MetricFamily>, resource: Labels, span: Span): Buffer {
  const to = new ProtobufWriter();
  to.message(1, () => {
    to.message(1, () => attributes(to, 1, resource));
    to.message(2, () => {
      to.message(1, () => to.string(1, SCOPE));
      for (const family of families)
        if (family.values.length > 0) to.message(2, () => metric(to, family, span));
    });
  });
  return to.take();
}

function metric(to: ProtobufWriter, family: MetricFamily, span: Span): void {
  to.string(1, family.name);
  to.string(2, family.help);
  const unit = unitOf(family.name);
  if (unit !== '') to.string(3, unit);
  if (family.type === 'histogram')
    to.message(9, () => {
      for (const sample of family.values) to.message(1, () => histogramPoint(to, sample, span));
      to.varint(2, CUMULATIVE);
    });
  else if (family.type === 'gauge')
    to.message(5, () => {
      for (const { labels, value } of family.values)
        to.message(1, () => numberPoint(to, labels, value, { ...span, fromMs: 0 }));
    });
  else
    to.message(7, () => {
      for (const { labels, value } of family.values)
        to.message(1, () => numberPoint(to, labels, value, span));
      to.varint(2, CUMULATIVE);
      to.varint(3, 1);
    });
}

/** https://ucum.org, as OpenTelemetry wants it. */
function unitOf(name: string): string {
  const base = name.replace(/_total$/, '');
  if (base.endsWith('_seconds')) return 's';
  if (base.endsWith('_bytes')) return 'By';
  return base.endsWith('_usd') ? '{USD}' : '';
}

function numberPoint(to: ProtobufWriter, labels: Labels, value: number, span: Span): void {
  times(to, span);
  to.double(4, value);
  attributes(to, 7, labels);
}

function histogramPoint(
  to: ProtobufWriter,
  { labels, bounds, counts, sum }: HistogramSample,
  span: Span,
): void {
  times(to, span);
  let count = 0;
  for (let i = 0; i < counts.length; i++) count += counts[i] as number;
  to.fixed64(4, BigInt(count));
  to.double(5, sum);
  to.packedFixed64(6, counts);
  to.packedDoubles(7, bounds);
  attributes(to, 9, labels);
}

function times(to: ProtobufWriter, { fromMs, toMs }: Span): void {
  if (fromMs > 0) to.fixed64(2, BigInt(Math.round(fromMs)) * 1_000_000n);
  to.fixed64(3, BigInt(Math.round(toMs)) * 1_000_000n);
}

function attributes(to: ProtobufWriter, field: number, labels: Labels): void {
  for (const name in labels)
    to.message(field, () => {
      to.string(1, name);
      to.message(2, () => to.string(1, labels[name] as string));
    });
}
