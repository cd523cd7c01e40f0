import type { StreamEvent } from './canonical/event.js';
import type { Phase } from './hooks.js';
import type { Plugin } from './plugin.js';
import type { FakeHost } from './testing/fake-host.js';
import type { FakeView, ViewOverrides } from './testing/fake-view.js';
import type { Replayed } from './testing/replay.js';
import { type HookInput, type HookOutcome, type SetUpOptions, setUp } from './testing/tested-plugin.js';

export {
  type Counted,
  type FakeClock,
  type FakeHost,
  type FakeHostOptions,
  type FakeRouteRequest,
  fakeHost,
  type LogEntry,
} from './testing/fake-host.js';
export type { FakeView, ViewOverrides } from './testing/fake-view.js';
export type { Replayed } from './testing/replay.js';
export { settledRecord, textOf, textStream } from './testing/samples.js';
export {
  type HookInput,
  type HookOutcome,
  type HookResult,
  type SetUpOptions,
  setUp,
  type TestedPlugin,
} from './testing/tested-plugin.js';

/**
 * Sets a plugin up and calls one of its hooks: no server, no network. For several calls that share state, use
 * {@link setUp}.
 *
 * ```ts
 * const { result } = await runHook(plugin, 'request', { config: { word: 'x' }, view: { prompt: 'an x' } });
 * ```
 */
export async function runHook<P extends Phase>(
  plugin: Plugin,
  phase: P,
  input: HookInput<P> & SetUpOptions,
): Promise<HookOutcome<P>> {
  const { config, host } = input;
  const tested = await setUp(plugin, { config, ...(host && { host }) });
  return tested.run(phase, input);
}

/**
 * Sets a plugin up and sends a streamed answer through it. `events` come from {@link textStream} or are written by hand;
 * what comes out is what the client would get.
 */
export async function replayStream(
  plugin: Plugin,
  events: readonly StreamEvent[],
  options: SetUpOptions & { view?: FakeView | ViewOverrides } = {},
): Promise<Replayed & { view: FakeView; host: FakeHost }> {
  const { config, host } = options;
  const tested = await setUp(plugin, { config, ...(host && { host }) });
  return tested.replay(events, options.view);
}
