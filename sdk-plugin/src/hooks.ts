import type { CanonicalError } from './canonical/error.js';
import type { StreamEvent } from './canonical/event.js';
import type { CanonicalResponse } from './canonical/response.js';
import type { Needs } from './needs.js';
import type { Reply } from './reply.js';
import type { ToolResult, ToolView } from './tool.js';
import type {
  BaseView,
  HeadView,
  IdentifyView,
  Principal,
  RequestView,
  RouteView,
  SettledRecord,
  StreamView,
  Target,
  UpstreamHead,
  UpstreamView,
  Verdict,
} from './views.js';

/** Runs in order until one answers. Fails closed unless it says otherwise. */
interface Gate<View, Answer> {
  kind: 'gate';
  view: View;
  value: Answer;
}
/** Passes a value along; returning nothing leaves it as it is. Fails closed unless it says otherwise. */
interface Chain<View, Value> {
  kind: 'chain';
  view: View;
  value: Value;
}
/** Synchronous: each value becomes none, one or several. Fails closed unless it says otherwise. */
interface MapEach<View, Value> {
  kind: 'map';
  view: View;
  value: Value;
}
/** Synchronous: looks at what passes and cannot change it. Fails open; a tap that throws is unplugged. */
interface Tap<View, Value> {
  kind: 'tap';
  view: View;
  value: Value;
}
/** Told afterwards, in reverse order; nobody waits for it. Fails open. */
interface Notify<View, Value> {
  kind: 'notify';
  view: View;
  value: Value;
}

/** THE hook table, in execution order: one line per phase. */
export interface HookTable<N extends Needs> {
  /** Who calls? The first gate that returns a principal decides; none: the virtual key decides. */
  identify: Gate<IdentifyView, Principal>;
  /** The request is complete and nothing was sent yet: limits, guards, caches, prompt edits. */
  request: Gate<RequestView<N>, never>;
  /**
   * A limit, a budget or a permission refuses the request and no provider was asked: what is counted for it can be given back
   * before its client knows. Headers that are set here take the place of those of the same name.
   */
  refused: Notify<RequestView<N>, CanonicalError>;
  /** The ordered list of targets to try. */
  route: Chain<RouteView<N>, readonly Target[]>;
  /** Per attempt, after credentials were added, just before it is sent. */
  upstream: Chain<UpstreamView<N>, UpstreamHead>;
  /** Per attempt, on the answer's status and headers: relay, retry, next target or fail. */
  head: Chain<HeadView<N>, Verdict>;
  /** The answer's bytes after they were sent to the client. Needs `response: 'bytes'`. */
  bytes: Tap<StreamView<N>, Uint8Array>;
  /** The answer's events before they are sent, streamed or not. Needs `response: 'events'`. */
  event: MapEach<StreamView<N>, StreamEvent>;
  /** The whole answer before any of it is sent. Needs `response: 'whole'`. */
  response: Chain<StreamView<N>, CanonicalResponse>;
  /**
   * A call of a tool that fits its schema and the limits, before its server is asked: guards, edits of the arguments. May refuse
   * it with an error, or give a result in the server's place.
   */
  tool: Gate<ToolView, ToolResult>;
  /** What a call of a tool came to, before whoever called it has it. */
  toolResult: Chain<ToolView, ToolResult>;
  /** Exactly once per request, whatever happened. The view still holds what the plugin put in its slots. */
  settled: Notify<BaseView, SettledRecord>;
}

export type Phase = keyof HookTable<Needs>;

/** The kind of each phase, for runners; the mapped type breaks the build when a phase is forgotten. */
export const phaseKinds: { readonly [P in Phase]: HookTable<Needs>[P]['kind'] } = {
  identify: 'gate',
  request: 'gate',
  refused: 'notify',
  route: 'chain',
  upstream: 'chain',
  head: 'chain',
  bytes: 'tap',
  event: 'map',
  response: 'chain',
  tool: 'gate',
  toolResult: 'chain',
  settled: 'notify',
};

type Awaitable<T> = T | Promise<T>;
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual case
type Nothing = void | undefined;

/** The function a plugin writes for a hook of that kind. */
type HandlerOf<H> =
  H extends Gate<infer V, infer A>
    ? (view: V) => Awaitable<A | Reply | Nothing>
    : H extends Chain<infer V, infer T>
      ? (value: T, view: V) => Awaitable<T | Nothing>
      : H extends MapEach<infer V, infer T>
        ? (value: T, view: V) => T | readonly T[] | null | Nothing
        : H extends Tap<infer V, infer T>
          ? (value: T, view: V) => void
          : H extends Notify<infer V, infer T>
            ? (value: T, view: V) => Awaitable<void>
            : never;

/** A handler of phase `P` for a plugin with needs `N`. */
export type Handler<P extends Phase, N extends Needs> = HandlerOf<HookTable<N>[P]>;

/** Limits a hook to some requests; all given lists must match. `*` matches any run of characters. Folded at boot. */
export interface Filter {
  models?: readonly string[];
  /** Wire formats of the client, e.g. `openai-chat`. */
  formats?: readonly string[];
}

/** `open`: go on as if the hook were not there. `closed`: the request fails with an error. */
export type OnFailure = 'open' | 'closed';

interface HookSettings {
  /** Smaller runs earlier; 0 when absent; ties run in the order of the config. `settled` runs in reverse. */
  order?: number;
  filter?: Filter;
  onFailure?: OnFailure;
  /** Milliseconds a promise may take before the hook counts as failed. Default 5000; asynchronous kinds only. */
  timeoutMs?: number;
}

/**
 * A handler with options. The `event` phase may have a `hold` window instead of a handler: events are held back until
 * this many characters of text are there (or the answer ends), then `inspect` is called while the provider is paused.
 */
export type HookOptions<P extends Phase, N extends Needs> = HookSettings &
  (
    | { handler: Handler<P, N>; hold?: never }
    | (P extends 'event' ? { hold: HoldWindow<N>; handler?: never } : never)
  );

/** A guard over a stream that must wait for something: the gateway pauses the provider, runs it, resumes. */
export interface HoldWindow<N extends Needs> {
  /** Characters of text to collect before each inspection. */
  chars: number;
  inspect(
    events: readonly StreamEvent[],
    view: StreamView<N>,
  ): Awaitable<readonly StreamEvent[] | Reply | Nothing>;
}

/** Phases that only exist when the plugin declared the need for them. */
type Allowed<P extends Phase, N extends Needs> = P extends 'bytes'
  ? N['response'] extends 'bytes'
    ? P
    : never
  : P extends 'event'
    ? N['response'] extends 'events'
      ? P
      : never
    : P extends 'response'
      ? N['response'] extends 'whole'
        ? P
        : never
      : P;

/** What `setup` returns: a handler, or a handler with options, for any of the phases. */
export type PluginHooks<N extends Needs> = {
  [P in Phase as Allowed<P, N>]?: Handler<P, N> | HookOptions<P, N>;
};
