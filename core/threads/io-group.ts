import { availableParallelism } from 'node:os';
import type { Config } from '../config/config.js';
import type { Control } from '../control.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import type { IoThread } from '../io-thread.js';
import type { McpNotice } from '../mcp/protocol.js';
import type { RecordLink } from '../observe/recorder-protocol.js';
import type { PluginSource } from '../plugin/load.js';
import type { LogLine } from '../plugin/logger.js';
import type { AnswerAsk, RunAsk, RunEnd } from '../replay/protocol.js';
import type { IoHandle } from './io-handle.js';
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
  readonly connect: () => RecordLink;
  readonly log: LogLine;
  readonly count: (name: string, by: number, labels: Record<string, string>) => void;
  /** A thread had an error that nobody caught, or is gone. */
  readonly onFailed: (why: string) => void;
}

/** All I/O threads as one. One thread is the main thread itself. */
export class IoGroup {
  private turn = 0;

  private constructor(
    private readonly threads: readonly IoHandle[],
    /** The I/O thread that is this thread itself, if it is. */
    readonly local: IoThread | null,
  ) {}

  static async start(threads: 'auto' | number, parts: IoGroupParts): Promise<IoGroup> {
    const { threadEntry } = parts;
    const asked = threads === 'auto' ? Math.max(1, availableParallelism() - 1) : threads;
    const wanted = threadEntry === null ? 1 : asked;
    const count = sharesPorts() ? wanted : 1;
    if (count < wanted) {
      parts.log('warn', 'only Linux lets threads share a port: running one I/O thread', { wanted });
    }
    if (count > 1 && threadEntry !== null)
      return new IoGroup(
        Array.from({ length: count }, (_, i) => worker(parts, threadEntry, i)),
        null,
      );
    // A main thread that only steers others has no use for what serves requests.
    const { localIo } = await import('./local-io.js');
    const handle = localIo(parts);
    return new IoGroup([handle], handle.io);
  }

  get size(): number {
    return this.threads.length;
  }

  /** All threads make ready for the configuration, or this throws; nothing is in use yet. */
  async prepare(config: Config): Promise<void> {
    const prepared = await Promise.allSettled(this.threads.map((thread) => thread.prepare(config)));
    for (const one of prepared) if (one.status === 'rejected') throw one.reason;
  }

  /** All threads use what they have last made ready for. */
  async commit(): Promise<void> {
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

  /** Stops the request in the background whose answer has that id, in whichever thread it runs. */
  stopRunning(id: string): void {
    for (const thread of this.threads) thread.stopRunning(id);
  }

  hearMcp(notice: McpNotice): void {
    for (const thread of this.threads) thread.hearMcp(notice);
  }

  /** Runs a request of the gateway's own, in one thread after the other. */
  runAs(ask: RunAsk): Promise<RunEnd> {
    this.turn = (this.turn + 1) % this.threads.length;
    return (this.threads[this.turn] as IoHandle).runAs(ask);
  }

  answerTexts(asks: readonly AnswerAsk[]): Promise<(string | null)[]> {
    return (this.threads[0] as IoHandle).answerTexts(asks);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

function sharesPorts(): boolean {
  return process.platform === 'linux';
}

function worker(parts: IoGroupParts, entry: URL, index: number): WorkerIo {
  const name = `io-${index + 1}`;
  return new WorkerIo({
    entry,
    name,
    data: { name, counters: parts.counters, keySecret: parts.keySecret, records: parts.connect() },
    control: parts.control,
    log: parts.log,
    count: parts.count,
    onFailed: (why) => parts.onFailed(`I/O thread ${index + 1} failed: ${why}`),
  });
}
