import { ejectedTargets } from './ejected-targets.js';
import { counter, gauge, type MetricFamily, type NumberSample, single } from './metric-family.js';
import type { ThreadGauges } from './recorder-protocol.js';
import type { ThreadState } from './thread-watch.js';

/** How the threads fare, each by its name. */
export function threadFamilies(
  states: readonly ThreadState[],
  gauges: readonly ThreadGauges[],
): MetricFamily[] {
  const each = (of: (state: ThreadState) => number): NumberSample[] =>
    states.map((state) => ({ labels: { thread: state.thread }, value: of(state) }));
  const pauses = (of: 'count' | 'seconds'): NumberSample[] =>
    states.flatMap(({ thread, pauses }) =>
      pauses.map((one) => ({ labels: { thread, kind: one.kind }, value: one[of] })),
    );
  return [
    counter(
      'headgate_thread_active_seconds_total',
      'Seconds that the event loop of a thread was busy: a rate of 1 is all it can do.',
      each(({ activeSeconds }) => activeSeconds),
    ),
    counter(
      'headgate_thread_idle_seconds_total',
      'Seconds that the event loop of a thread had nothing to do.',
      each(({ idleSeconds }) => idleSeconds),
    ),
    gauge(
      'headgate_thread_event_loop_delay_seconds',
      'How late timers of a thread were, over the last ten seconds and more; percentile 100 is the latest.',
      states.flatMap(({ thread, delay }) => [
        { labels: { thread, percentile: '50' }, value: delay.p50 },
        { labels: { thread, percentile: '99' }, value: delay.p99 },
        { labels: { thread, percentile: '100' }, value: delay.max },
      ]),
    ),
    counter(
      'headgate_thread_gc_pauses_total',
      'Pauses of the garbage collector of a thread.',
      pauses('count'),
    ),
    counter(
      'headgate_thread_gc_pause_seconds_total',
      'Seconds that the garbage collector of a thread paused it.',
      pauses('seconds'),
    ),
    gauge(
      'headgate_thread_heap_used_bytes',
      'Heap of a thread.',
      each(({ heapUsedBytes }) => heapUsedBytes),
    ),
    gauge(
      'headgate_thread_heap_limit_bytes',
      'The most that the heap of a thread may have.',
      each(({ heapLimitBytes }) => heapLimitBytes),
    ),
    gauge(
      'headgate_thread_external_bytes',
      'Memory outside the heap of a thread that objects in it hold.',
      each(({ externalBytes }) => externalBytes),
    ),
    gauge(
      'headgate_provider_key_resting',
      'Threads in which a credential of a provider rests after a refusal or a limit; those that do not are left out.',
      restingKeys(gauges),
    ),
    ...ejectedFamilies(gauges),
    single(
      'gauge',
      'headgate_longest_request_seconds',
      'How long the request has run that has run longest; sessions over WebSockets do not count.',
      Math.max(0, ...gauges.flatMap(({ oldest = [] }) => oldest.map(({ ms }) => ms / 1000))),
    ),
  ];
}

function ejectedFamilies(gauges: readonly ThreadGauges[]): MetricFamily[] {
  const targets = ejectedTargets(gauges).map(({ provider, model, ...numbers }) => ({
    labels: { provider, model },
    numbers,
  }));
  const each = (of: 'threads' | 'times'): NumberSample[] =>
    targets.map(({ labels, numbers }) => ({ labels, value: numbers[of] }));
  return [
    gauge(
      'headgate_target_ejected',
      'Threads in which a target is passed over since its attempts failed; those that never were are left out.',
      each('threads'),
    ),
    counter(
      'headgate_target_ejections_total',
      'How often a target was passed over from then on, in all threads.',
      each('times'),
    ),
  ];
}

function restingKeys(gauges: readonly ThreadGauges[]): NumberSample[] {
  const threads = new Map<string, { labels: { provider: string; key: string }; value: number }>();
  for (const { resting = [] } of gauges)
    for (const labels of resting) {
      const name = JSON.stringify(labels);
      const known = threads.get(name);
      if (known === undefined) threads.set(name, { labels: { ...labels }, value: 1 });
      else known.value++;
    }
  return [...threads.values()];
}
