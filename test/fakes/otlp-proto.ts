import protobuf from 'protobufjs';

/**
 * The messages of OTLP metrics as https://github.com/open-telemetry/opentelemetry-proto v1 has them, read by the usual library: a
 * second reading of the format, beside the writer that is tested.
 */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message InstrumentationScope { string name = 1; string version = 2; }
message NumberDataPoint {
  fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  repeated KeyValue attributes = 7; uint32 flags = 8;
}
message HistogramDataPoint {
  fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5;
  repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated KeyValue attributes = 9;
}
enum AggregationTemporality { UNSPECIFIED = 0; DELTA = 1; CUMULATIVE = 2; }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; AggregationTemporality aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; AggregationTemporality aggregation_temporality = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ExportMetricsPartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
message ExportMetricsServiceResponse { ExportMetricsPartialSuccess partial_success = 1; }
`;

const root = protobuf.parse(PROTO).root;
const request = root.lookupType('ExportMetricsServiceRequest');
const response = root.lookupType('ExportMetricsServiceResponse');

export interface ReadPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly timeMs: number;
  readonly value?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bucketCounts?: readonly number[];
  readonly bounds?: readonly number[];
}

export interface ReadMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly ReadPoint[];
}

interface RawAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface RawPoint {
  readonly attributes: readonly RawAttribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

interface RawMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly RawPoint[] };
  readonly sum?: {
    readonly dataPoints: readonly RawPoint[];
    isMonotonic: boolean;
    aggregationTemporality: string;
  };
  readonly histogram?: { readonly dataPoints: readonly RawPoint[]; aggregationTemporality: string };
}

/** Throws for what is no such message, or has a counter or a histogram that is not cumulative. */
export function readMetrics(bytes: Uint8Array): {
  resource: Record<string, string>;
  metrics: ReadMetric[];
} {
  const raw = request.toObject(request.decode(bytes), {
    longs: String,
    enums: String,
    defaults: true,
    arrays: true,
    oneofs: false,
  }) as {
    resourceMetrics: {
      resource: { attributes: RawAttribute[] };
      scopeMetrics: { metrics: RawMetric[] }[];
    }[];
  };
  const [only] = raw.resourceMetrics;
  if (only === undefined || raw.resourceMetrics.length !== 1) throw new Error('one resource is expected');
  return {
    resource: attributesOf(only.resource.attributes),
    metrics: only.scopeMetrics.flatMap(({ metrics }) => metrics.map(readMetric)),
  };
}

function readMetric({ name, description, unit, gauge, sum, histogram }: RawMetric): ReadMetric {
  const kinds = Object.entries({ gauge, sum, histogram }).filter(([, data]) => data != null);
  const [kind, data] = kinds[0] ?? [];
  if (kinds.length !== 1 || data == null) throw new Error(`${name} has ${kinds.length} kinds of values`);
  if (sum != null && (!sum.isMonotonic || sum.aggregationTemporality !== 'CUMULATIVE'))
    throw new Error(`${name} is no cumulative counter`);
  if (histogram != null && histogram.aggregationTemporality !== 'CUMULATIVE')
    throw new Error(`${name} is not cumulative`);
  return {
    name,
    description,
    unit,
    kind: kind as ReadMetric['kind'],
    points: data.dataPoints.map(readPoint),
  };
}

function readPoint(raw: RawPoint): ReadPoint {
  return {
    attributes: attributesOf(raw.attributes),
    startMs: Number(BigInt(raw.startTimeUnixNano) / 1_000_000n),
    timeMs: Number(BigInt(raw.timeUnixNano) / 1_000_000n),
    ...(raw.asDouble !== undefined && { value: raw.asDouble }),
    ...(raw.count !== undefined && {
      count: Number(raw.count),
      sum: raw.sum ?? 0,
      bucketCounts: (raw.bucketCounts ?? []).map(Number),
      bounds: raw.explicitBounds ?? [],
    }),
  };
}

function attributesOf(raw: readonly RawAttribute[]): Record<string, string> {
  return Object.fromEntries(raw.map(({ key, value }) => [key, value.stringValue]));
}

/** The body of an answer that says how much was not taken. */
export function partialAnswer(rejected: number, why: string): Uint8Array {
  return response
    .encode(response.fromObject({ partialSuccess: { rejectedDataPoints: rejected, errorMessage: why } }))
    .finish();
}
