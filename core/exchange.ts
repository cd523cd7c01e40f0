import type {
  AttemptRecord,
  CanonicalError,
  CanonicalRequest,
  HeaderList,
  HookTime,
  JsonObject,
  PassedOver,
  RequestMetadata,
  ScannedFields,
  StreamMeter,
  TaskRequest,
  Usage,
} from '@headgate/sdk';
import { canonicalError, type ErrorCode } from './errors.js';
import { failNow } from './fail.js';
import type { Forward } from './forward/forward.js';
import type { OwnedObject } from './forward/owner.js';
import { cleanHeaders } from './header-text.js';
import type { RequestBody } from './http/request-body.js';
import { endedBy } from './identity/standing.js';
import type { Changed } from './identity/stored-keys.js';
import type { VirtualKey } from './identity/virtual-key.js';
import type { IoThread } from './io-thread.js';
import type { Conversation } from './kept/conversation.js';
import type { ToolRun } from './mcp/tool-run.js';
import type { BodySink } from './observe/bodies/body-sink.js';
import { NO_HOOKS } from './plan/hook-times.js';
import type { Plan } from './plan/plan.js';
import type { DurableSink } from './relay/durable-sink.js';
import type { ErrorInside } from './relay/error-inside.js';
import type { ClientSink } from './relay/sink.js';
import type { Endpoint } from './route/endpoint.js';
import type { CompiledTarget, ModelRoute } from './route/target.js';
import type { Runtime } from './runtime.js';
import type { Spent } from './spent.js';
import type { Waiting } from './upstream/deadlines.js';
import type { ExchangeView } from './view.js';
import type { FieldSpans } from './wire/json-spans.js';

export const NO_TOOLS: readonly string[] = Object.freeze([]);
export const NONE_PASSED_OVER: readonly PassedOver[] = Object.freeze([]);
export const NO_METADATA: RequestMetadata = Object.freeze({ tags: [], other: {} });

/** What runs for a request at a provider. */
export interface Running {
  /** Stops it; nothing more is heard of it. */
  stop(): void;
  /** The client has caught up. */
  resume(): void;
  /** The answer is an error, whatever its status said, and nothing of it was sent: another attempt may take over. */
  failInside?(error: ErrorInside): void;
  /** The request is over. */
  release(): void;
}

/** What `accept` copied out of the server's short-lived request. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The model that the path names, decoded; '' where the body names it. */
  readonly model: string;
  readonly headers: HeaderList;
  readonly body: RequestBody;
  readonly sink: ClientSink;
}

/**
 * One request and everything known about it so far. All fields exist from the start, in this order, so that every
 * exchange has the same hidden class; stages fill them in.
 */
export class Exchange implements ScannedFields, Waiting {
  readonly id: string;
  /** Unix milliseconds of arrival. */
  readonly receivedAt: number;
  /** Arrival on the monotonic clock, milliseconds. */
  readonly startedAt: number;
  /** The configuration at arrival: a reload in between changes nothing for this request. */
  readonly runtime: Runtime;

  /** Of what a stage waits for: none of its own. */
  readonly deadline = Number.POSITIVE_INFINITY;
  place = -1;
  /** The stage the pipeline goes on with when a wait is over. */
  at = 0;
  /** True once the client has its answer or is gone: nothing more may be written. */
  answered = false;
  settled = false;

  principal: VirtualKey | null = null;
  metadata: RequestMetadata = NO_METADATA;
  spans: FieldSpans | null = null;
  /** Public model name. */
  model = '';
  stream = false;
  route: ModelRoute | null = null;
  plan: Plan | null = null;
  canonical: CanonicalRequest | null = null;
  /** Of requests whose answer is kept, or that go on from one that is. */
  conversation: Conversation | null = null;
  /** Keeps the end of the answer back until the record is written; null where nothing waits for records. */
  durable: DurableSink | null = null;
  /** Something at a provider that the request is about, as the first of those that it names and that are known. */
  about: OwnedObject | null = null;
  /** In the hub, what is no chat. */
  task: TaskRequest | null = null;
  /** Of a task that the running attempt had to divide. */
  parts: readonly TaskRequest[] | null = null;
  /** A hook replaced the request, so its bytes are no longer what is meant. */
  edited = false;
  parsed: JsonObject | null = null;
  view: ExchangeView | null = null;
  slots: unknown[] | null = null;

  targets: readonly CompiledTarget[] = [];
  attempt: Running | null = null;
  /** Of requests that are only forwarded. */
  forward: Forward | null = null;
  /** Of calls of tools. */
  tool: ToolRun | null = null;
  /** Models and tools are asked in rounds, each of which is an exchange of its own that is counted and recorded. */
  isRun = false;
  attempts: AttemptRecord[] = [];
  /** Targets that were not asked, though their turn had come. */
  passedOver: readonly PassedOver[] = NONE_PASSED_OVER;
  /** Fields that a codec could not express for the target. */
  dropped: string[] | null = null;

  status = 0;
  usage: Usage | null = null;
  /** Of tries that came to nothing; see `core/spent.ts`. */
  spent: Spent | null = null;
  /** Nano-dollars, where they are not what `usage` costs at `target`: of several requests together, each priced by itself. */
  billedNano: number | null = null;
  /** Of a stream that passes as bytes: what it knows so far counts when the client leaves. */
  meter: StreamMeter | null = null;
  /** Of the target that answered last. */
  target: CompiledTarget | null = null;
  error: CanonicalError | null = null;
  clientGone = false;
  /** The client's own limit on the whole request, from `x-headgate-timeout`. */
  timeoutMs = Number.POSITIVE_INFINITY;
  /** It costs at least that, nano-dollars, by what is known beside its body: an answer in a session goes on from those before it. */
  leastNano = 0;
  cache = 'bypass';
  /** Headers that hooks want on the answer (remaining limits, …). */
  extraHeaders: HeaderList | null = null;

  /** Monotonic milliseconds spent waiting for providers before the head of the answer. */
  waitedMs = 0;
  /** Monotonic milliseconds; 0 when it has not happened. */
  headAt = 0;
  firstTokenAt = 0;
  /** The whole request is there, where that was waited for. */
  bodyAt = 0;
  /** Its gates begin, and are done. */
  checkAt = 0;
  checkedAt = 0;
  /** It is known where it goes. */
  routedAt = 0;
  /** What hooks of plugins took. */
  hooks: HookTime[] = NO_HOOKS;

  /** What the answer says of its end, and the tools that it calls; see `SettledRecord`. */
  finish = '';
  /** Keeps what passes, where that is wanted. */
  bodies: BodySink | null = null;
  tools: readonly string[] = NO_TOOLS;

  constructor(
    readonly io: IoThread,
    readonly endpoint: Endpoint,
    public incoming: Incoming,
    /** Of one that is part of another: it begins as that one's. */
    id = io.ids.next(),
  ) {
    this.id = id;
    this.receivedAt = Date.now();
    this.startedAt = performance.now();
    this.runtime = io.runtime;
  }

  get serves(): this {
    return this;
  }

  onDeadline(): void {}

  /** A stage still waits for something: a body, a gate, an owner. */
  cutOff(code: ErrorCode): void {
    failNow(this, canonicalError(code));
  }

  review(changed: Changed): void {
    const error = endedBy(this, changed);
    if (error !== null) failNow(this, error);
  }

  /** Value of a request header by its lower-case name. */
  header(name: string): string | undefined {
    const headers = this.incoming.headers;
    for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
    return undefined;
  }

  /** Raw JSON text of a scanned top-level field. */
  json(name: string): string | undefined {
    const field = this.endpoint.fields.names.indexOf(name);
    if (field < 0 || this.spans === null || !this.spans.has(field)) return undefined;
    return this.incoming.body.bytes.toString('utf8', this.spans.start(field), this.spans.end(field));
  }

  /** Headers of a plugin for the answer. */
  addHeaders(headers: HeaderList): void {
    const clean = cleanHeaders(headers);
    this.extraHeaders = this.extraHeaders === null ? clean : [...this.extraHeaders, ...clean];
  }
}
