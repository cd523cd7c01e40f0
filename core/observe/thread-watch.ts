import {
  constants,
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** How a thread of the gateway fares. */
export interface ThreadState {
  /** `main`, `io-1`, `ledger`, … */
  readonly thread: string;
  /** Of its event loop since its start. */
  readonly activeSeconds: number;
  readonly idleSeconds: number;
  /** How late timers were, seconds, over the ten to twenty seconds before; all 0 before the first of them. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Pauses of the garbage collector since the thread began to be watched, by kind. */
  readonly pauses: readonly { readonly kind: string; readonly count: number; readonly seconds: number }[];
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Outside the heap, held by objects in it. */
  readonly externalBytes: number;
}

/** The start has other things to do. */
const SOON_MS = 1_000;
const DELAY_MS = 10_000;
const RESOLUTION_MS = 20;

interface Collection {
  readonly detail: { readonly kind: number };
}

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak_callbacks',
};

/** Watches the thread that it is made in, from a second after its start on. There is one in each thread, for good. */
class ThreadWatch {
  private readonly pauses = new Map<string, { count: number; seconds: number }>();
  private delays: IntervalHistogram | null = null;
  private lately = { p50: 0, p99: 0, max: 0 };
  private since = 0;

  constructor() {
    setTimeout(() => this.begin(), SOON_MS).unref();
  }

  state(thread: string): ThreadState {
    const { active, idle }: EventLoopUtilization = performance.eventLoopUtilization();
    const heap = getHeapStatistics();
    return {
      thread,
      activeSeconds: active / 1000,
      idleSeconds: idle / 1000,
      delay: this.delay(),
      pauses: [...this.pauses].map(([kind, { count, seconds }]) => ({ kind, count, seconds })),
      heapUsedBytes: heap.used_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      externalBytes: heap.external_memory,
    };
  }

  private begin(): void {
    this.delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.delays.enable();
    this.since = performance.now();
    new PerformanceObserver((list) => {
      // Node's types leave out `detail`.
      for (const { detail, duration } of list.getEntries() as (PerformanceEntry & Collection)[]) {
        const kind = KINDS[detail.kind] ?? 'other';
        const known = this.pauses.get(kind) ?? { count: 0, seconds: 0 };
        known.count++;
        known.seconds += duration / 1000;
        this.pauses.set(kind, known);
      }
    }).observe({ entryTypes: ['gc'] });
  }

  /** Kept for a while, so that two who ask do not each get half of it. */
  private delay(): ThreadState['delay'] {
    const { delays } = this;
    const now = performance.now();
    if (delays !== null && now - this.since >= DELAY_MS && delays.count > 0) {
      // What is measured is how far apart the timer's calls are.
      const late = (nanos: number): number => Math.max(0, nanos / 1e9 - RESOLUTION_MS / 1000);
      this.lately = {
        p50: late(delays.percentile(50)),
        p99: late(delays.percentile(99)),
        max: late(delays.max),
      };
      delays.reset();
      this.since = now;
    }
    return this.lately;
  }
}

let watch: ThreadWatch | null = null;

/** Begins to watch the calling thread. However many gateways a program opens in it, it is watched once. */
export function watchThread(): void {
  watch ??= new ThreadWatch();
}

/** How the calling thread fares. */
export function threadState(thread: string): ThreadState {
  watch ??= new ThreadWatch();
  return watch.state(thread);
}
