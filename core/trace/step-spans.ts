import type { SettledDetail, SettledHook, TimeSpan } from '@headgate/sdk';
import { CONVENTIONAL, OWN } from './attribute-names.js';
import { endSpan, given, type More } from './end-span.js';
import { SPAN_KIND, type SpanTarget } from './span-target.js';

/** Span ids of steps and hooks are that of the request with these bits of the end changed: those of attempts have another beginning. */
const STEP = { receive: 1, guards: 2, route: 3, cache: 4 } as const;
const FIRST_HOOK = 16;
/** More plugins than anybody has. */
const MOST_NAMES = 1000;
/** Of spans, by plugin: made once. */
const names = new Map<string, string>();

/** The parts of the gateway that took time, and the hooks of plugins. */
export function writeSteps(detail: SettledDetail, to: SpanTarget, more: More): void {
  const { record, timings, hooks } = detail;
  const { queue, guard, route, totalUs } = timings;
  if (queue !== null && queue.toUs > queue.fromUs) writeStep(detail, 'receive', queue, to, more);
  if (guard !== null) writeStep(detail, 'guards', guard, to, more);
  if (record.cache.startsWith('hit'))
    writeStep(detail, 'cache', guard ?? { fromUs: 0, toUs: totalUs }, to, more);
  if (route !== null) writeStep(detail, 'route', route, to, more);
  for (let i = 0; i < hooks.length; i++) writeHook(detail, i, hooks[i] as SettledHook, to, more);
}

function writeStep(
  detail: SettledDetail,
  name: keyof typeof STEP,
  span: TimeSpan,
  to: SpanTarget,
  more: More,
): void {
  const { spanId } = detail.trace;
  begin(detail, spanWithin(spanId, STEP[name]), spanId, name, span, to);
  if (name === 'cache') to.text(OWN.cache, detail.record.cache);
  endSpan(detail, 'step', null, to, more);
}

function writeHook(
  detail: SettledDetail,
  i: number,
  { record: hook, span, busyUs }: SettledHook,
  to: SpanTarget,
  more: More,
): void {
  const { spanId } = detail.trace;
  const { plugin, outcome, calls } = hook;
  const step = stepOf(detail, hook);
  const parent = step === 0 ? spanId : spanWithin(spanId, step);
  begin(detail, spanWithin(spanId, FIRST_HOOK + i), parent, nameOf(plugin), span, to);
  to.text(OWN.plugin, plugin);
  to.text(OWN.hookPhase, hook.phase);
  if (outcome !== 'passed') to.text(OWN.hookOutcome, outcome);
  if (calls > 1) {
    to.number(OWN.hookCalls, calls);
    to.number(OWN.hookBusyUs, busyUs);
  }
  let error: string | null = null;
  if (outcome === 'failed') {
    error = 'the hook failed; the log says why';
    to.text(CONVENTIONAL.error, 'plugin_failed');
  } else if (outcome === 'refused') {
    error = detail.record.errorMessage || detail.record.error || 'refused';
    given(to, CONVENTIONAL.error, detail.record.error);
  }
  endSpan(detail, 'step', error, to, more);
}

function begin(
  { record, trace }: SettledDetail,
  spanId: string,
  parentId: string,
  name: string,
  { fromUs, toUs }: TimeSpan,
  to: SpanTarget,
): void {
  const startUs = record.time * 1000;
  const { traceId } = trace;
  const endUs = startUs + toUs;
  to.begin({ traceId, spanId, parentId, name, kind: SPAN_KIND.internal, startUs: startUs + fromUs, endUs });
}

/** Gates and routing lie below their step, all others below the request. */
function stepOf({ timings }: SettledDetail, { phase }: SettledHook['record']): number {
  if (phase === 'request' && timings.guard !== null) return STEP.guards;
  return phase === 'route' && timings.route !== null ? STEP.route : 0;
}

function nameOf(plugin: string): string {
  let name = names.get(plugin);
  if (name === undefined) {
    name = `plugin ${plugin}`;
    if (names.size >= MOST_NAMES) names.clear();
    names.set(plugin, name);
  }
  return name;
}

/** The id of the request's span with other digits at its end: the last two, as long as that is enough. */
function spanWithin(spanId: string, index: number): string {
  const digits = index < 0x100 ? 2 : 4;
  const from = spanId.length - digits;
  const last = Number.parseInt(spanId.slice(from), 16) ^ index;
  return spanId.slice(0, from) + last.toString(16).padStart(digits, '0');
}
