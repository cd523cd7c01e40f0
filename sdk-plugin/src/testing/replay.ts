import type { StreamEvent } from '../canonical/event.js';
import type { CanonicalResponse } from '../canonical/response.js';
import { foldEvents, unfoldResponse } from '../fold.js';
import type { HoldWindow } from '../hooks.js';
import type { Needs } from '../needs.js';
import type { Reply } from '../reply.js';
import type { FakeView } from './fake-view.js';

/** What comes out of a plugin that an answer goes through. */
export interface Replayed {
  /** What the client would get. When the answer was stopped: what it had got by then. */
  events: StreamEvent[];
  /** What a hold window said instead of the rest of the answer, or null. */
  reply: Reply | null;
}

type Awaitable<T> = T | PromiseLike<T>;
export type MapHook = (
  event: StreamEvent,
  view: FakeView,
) => StreamEvent | readonly StreamEvent[] | null | undefined;
export type ResponseHook = (
  response: CanonicalResponse,
  view: FakeView,
) => Awaitable<CanonicalResponse | null | undefined>;

/** One event through a map hook. */
export function mapOne(hook: MapHook, event: StreamEvent, view: FakeView): readonly StreamEvent[] {
  const mapped = hook(event, view);
  if (mapped === null) return [];
  if (mapped === undefined) return [event];
  return isList(mapped) ? mapped : [mapped];
}

/** Windows of text, each inspected before it is let go, as the gateway does it. */
export async function replayHold(
  window: HoldWindow<Needs>,
  events: readonly StreamEvent[],
  view: FakeView,
): Promise<Replayed> {
  const out: StreamEvent[] = [];
  let held: StreamEvent[] = [];
  let chars = 0;
  for (const event of events) {
    held.push(event);
    if (event.type === 'part-delta') chars += event.text.length;
    if (chars < window.chars && event.type !== 'end' && event.type !== 'error') continue;
    const said = (await window.inspect(held, view as never)) ?? held;
    if (!isList(said)) return { events: out, reply: said };
    out.push(...said);
    held = [];
    chars = 0;
  }
  return { events: out, reply: null };
}

/** The whole answer at once; a stream that breaks off is never seen whole, so it passes as it is. */
export async function replayWhole(
  hook: ResponseHook,
  events: readonly StreamEvent[],
  view: FakeView,
): Promise<Replayed> {
  if (events.at(-1)?.type !== 'end') return { events: [...events], reply: null };
  const response = foldEvents(events);
  return { events: unfoldResponse((await hook(response, view)) ?? response), reply: null };
}

function isList<T>(value: T | readonly StreamEvent[]): value is readonly StreamEvent[] {
  return Array.isArray(value);
}
