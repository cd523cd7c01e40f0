import type { Clock } from './host.js';
import type { SettledDetail } from './settled-detail.js';
import type { SignerHost } from './signer.js';

/** A setting of a sink, beside those that all sinks have. */
export interface SinkSetting {
  /** `secret`: a text that is shown nowhere. `url`: http or https. `texts`: texts by name, such as headers. */
  readonly type: 'text' | 'secret' | 'url' | 'number' | 'flag' | 'texts';
  readonly about: string;
  /** Must be given, unless one of `env` is set. */
  readonly required?: boolean;
  readonly default?: string | number | boolean;
  /** Variables of the environment that may hold it; the first that is set counts where the configuration says nothing. */
  readonly env?: readonly string[];
  /** The only words that it may be. */
  readonly words?: readonly string[];
}

/** The settings of one sink as they count: given, from the environment, or the default. */
export interface SinkValues {
  /** Whether there is one. */
  has(name: string): boolean;
  /** `''` when there is none. */
  text(name: string): string;
  /** 0 when there is none. */
  number(name: string): number;
  /** False when there is none. */
  flag(name: string): boolean;
  texts(name: string): Readonly<Record<string, string>>;
}

/** How much goes into one delivery. */
export interface SinkBatchLimits {
  readonly records: number;
  /** A delivery is made after so many milliseconds at the latest. */
  readonly waitMs: number;
}

/** What became of a delivery. */
export type SinkVerdict =
  /** Taken, but for so many records that the vendor will never take. */
  | { readonly kind: 'taken'; readonly refused?: number; readonly why?: string }
  /** Not now: all of it again, or only the records at these places. */
  | {
      readonly kind: 'later';
      readonly why: string;
      readonly afterMs?: number;
      readonly only?: readonly number[];
      /** Records that the vendor will never take, among those that are not in `only`. */
      readonly refused?: number;
    }
  /** Something in it cannot be taken, or it is too much at once: it is halved until it is known what. */
  | { readonly kind: 'refused'; readonly why: string };

export interface SinkRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface SinkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Extra attributes of a span; undefined leaves one out. */
export type SpanValue = string | number | boolean | readonly string[] | undefined;
export type SpanAttributes = Readonly<Record<string, SpanValue>>;
/** What a span stands for: the request, the call of a model or tool, or a part of the gateway. */
export type SpanRole = 'request' | 'call' | 'step';

export interface TraceOptions {
  readonly encoding?: 'protobuf' | 'json';
  /** Attributes of the whole gateway. */
  readonly resource?: SpanAttributes;
  /** What a vendor wants to see beside the usual attributes. */
  readonly attributes?: (detail: SettledDetail, role: SpanRole) => SpanAttributes | null;
}

/** Writes entries into a Redis stream. */
export interface RedisStream {
  /**
   * Resolves to what kept each entry out, in their order; null for those that are in. An entry that was not answered for, since the
   * connection was lost, counts as kept out. @param maxLength oldest entries beyond about so many are dropped; 0: none
   */
  add(
    key: string,
    entries: readonly (readonly string[])[],
    maxLength: number,
  ): Promise<readonly (string | null)[]>;
  close(): void;
}

/** What a sink may use. It runs in a thread of its own, where nothing waits for it. */
export interface SinkHost {
  readonly clock: Clock;
  /** Names this gateway among others. */
  readonly instance: string;
  /**
   * One request to an address that the operator has named; no redirects. Rejects when no answer comes in time, or one larger than
   * 4 MiB. @param compress the body is sent with gzip
   */
  post(request: SinkRequest, compress?: boolean): Promise<SinkAnswer>;
  /** What signers ask for tokens with. */
  readonly fetch: SignerHost['fetch'];
  /** Spans of settled requests as an OTLP `ExportTraceServiceRequest`, and its content type. */
  traces(
    details: readonly SettledDetail[],
    options?: TraceOptions,
  ): { body: Uint8Array; contentType: string };
  /** How often an answer counts by its status alone: 2xx, 429 and 5xx, 413, other 4xx. */
  judge(answer: SinkAnswer): SinkVerdict;
  /** Numbers that a collector rejected although it answered 200, as OTLP says it. */
  judgeOtlp(answer: SinkAnswer): SinkVerdict;
  /** @param url `redis://…` or `rediss://…`, with its password */
  redis(url: string): Promise<RedisStream>;
}

/** A sink that runs. */
export interface OpenSink {
  /** Delivers. Rejects when that cannot be said to have come to something: it is tried again. Never called twice at once. */
  send(details: readonly SettledDetail[]): Promise<SinkVerdict>;
  close?(): Promise<void> | void;
}

/** Somebody who is told of settled requests: data, and what turns records into what they take. */
export interface SinkRow {
  readonly id: string;
  readonly title: string;
  /** What it sends: spans over OTLP, requests of the vendor's own API, messages, objects or lines. */
  readonly sends: 'otlp' | 'http' | 'messages' | 'objects' | 'lines';
  /** Where the vendor describes what is sent here. */
  readonly docs: string;
  readonly settings: Readonly<Record<string, SinkSetting>>;
  readonly batch?: Partial<SinkBatchLimits>;
  open(values: SinkValues, host: SinkHost): OpenSink | Promise<OpenSink>;
}
