import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { PriceTable } from '../catalog/prices/price-table.js';
import type { Config } from '../config/config.js';
import type { Control } from '../control.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import type { IoThread } from '../io-thread.js';
import { Recorder } from '../observe/recorder.js';
import type { PluginSource } from '../plugin/load.js';
import { type LogLine, PluginLogger } from '../plugin/logger.js';
import type { IoHandle } from './io-handle.js';
import { LocalIo } from './local-io.js';
import { WorkerIo } from './worker-io.js';

export interface IoGroupParts {
  readonly source: PluginSource;
  /** Null: there is one I/O thread, this one. */
  readonly threadEntry: URL | null;
  readonly control: Control;
  readonly counters: SharedArrayBuffer;
  /** What virtual keys are hashed under. */
  readonly keySecret: string;
  /** A new port of the ledger for one thread's records. */
  readonly connect: () => MessagePort;
  readonly log: LogLine;
  readonly count: (name: string, by: number, labels: Record<string, string>) => void;
  /** A thread had an error that nobody caught, or is gone. */
  readonly onFailed: (why: string) => void;
}

/** All I/O threads as one. One thread is the main thread itself. */
export class IoGroup {
  private readonly threads: readonly IoHandle[];

  constructor(threads: 'auto' | number, parts: IoGroupParts) {
    const { threadEntry } = parts;
    const asked = threads === 'auto' ? Math.max(1, availableParallelism() - 1) : threads;
    const wanted = threadEntry === null ? 1 : asked;
    const count = sharesPorts() ? wanted : 1;
    if (count < wanted) {
      parts.log('warn', 'only Linux lets threads share a port: running one I/O thread', { wanted });
    }
    this.threads =
      count === 1 || threadEntry === null
        ? [local(parts)]
        : Array.from({ length: count }, (_, i) => worker(parts, threadEntry, i));
  }

  get size(): number {
    return this.threads.length;
  }

  /** The I/O thread that is this thread itself, if it is. */
  get local(): IoThread | null {
    const [only] = this.threads;
    return only instanceof LocalIo ? only.io : null;
  }

  /**
   * All threads take the configuration, or none does and this throws.
   *
   * @param between runs when all of them could take it; when it throws, none does
   */
  async apply(config: Config, between: () => Promise<void> = async () => {}): Promise<void> {
    const prepared = await Promise.allSettled(this.threads.map((thread) => thread.prepare(config)));
    for (const one of prepared) if (one.status === 'rejected') throw one.reason;
    await between();
    await Promise.all(this.threads.map((thread) => thread.commit()));
  }

  /** Resolves when the change of the store's keys is in force in all threads. */
  async update(delta: IdentityDelta): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.update(delta)));
  }

  async listen(host: string, port: number): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.listen(host, port)));
  }

  async drain(timeoutMs: number): Promise<boolean> {
    const ended = await Promise.all(this.threads.map((thread) => thread.drain(timeoutMs)));
    return ended.every(Boolean);
  }

  /** A drain waits no longer, now or when it begins. */
  hurry(): void {
    for (const thread of this.threads) thread.hurry();
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

function sharesPorts(): boolean {
  return process.platform === 'linux';
}

function local(parts: IoGroupParts): LocalIo {
  const recorder: Recorder = new Recorder(parts.connect(), {
    gauges: () => ({ in_flight_requests: io.io.inFlight }),
  });
  const io: LocalIo = new LocalIo(
    {
      source: parts.source,
      control: parts.control,
      counters: parts.counters,
      keySecret: parts.keySecret,
      prices: PriceTable.load(),
      log: new PluginLogger(parts.log),
      count: parts.count,
    },
    recorder,
  );
  return io;
}

function worker(parts: IoGroupParts, entry: URL, index: number): WorkerIo {
  return new WorkerIo({
    entry,
    name: `io-${index + 1}`,
    data: { counters: parts.counters, keySecret: parts.keySecret, records: parts.connect() },
    control: parts.control,
    log: parts.log,
    count: parts.count,
    onFailed: (why) => parts.onFailed(`I/O thread ${index + 1} failed: ${why}`),
  });
}
