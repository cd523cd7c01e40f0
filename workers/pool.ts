import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { TaskName, TaskTypes } from './protocol.js';

export interface PoolOptions {
  /** Threads at most; none run until the first task, and idle ones end. */
  threads: number;
  /** Tasks that may wait for a thread; more are refused. Default 64 a thread. */
  maxQueue?: number;
  /** Milliseconds an idle thread, with the tables it loaded, is kept. Default 60,000. */
  idleTimeoutMs?: number;
  /** Megabytes of a thread's own memory; a thread that uses more is ended. Left out: as Node.js has it. */
  heapMb?: number;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** Milliseconds until the task is given up, waiting included. A running one takes its thread with it. */
  timeoutMs?: number;
  /** Moved to the thread instead of copied. */
  transfer?: readonly MessagePort[];
}

export interface TaskPool {
  /**
   * Runs a task on a thread.
   *
   * @throws {@link PoolBusy} when the queue is full, {@link TaskTimeout}, the signal's reason, or the task's own error.
   */
  run<N extends TaskName>(
    name: N,
    payload: TaskTypes[N]['payload'],
    options?: RunOptions,
  ): Promise<TaskTypes[N]['result']>;
  /** Threads alive now. */
  readonly threads: number;
  readonly state: { readonly threads: number; readonly waiting: number; readonly completed: number };
  /** Ends all threads; waiting and running tasks are rejected. */
  close(): Promise<void>;
}

/** More work than the pool can take: the caller should do without or answer 503. */
export class PoolBusy extends Error {
  override readonly name = 'PoolBusy';
}

export class TaskTimeout extends Error {
  override readonly name = 'TaskTimeout';
}

const entry = fileURLToPath(new URL('./entry.js', import.meta.url));

/** A pool for CPU work that would hold up an event loop. */
export function createPool(options: PoolOptions): TaskPool {
  const maxQueue = options.maxQueue ?? options.threads * 64;
  let pool: Piscina | null = null;
  let starting: Promise<Piscina> | null = null;
  let closed = false;

  // Loaded with the first task: most gateways never have one.
  const start = async (): Promise<Piscina> => {
    const { Piscina } = await import('piscina');
    pool = new Piscina({
      filename: entry,
      minThreads: 0,
      maxThreads: options.threads,
      maxQueue,
      idleTimeout: options.idleTimeoutMs ?? 60_000,
      ...(options.heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: options.heapMb } }),
    });
    return pool;
  };

  return {
    async run(name, payload, run = {}) {
      if (closed) throw new Error('the worker pool is closed');
      const stop = stopSignal(name, run);
      try {
        starting ??= start();
        const running = pool ?? (await starting);
        stop?.signal.throwIfAborted();
        return await running.run(
          { name, payload },
          {
            signal: stop?.signal ?? null,
            ...(run.transfer !== undefined && { transferList: [...run.transfer] as never }),
          },
        );
      } catch (error) {
        if (stop?.signal.aborted) throw stop.signal.reason;
        if (error instanceof Error && /^Task queue is at limit|^No task queue available/.test(error.message))
          throw new PoolBusy(`the worker pool has no room for ${name}: ${maxQueue} tasks are waiting`);
        throw error;
      } finally {
        stop?.clear();
      }
    },
    get threads() {
      return pool?.threads.length ?? 0;
    },
    get state() {
      return {
        threads: pool?.threads.length ?? 0,
        waiting: pool?.queueSize ?? 0,
        completed: pool?.completed ?? 0,
      };
    },
    async close() {
      closed = true;
      await (await starting)?.destroy();
    },
  };
}

/** The caller's signal and the time-out as one; null when there is neither, which is the usual and cheapest case. */
function stopSignal(
  name: string,
  { signal, timeoutMs }: RunOptions,
): { signal: AbortSignal; clear(): void } | null {
  if (timeoutMs === undefined) return signal ? { signal, clear: () => {} } : null;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new TaskTimeout(`${name} took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  return {
    signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    clear: () => clearTimeout(timer),
  };
}
