import { PriceTable } from '../catalog/prices/price-table.js';
import type { Config } from '../config/config.js';
import { HttpServer } from '../http/server.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import { IoThread, type IoThreadParts } from '../io-thread.js';
import type { McpNotice } from '../mcp/protocol.js';
import { Recorder } from '../observe/recorder.js';
import type { RecordLink } from '../observe/recorder-protocol.js';
import { type LogLine, PluginLogger } from '../plugin/logger.js';
import type { AnswerAsk, RunAsk, RunEnd } from '../replay/protocol.js';
import { threadGauges } from '../thread-gauges.js';
import type { IoHandle } from './io-handle.js';

/**
 * Bodies are copied into pooled memory, of which Node makes 8 KB at a time: that is an allocation outside the heap for
 * every few requests, which the garbage collector has to follow one by one. A larger pool makes them rare.
 */
const POOL_BYTES = 128 * 1024;

/** An I/O thread in the thread it is made in. */
export class LocalIo implements IoHandle {
  readonly io: IoThread;
  private server: HttpServer | null = null;

  constructor(
    parts: Omit<IoThreadParts, 'record' | 'keepBodies' | 'gate'>,
    private readonly recorder: Recorder,
  ) {
    Buffer.poolSize = POOL_BYTES;
    this.io = new IoThread({
      ...parts,
      record: (record) => recorder.record(record),
      keepBodies: (make) => recorder.bodies(make),
      gate: recorder,
    });
  }

  prepare(config: Config): Promise<void> {
    return this.io.prepare(config);
  }

  async commit(): Promise<void> {
    this.io.commit();
  }

  async update(delta: IdentityDelta): Promise<void> {
    this.io.update(delta);
  }

  listen(host: string, port: number): Promise<number> {
    this.server = new HttpServer(this.io);
    return this.server.listen(host, port);
  }

  drain(timeoutMs: number): Promise<boolean> {
    this.server?.stopListening();
    return this.io.drain(timeoutMs);
  }

  hurry(): void {
    this.io.hurry();
  }

  stopRunning(id: string): void {
    this.io.background.stop(id);
  }

  hearMcp(notice: McpNotice): void {
    this.io.hearMcp(notice);
  }

  async runAs(ask: RunAsk): Promise<RunEnd> {
    return (await import('../replay/run-as.js')).runAs(this.io, ask);
  }

  async answerTexts(asks: readonly AnswerAsk[]): Promise<(string | null)[]> {
    return (await import('../replay/answer-texts.js')).answerTexts(this.io, asks);
  }

  async close(): Promise<void> {
    this.closeServer();
    await this.io.close();
    await this.recorder.close();
  }

  /** At once and without waiting, for when the thread is about to die: uWebSockets.js must be closed before it does. */
  closeServer(): void {
    this.server?.close();
    this.server = null;
  }
}

/** The main thread as its only I/O thread. */
export function localIo(
  parts: Pick<IoThreadParts, 'source' | 'control' | 'counters' | 'count' | 'keySecret'> & {
    readonly connect: () => RecordLink;
    readonly log: LogLine;
  },
): LocalIo {
  const { source, control, counters, count, keySecret } = parts;
  const recorder: Recorder = new Recorder(parts.connect(), {
    gauges: () => threadGauges(io.io, null),
  });
  const io: LocalIo = new LocalIo(
    {
      source,
      control,
      counters,
      count,
      keySecret,
      prices: PriceTable.load(),
      log: new PluginLogger(parts.log),
    },
    recorder,
  );
  return io;
}
