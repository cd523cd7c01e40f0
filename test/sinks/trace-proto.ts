import protobuf from 'protobufjs';

/**
 * The messages of OTLP traces as https://github.com/open-telemetry/opentelemetry-proto v1 has them, read by the usual library: a
 * second reading of the format, beside the writer that is tested.
 */
const { root } = protobuf.parse(`
syntax = "proto3";
message ArrayValue { repeated AnyValue values = 1; }
message AnyValue {
  oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
}
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message InstrumentationScope { string name = 1; string version = 2; }
message Status { string message = 2; uint32 code = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; uint32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
`);
const request = root.lookupType('ExportTraceServiceRequest');
const response = root.lookupType('ExportTraceServiceResponse');

type Attributes = Record<string, unknown>;

/** A span as a collector reads it. */
export interface ReadSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly error: string | null;
}

interface RawValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly RawValue[] };
}
interface RawAttribute {
  readonly key: string;
  readonly value: RawValue;
}
interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly RawAttribute[];
  readonly status?: { readonly code: number; readonly message: string } | null;
}
interface RawRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly RawAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

export interface ReadTraces {
  readonly resource: Attributes;
  readonly spans: readonly ReadSpan[];
}

/** Throws for what is no such message. */
export function readTraces(bytes: Uint8Array): ReadTraces {
  const raw = request.toObject(request.decode(bytes), { longs: String, bytes: Array, arrays: true });
  const hex = (span: RawSpan): RawSpan => ({
    ...span,
    traceId: Buffer.from(span.traceId as unknown as number[]).toString('hex'),
    spanId: Buffer.from(span.spanId as unknown as number[]).toString('hex'),
    parentSpanId: Buffer.from((span.parentSpanId ?? []) as unknown as number[]).toString('hex'),
  });
  return readRequest(raw as RawRequest, hex);
}

/** The same of the JSON form. */
export function readJsonTraces(text: string): ReadTraces {
  return readRequest(JSON.parse(text) as RawRequest, (span) => span);
}

function readRequest({ resourceSpans }: RawRequest, of: (span: RawSpan) => RawSpan): ReadTraces {
  const [only] = resourceSpans;
  if (only === undefined || resourceSpans.length !== 1) throw new Error('one resource is expected');
  return {
    resource: attributesOf(only.resource.attributes),
    spans: only.scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(of(span)))),
  };
}

function readSpan(raw: RawSpan): ReadSpan {
  return {
    traceId: raw.traceId,
    spanId: raw.spanId,
    parentId: raw.parentSpanId ?? '',
    name: raw.name,
    kind: raw.kind,
    startNs: BigInt(raw.startTimeUnixNano),
    endNs: BigInt(raw.endTimeUnixNano),
    attributes: attributesOf(raw.attributes),
    error: raw.status?.code === 2 ? raw.status.message : null,
  };
}

function attributesOf(raw: readonly RawAttribute[]): Attributes {
  return Object.fromEntries(raw.map(({ key, value }) => [key, plain(value)]));
}

function plain(raw: RawValue): unknown {
  if (raw.intValue !== undefined) return Number(raw.intValue);
  if (raw.arrayValue !== undefined) return raw.arrayValue.values.map(plain);
  return raw.stringValue ?? raw.boolValue ?? raw.doubleValue;
}

/** The body of an answer that says how much was not taken. */
export function partialAnswer(rejectedSpans: number, errorMessage: string): Uint8Array {
  return response.encode(response.fromObject({ partialSuccess: { rejectedSpans, errorMessage } })).finish();
}
