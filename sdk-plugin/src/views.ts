import type { CanonicalRequest } from './canonical/request.js';
import type { Usage } from './canonical/usage.js';
import type { ChainLink } from './chain.js';
import type { Operation } from './format.js';
import type { HeaderList } from './headers.js';
import type { Phase } from './hooks.js';
import type { Logger, Slot } from './host.js';
import type { JsonValue } from './json.js';
import type { Needs } from './needs.js';
import type { TaskRequest } from './task.js';

/** Who is calling. */
export interface Principal {
  /** Stable id, never the secret itself. */
  readonly id: string;
  /** For people: the key's name in the config. */
  readonly name: string;
  /** Public model names it may use; `*` matches any run of characters. */
  readonly models: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where its requests are counted; left out or '' when it belongs to none. */
  readonly org?: string;
  readonly team?: string;
  readonly project?: string;
  readonly user?: string;
  /**
   * Whom its requests are counted for: the key, then its project, team, organization and user as far as it has them, then
   * the customer and the tags of the request that are known here. The gateway fills it in for virtual keys; a principal
   * that a plugin made has none. The same objects as long as nothing about them changes.
   */
  readonly chain?: readonly ChainLink[];
}

/** What the caller says about a request in `x-headgate-metadata`, or its key says by default. */
export interface RequestMetadata {
  readonly customer?: string;
  readonly session?: string;
  readonly tags: readonly string[];
  /** Everything else that was given. */
  readonly other: Readonly<Record<string, string>>;
}

/** Reads request headers by lower-case name. */
export interface HeaderReader {
  get(name: string): string | undefined;
}

/** What every view has. One object a request, shared by all hooks of all plugins. */
export interface BaseView {
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly operation: Operation;
  /** Wire format of the client. */
  readonly format: string;
  readonly path: string;
  readonly headers: HeaderReader;
  readonly principal: Principal | null;
  readonly metadata: RequestMetadata;
  /** Public model name as the client asked for it; `''` before the body was read. */
  readonly model: string;
  readonly stream: boolean;
  readonly log: Logger;
  /** The request is over: its client has left, for example, while a hook waited. What is taken for it now, nobody gives back. */
  readonly ended: boolean;
  /** The plugin's own per-request state, made on first use. */
  state<S>(slot: Slot<S>): S;
}

export interface IdentifyView extends BaseView {
  /** What the client sent as its key, from whichever header its API uses; null when it sent none. */
  readonly credential: string | null;
}

interface HeadRequest extends BaseView {
  /** The body's bytes. Never write to them. */
  readonly body: Uint8Array;
  /** One top-level field of the body, parsed on demand; undefined when absent. */
  field(name: string): JsonValue | undefined;
  /**
   * A request that is no chat (embeddings, reranking), decoded on demand; null for any other. An error that says so when
   * the body makes no sense. Treat it as read-only and call `replaceTask`.
   */
  task(): TaskRequest | null;
  /** Changes such a request for every later hook and for the provider. */
  replaceTask(request: TaskRequest): void;
  /** Cap on output tokens that the request itself sets, over all choices it asks for; undefined when it sets none. */
  maxOutputTokens(): number | undefined;
  /**
   * The most that this request can cost, in nano-dollars, at the dearest of the targets it may go to; null when no
   * price is known for any of them. A target without a price counts as nothing beside one that has a price.
   *
   * Input is bounded by one token a byte of the body and some for what providers add, and by the model's context
   * window; output by the request's own cap, else the model's, else 4096 tokens. `outputTokens` replaces the latter: 0
   * gives the part of the input. What is not in the body is not in the bound: pictures and files by reference, tools
   * that the provider runs, several prompts in one legacy completion, targets that a route hook adds.
   */
  maxCostNano(outputTokens?: number): number | null;
  /**
   * Adds a header to the answer, whoever gives it; without effect once the head of the answer is out. It goes before a
   * provider's header of that name, and with one `x-ratelimit-…` none of the provider's is passed on.
   */
  answerHeader(name: string, value: string): void;
}

interface CanonicalAccess {
  /** The request in the hub. Treat it as read-only and call `replace`. */
  readonly request: CanonicalRequest;
  /** Changes the request for every later hook and for the provider. */
  replace(request: CanonicalRequest): void;
}

/** `needs.request` decides whether `view.request` exists: without `canonical` it does not compile. */
export type RequestView<N extends Needs> = HeadRequest &
  (N['request'] extends 'canonical' ? CanonicalAccess : unknown);

/** Where a request may go: a provider and the name of the model there. */
export interface Target {
  readonly provider: string;
  readonly model: string;
}

export type RouteView<N extends Needs> = RequestView<N>;

/** An attempt at one target. */
export interface AttemptInfo {
  readonly target: Target;
  /** 1 for the first attempt of the request, counted over all targets. */
  readonly attempt: number;
}

/** What the `upstream` chain passes along: how the request leaves the gateway. */
export interface UpstreamHead {
  /** Path and query below the provider's origin. */
  path: string;
  headers: HeaderList;
}

export type UpstreamView<N extends Needs> = RequestView<N> & AttemptInfo;

/** What to do with an upstream answer, decided on its head. */
export type Verdict =
  | { action: 'relay' }
  /** Same target again, after `delayMs`. */
  | { action: 'retry'; delayMs: number }
  /** The next target of the route. */
  | { action: 'next' }
  /** Give up and tell the client. */
  | { action: 'fail' };

export type HeadView<N extends Needs> = RequestView<N> &
  AttemptInfo & { readonly status: number; readonly responseHeaders: HeaderReader };

export type StreamView<N extends Needs> = RequestView<N> & AttemptInfo;

/** One attempt as the ledger and the log keep it. */
export interface AttemptRecord {
  provider: string;
  model: string;
  /** Name or position of the provider key used, never the key. */
  key: string;
  /** HTTP status, or 0 when none came. */
  status: number;
  /** Error code when the attempt was not relayed. */
  error: string | null;
  /** Milliseconds from dispatch to the end of the attempt. */
  ms: number;
  /** Milliseconds from the arrival of the request to the dispatch of this attempt; 0 when it was not sent. */
  startMs: number;
  /** Milliseconds from dispatch until it left over a connection that stands; null where nobody could tell. */
  connectMs: number | null;
  /** Milliseconds from dispatch to the head of the provider's answer; null when none came. */
  firstByteMs: number | null;
}

/** A target that was not asked, though its turn had come. */
export interface PassedOver {
  readonly provider: string;
  readonly model: string;
  /**
   * `ejected`: its last attempts had failed, and others could be asked; `resting`: the provider had said when it may be asked
   * again; `no_key`: none of its credentials may use the model.
   */
  readonly why: 'ejected' | 'resting' | 'no_key';
}

/**
 * What came of a hook. `changed`: it returned something else than it was given; `answered`, `refused`: a gate or a guard answered in
 * the provider's place, with an error or without; `failed`: it threw or took too long; `unfinished`: the request was over before it was.
 */
export type HookOutcome = 'passed' | 'changed' | 'answered' | 'refused' | 'failed' | 'unfinished';

/** The time that a hook of a plugin had a request. Hooks that are called for each piece of an answer have one for all calls. */
export interface HookTime {
  plugin: string;
  phase: Phase;
  /** Of several calls the gravest. */
  outcome: HookOutcome;
  /** Milliseconds from the arrival of the request until it was called first. */
  startMs: number;
  /** Milliseconds it had the request, in all calls together. */
  ms: number;
  /** Milliseconds between its calls, in which it did not have it; 0 where it was called once. */
  restMs: number;
  calls: number;
}

/** How a request ended. `client-closed`: the client left first. */
export type Outcome = 'ok' | 'error' | 'client-closed';

/** Everything known about a finished request, said exactly once, whatever happened. */
export interface SettledRecord {
  /** Unique over time, threads and nodes; sorts by time. */
  id: string;
  /** Unix milliseconds of arrival. */
  time: number;
  operation: Operation;
  format: string;
  stream: boolean;
  keyId: string;
  keyName: string;
  /** What the key belongs to; `''` where there is none. */
  org: string;
  team: string;
  project: string;
  user: string;
  customer: string;
  session: string;
  tags: readonly string[];
  /** Public model name. */
  model: string;
  /** Provider and model that answered last; `''` when none was tried. */
  provider: string;
  targetModel: string;
  /** HTTP status sent to the client; 0 when it left before any was sent. */
  status: number;
  outcome: Outcome;
  /** Error code, `''` when all went well. */
  error: string;
  /** Null when the provider said nothing. */
  usage: Usage | null;
  /** Nano-dollars (1 USD = 1e9), null when no price is known. */
  costNano: number | null;
  attempts: AttemptRecord[];
  /** Milliseconds, with fractions: arrival to last byte. */
  totalMs: number;
  /** Milliseconds from arrival to the first byte of the answer; null when there was none. */
  firstByteMs: number | null;
  /** Milliseconds from arrival to the first content of a stream. */
  firstTokenMs: number | null;
  /** Microseconds the gateway itself took until the answer's head was ready. */
  overheadUs: number;
  /** `miss`, `bypass`, `hit-exact`, `hit-semantic`. */
  cache: string;
  /** What went wrong in words, without secrets, of 500 characters at most; `''` when all went well. */
  errorMessage: string;
  /** Milliseconds from arrival until the whole request was there; null when nothing had to be waited for. */
  bodyMs: number | null;
  /** Milliseconds from arrival until limits, budgets, caches and guards began, and until they were done; null without any. */
  checkMs: number | null;
  checkedMs: number | null;
  /** Milliseconds from arrival until it was known where to go; null when the request ended before. */
  routedMs: number | null;
  /** Names of the plugins that had a say in such requests. */
  plugins: readonly string[];
  /** The hooks that were called, in order of their first call. `refused` and `settled`, for which nothing waits, are not among them. */
  hooks: readonly HookTime[];
  /**
   * Why the model stopped, in the provider's own word; `''` when it did not say, or nobody looked. Of a call of a tool `tool_error` when
   * its result says that it failed.
   */
  finish: string;
  /** Names of the tools that the answer calls, each once. */
  tools: readonly string[];
  /** The client's W3C `traceparent`; `''` when it sent none that is valid. */
  trace: string;
  /** Id of the answer, where the API keeps answers; `''` otherwise. */
  answerId: string;
  /** Id of the answer or the conversation that the request goes on from; `''` when it begins anew. */
  continues: string;
  /** What else the caller said in `x-headgate-metadata`, as far as `observability.metadata` and the labels of metrics name it. */
  metadata: Readonly<Record<string, string>>;
  /** Targets that were passed over. One that was ejected may have been asked in the end, when no other was left. */
  passedOver: readonly PassedOver[];
}
