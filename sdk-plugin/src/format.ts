import type { CanonicalError } from './canonical/error.js';
import type { StreamEvent } from './canonical/event.js';
import type { CanonicalRequest } from './canonical/request.js';
import type { CanonicalResponse } from './canonical/response.js';
import type { ServiceTier, Usage, UsageUnits } from './canonical/usage.js';
import type { JsonObject } from './json.js';
import type { SocketFormat } from './socket.js';
import type { StatefulFormat } from './stateful.js';
import type { TaskCodec } from './task.js';
import type { ToolRunFormat } from './tool-runs.js';

/**
 * What a request asks a provider to do. Formats of one operation can be translated into each other through the hub. From
 * `moderation` on are those that are only forwarded: nobody here reads more of them than usage and ids. `tool` is a call of a
 * server's tool, which no provider is asked for; `run` is a request that the gateway asks models and tools for in rounds, each
 * of which has a record of its own.
 */
export type Operation =
  | 'chat'
  | 'embedding'
  | 'count-tokens'
  | 'realtime'
  | 'rerank'
  | 'moderation'
  | 'image'
  | 'audio'
  | 'video'
  | 'file'
  | 'batch'
  | 'tool'
  | 'run'
  | 'other';

/** Told by a codec when the target's format has no way to say something; shown in a header and the log. */
export type Warn = (field: string, why: string) => void;

/** What an encoder must know beside the request itself. */
export interface EncodeContext {
  /** The target's model name. */
  model: string;
  /** The model's cap on output tokens when known; Anthropic requires `max_tokens` and this is its default. */
  maxOutputTokens?: number;
  /** The target takes all that OpenAI's own API takes, see `ProviderRow`. */
  fullOpenai?: boolean;
  warn: Warn;
}

export interface RequestCodec {
  /** Throws {@link MalformedBody} when the body cannot be understood. */
  decode(body: JsonObject): CanonicalRequest;
  encode(request: CanonicalRequest, context: EncodeContext): JsonObject;
}

export interface ResponseCodec {
  decode(body: JsonObject): CanonicalResponse;
  /** `echo`: see {@link StreamEncodeOptions}. */
  encode(response: CanonicalResponse, echo?: JsonObject): JsonObject;
}

/**
 * How the pieces of a stream are set apart on the wire: Server-Sent Events, a JSON document a line (Ollama), AWS's binary
 * messages (Bedrock), or one JSON array that grows (Gemini without `alt=sse`).
 */
export type Framing = 'sse' | 'ndjson' | 'aws-eventstream' | 'json-array';

/** Reads one stream. Made per stream; must survive any order of events that a provider can send, or throw MalformedBody. */
export interface StreamDecoder {
  /**
   * One piece of the stream turned into hub events. `event` is the type that the wire gives it: the SSE event, AWS's
   * `:event-type` (`exception:` and `:exception-type` for an exception), and `''` when it names none. `data` is its JSON.
   */
  push(event: string, data: string, emit: (event: StreamEvent) => void): void;
  /** The upstream closed. Emits what is owed (`end`), or an `error` event when the answer was cut short. */
  end(emit: (event: StreamEvent) => void): void;
}

/**
 * Writes one stream as it goes over the wire, framing included: text, or bytes where the framing is binary. An empty
 * string sends nothing. Made per stream.
 */
export interface StreamEncoder {
  push(event: StreamEvent): string | Uint8Array;
}

export interface StreamEncodeOptions {
  /** Id of the gateway's request, for error events. */
  requestId: string;
  /** Whether the client asked for usage in the stream. */
  includeUsage: boolean;
  /** What the client reads; the format's own framing when absent. */
  framing?: Framing;
  /** Members that the answer repeats from the request, where its API does that and the provider's does not. */
  echo?: JsonObject;
}

export interface StreamCodec {
  decoder(): StreamDecoder;
  encoder(options: StreamEncodeOptions): StreamEncoder;
}

export interface ErrorCodec {
  /** Reads a provider's error answer; `body` may be anything, HTML or nothing included. */
  decode(status: number, body: string): CanonicalError;
  /** The JSON body of an error answer in this API's shape. */
  encode(error: CanonicalError, requestId: string): string;
  /** An error in the middle of a stream, as it goes over the wire in this API's shape. */
  encodeInStream(error: CanonicalError, requestId: string): string | Uint8Array;
}

/** Looks at a passing stream of whole events. It never changes what the provider said, but for events it was told to strip. */
export interface StreamMeter {
  /** Whole events only. Returns the bytes to send on: the same buffer, or less when an event was stripped. */
  push(events: Buffer): Buffer;
  /** True once the provider's own end marker or a finish reason has passed. */
  readonly finished: boolean;
  /** The last events that passed hold the provider's own error: nothing needs to be added to it. */
  readonly failed: boolean;
  /** The last usage seen, or null. */
  usage(): Usage | null;
  /** True once the first event that carries content has passed; for time to first token. */
  readonly started: boolean;
}

export interface Meter {
  /** Usage of a whole JSON answer, read without parsing more than it must. */
  body(body: Buffer): Usage | null;
  /** `strip`: hold back the usage event that only the gateway asked for. */
  stream(options: { strip: boolean }): StreamMeter;
}

/** A request that was only forwarded, and its answer. */
export interface ForwardedCall {
  readonly method: string;
  /** Behind the version, as the client wrote it: `images/generations`. */
  readonly path: string;
  /** Empty when it was a form, or was streamed through. */
  readonly request: Buffer;
  /** JSON, whole; null when it was something else, or too large to be held. */
  readonly answer: Buffer | null;
}

/** A batch that is done, as the answer that describes it says. */
export interface FinishedBatch {
  readonly id: string;
  /** The provider's name of the model that all its requests were for. */
  readonly model: string;
  /** Of all its requests together. */
  readonly usage: Usage;
}

/** What one request of a batch came to. */
export interface BatchedUsage {
  /** The provider's name of the model. */
  readonly model: string;
  readonly usage: Usage;
}

/** Of an API whose batches say what they used in their results alone: JSON, one line for each request. */
export interface BatchResults {
  /** The id of the batch whose results a path has, without its version: `messages/batches/{id}/results`. Null for other paths. */
  batchOf(path: string): string | null;
  /** What one line says was used; null when it says nothing, or is broken. */
  usage(line: string): BatchedUsage | null;
}

/** Finds why an answer ended, in the provider's word; `''` when it is not said. Called once an answer; must not throw. */
export interface FinishFinder {
  /** In the bytes of a whole answer. */
  whole(answer: Buffer): string;
  /** In the last events of a stream, whole ones. */
  events(events: Buffer): string;
}

/** How answers say why they ended and which tools they call, so that both are found in their bytes. */
export interface AnswerWords {
  /** Names of members whose value is the reason (`finish_reason`), or what finds it where no member alone is it. */
  readonly finish: readonly string[] | FinishFinder;
  /** A member's name, or a `type`, that a call of a tool has; the next `name` is the tool's. */
  readonly calls: readonly string[];
}

/** Top-level request fields found in the bytes. `json` is the raw JSON text of the value, undefined when absent. */
export interface ScannedFields {
  json(name: string): string | undefined;
}

/** A top-level field to set in the bytes of a same-format request. */
export interface FieldEdit {
  field: string;
  json: string;
}

/**
 * One wire format: how an API writes requests, answers, streams and errors. A format is turned into the hub and back;
 * it never knows of another format. Codecs are absent where nothing but bytes of the same format can be forwarded.
 */
export interface WireFormat {
  /** E.g. `openai-chat`. */
  readonly id: string;
  readonly operation: Operation;
  /**
   * Where a request says its model and whether it streams: in the body's `model` and `stream`, or in the path
   * (`/model/{id}/converse-stream`). From the path, the gateway fills them in after `decode`. Absent: `body`.
   */
  readonly modelIn?: 'body' | 'path';
  /** A request that says nothing of `stream` asks for one (Ollama). Absent: it does not. */
  readonly streamByDefault?: boolean;
  /** How its streams are framed. Absent: `sse`. */
  readonly framing?: Framing;
  /** Content type of its streams. Absent: `text/event-stream`. */
  readonly streamType?: string;
  /** Answer header in which clients of this API look for the request's id. */
  readonly requestIdHeader: string;
  readonly request?: RequestCodec;
  readonly response?: ResponseCodec;
  readonly stream?: StreamCodec;
  /** Of an operation that is no chat; then there are no `request`, `response` and `stream`. */
  readonly task?: TaskCodec;
  readonly error: ErrorCodec;
  readonly meter?: Meter;
  readonly answerWords?: AnswerWords;
  /** The API is spoken over a WebSocket; then there are no other codecs. */
  readonly socket?: SocketFormat;
  /** Answers of the API are kept and can be gone on from. */
  readonly state?: StatefulFormat;
  /** The gateway may add tools of servers to its requests, and run them. */
  readonly toolRuns?: ToolRunFormat;
  /**
   * Bytes that only another provider's sealed reasoning has in a request of this format. The format's own provider would
   * refuse it, so such a request goes through the hub, whose encoder leaves it out, instead of passing as it is.
   */
  readonly foreignSeals?: readonly string[];
  /** Request fields (beside `model` and `stream`) that the gateway should find in the bytes for the members below. */
  readonly fields: readonly string[];
  /**
   * Names of members, anywhere inside the fields of a request, that hold the id, or a list of ids, of something that the
   * provider stores: `file_id`. Such a request goes to where that is, and nobody may name what is another's.
   */
  readonly objectIds?: readonly string[];
  /** The cap on output tokens that a request sets, for reservations. */
  maxOutputTokens?(fields: ScannedFields): number | undefined;
  /** The price list that a request asks for; `any` when it leaves that to the provider in so many words. */
  serviceTier?(fields: ScannedFields): ServiceTier | 'any' | undefined;
  /** Which of a model's prices it asks for, as in `UsageUnits.variant`. */
  priceVariant?(fields: ScannedFields): string | undefined;
  /**
   * What a call of one of the API's other paths, which are only forwarded, used beside tokens: pictures, seconds, pages, …
   * Null for nothing. Of the format that stands for the whole API, its chats'.
   */
  forwardedUnits?(call: ForwardedCall): UsageUnits | null;
  /** Reads the description of a batch; null when it is not done, or says nothing of usage. Of the format that stands for the whole API. */
  finishedBatch?(answer: Buffer): FinishedBatch | null;
  /**
   * Reads an answer that a provider made in the background, when it is asked for later; null when it is not done, or was
   * not made so. Of the format that stands for the whole API too.
   */
  finishedAnswer?(answer: Buffer): FinishedBatch | null;
  /** Of the format that stands for the whole API too. */
  readonly batchResults?: BatchResults;
  /** The end user that the request names, if any. */
  user?(fields: ScannedFields): string | undefined;
  /** What to set in a streamed same-format request so that its usage can be metered; then the meter strips that event. */
  meterEdit?(fields: ScannedFields): FieldEdit | undefined;
}

/** A body or event that cannot be understood. `param` names the field, `message` says what was expected. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';

  /** Of any copy of this package: the gateway has one of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'MalformedBody';
  }

  constructor(
    message: string,
    readonly param?: string,
  ) {
    super(message);
  }
}
