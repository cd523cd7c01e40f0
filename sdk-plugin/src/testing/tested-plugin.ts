import type { StreamEvent } from '../canonical/event.js';
import { type HookOptions, type HookTable, type Phase, phaseKinds } from '../hooks.js';
import type { Needs } from '../needs.js';
import type { Plugin } from '../plugin.js';
import type { Reply } from '../reply.js';
import { type FakeHost, fakeHost } from './fake-host.js';
import { FakeView, type ViewOverrides } from './fake-view.js';
import { type MapHook, mapOne, type Replayed, type ResponseHook, replayHold, replayWhole } from './replay.js';

type KindOf<P extends Phase> = HookTable<Needs>[P]['kind'];
type ValueOf<P extends Phase> = HookTable<Needs>[P]['value'];

/** What a phase is called with: gates see only the view, the others a value too. */
export type HookInput<P extends Phase> = {
  /** A view of an earlier call, or what to say of the request. */
  view?: FakeView | ViewOverrides;
} & (KindOf<P> extends 'gate' ? { value?: never } : { value: ValueOf<P> });

/**
 * What a phase comes to. Gates: the answer, or undefined when the request goes on. Chains: the value that is passed along.
 * Maps: the events in place of the one. Taps and notifies: nothing.
 */
export type HookResult<P extends Phase> =
  KindOf<P> extends 'gate'
    ? ValueOf<P> | Reply | undefined
    : KindOf<P> extends 'chain'
      ? ValueOf<P>
      : KindOf<P> extends 'map'
        ? readonly StreamEvent[]
        : undefined;

export interface HookOutcome<P extends Phase> {
  result: HookResult<P>;
  /** The view that the hook saw: `view.request` is the request after the hook's edits. */
  view: FakeView;
  host: FakeHost;
}

/** A plugin that is set up with a fake host, for tests of several calls that belong together. */
export interface TestedPlugin {
  readonly host: FakeHost;
  /** A view to hand to several calls: state slots and edits of the request live in it. */
  view(overrides?: ViewOverrides): FakeView;
  /** Calls the handler of a phase. Rejects with what the handler throws. Filters, order and time-outs do not apply. */
  run<P extends Phase>(phase: P, input: HookInput<P>): Promise<HookOutcome<P>>;
  /** Sends an answer through the plugin's `event` hook (map or hold window) or its `response` hook. */
  replay(
    events: readonly StreamEvent[],
    view?: FakeView | ViewOverrides,
  ): Promise<Replayed & { view: FakeView; host: FakeHost }>;
  close(): Promise<void>;
}

export interface SetUpOptions {
  /** As under `config:` in headgate.yaml; checked by the plugin's schema. Default `{}`. */
  config?: unknown;
  host?: FakeHost;
}

type AnyHandler = (...args: unknown[]) => unknown;
type AnyHook = AnyHandler | HookOptions<'event', Needs>;

/** Checks the config, calls `setup`, and hands back the hooks ready to be called. Rejects with a ZodError on a wrong config. */
export async function setUp(plugin: Plugin, options: SetUpOptions = {}): Promise<TestedPlugin> {
  const host = options.host ?? fakeHost({ plugin: plugin.name });
  const given = options.config ?? {};
  const config = plugin.config === undefined ? given : await plugin.config.parseAsync(given);
  const hooks = ((await plugin.setup?.(host, config)) ?? {}) as Partial<Record<Phase, AnyHook>>;

  const viewOf = (from: FakeView | ViewOverrides = {}): FakeView =>
    from instanceof FakeView ? from : new FakeView(from, host.log, host.clock.now());
  const handlerOf = (phase: Phase): AnyHandler => {
    const hook = hooks[phase];
    const handler = typeof hook === 'object' ? hook.handler : hook;
    if (handler === undefined) throw new Error(`the plugin "${plugin.name}" has no handler for "${phase}"`);
    return handler as AnyHandler;
  };

  return {
    host,
    view: viewOf,
    async run<P extends Phase>(phase: P, input: HookInput<P>): Promise<HookOutcome<P>> {
      const view = viewOf(input.view);
      const { value } = input;
      const handler = handlerOf(phase);
      const call = async (): Promise<unknown> => {
        switch (phaseKinds[phase]) {
          case 'gate':
            return (await handler(view)) ?? undefined;
          case 'chain':
            return (await handler(value, view)) ?? value;
          case 'map':
            return mapOne(handler as MapHook, value as StreamEvent, view);
          case 'tap':
            handler(value, view);
            return undefined;
          case 'notify':
            await handler(value, view);
            return undefined;
        }
      };
      return { result: (await call()) as HookResult<P>, view, host };
    },
    async replay(events, from) {
      const view = viewOf(from);
      const { event, response } = hooks;
      if (typeof event === 'object' && event.hold !== undefined)
        return { ...(await replayHold(event.hold, events, view)), view, host };
      if (event === undefined && response !== undefined)
        return { ...(await replayWhole(handlerOf('response') as ResponseHook, events, view)), view, host };
      const hook = handlerOf('event') as MapHook;
      return { events: events.flatMap((one) => mapOne(hook, one, view)), reply: null, view, host };
    },
    async close() {
      await plugin.close?.();
    },
  };
}
