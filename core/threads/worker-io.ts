import { Worker } from 'node:worker_threads';
import type { Config } from '../config/config.js';
import { packConfig } from '../config/transfer.js';
import type { Control } from '../control.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import type { McpNotice } from '../mcp/protocol.js';
import type { LogLine } from '../plugin/logger.js';
import type { AnswerAsk, RunAsk, RunEnd } from '../replay/protocol.js';
import type { IoHandle } from './io-handle.js';
import type { IoWorkerData } from './io-worker.js';
import { Rpc } from './rpc.js';
import { ServedStreams } from './streams.js';

export interface WorkerIoParts {
  /** The composition root, started again as a thread. */
  readonly entry: URL;
  readonly name: string;
  readonly data: IoWorkerData;
  readonly control: Control;
  readonly log: LogLine;
  readonly count: (name: string, by: number, labels: Record<string, string>) => void;
  /** The thread had an error that nobody caught and goes on until it is closed, or it is gone with its requests. */
  readonly onFailed: (why: string) => void;
}

/** Room for new objects in a thread, MB, instead of Node's own 48: each thread's memory is as large as this lets it be. */
const YOUNG_MB = 6;

/** An I/O thread of its own, steered by messages. Never terminated from outside: that would abort the process. */
export class WorkerIo implements IoHandle {
  private readonly rpc: Rpc;
  private readonly exited: Promise<void>;
  private closing = false;
  private gone = false;

  constructor(parts: WorkerIoParts) {
    const { control } = parts;
    const worker = new Worker(parts.entry, {
      workerData: parts.data,
      transferList: [parts.data.records.port],
      name: parts.name,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const streams = new ServedStreams();
    const gone = (why: string): void => {
      if (this.gone) return;
      this.gone = true;
      streams.stopAll();
      this.rpc.close(new Error(`${parts.name} is gone: ${why}`));
      if (!this.closing) parts.onFailed(why);
    };
    this.rpc = new Rpc(worker, {
      ...streams.handlers(() => this.rpc, control),
      handle: (request: Parameters<Control['handle']>[0]) => control.handle(request),
      counterSlot: (...asked: Parameters<Control['counterSlot']>) => control.counterSlot(...asked),
      raiseHolds: (...asked: Parameters<Control['raiseHolds']>) => control.raiseHolds(...asked),
      setBase: (...asked: Parameters<Control['setBase']>) => control.setBase(...asked),
      kvGet: (key: string) => control.kvGet(key),
      kvSet: (key: string, value: unknown, ttlMs?: number) => control.kvSet(key, value, ttlMs),
      kvDelete: (key: string) => control.kvDelete(key),
      countTokens: (model: string, text: string) => control.countTokens(model, text),
      ownersOf: (ids: readonly string[]) => control.ownersOf(ids),
      own: (objects: Parameters<Control['own']>[0]) => control.own(objects),
      signingKeys: (issuer: string, kid: string | null, have: number) =>
        control.signingKeys(issuer, kid, have),
      kept: (question: Parameters<Control['kept']>[0]) => control.kept(question),
      mcp: (ask: Parameters<Control['mcp']>[0]) => control.mcp(ask),
      used: (of: Parameters<Control['used']>[0], since: number) => control.used(of, since),
      log: parts.log,
      count: parts.count,
      failed: parts.onFailed,
    });
    worker.on('error', (error) => gone(error.stack ?? error.message));
    this.exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        gone(`it ended with code ${code}`);
        resolve();
      });
    });
  }

  prepare(config: Config): Promise<void> {
    return this.rpc.call('prepare', packConfig(config));
  }

  commit(): Promise<void> {
    return this.rpc.call('commit');
  }

  update(delta: IdentityDelta): Promise<void> {
    return this.rpc.call('update', delta);
  }

  listen(host: string, port: number): Promise<number> {
    return this.rpc.call('listen', host, port);
  }

  /** A thread that is gone has cut its requests. */
  drain(timeoutMs: number): Promise<boolean> {
    return this.rpc.call<boolean>('drain', timeoutMs).catch(() => false);
  }

  hurry(): void {
    this.rpc.notice('hurry');
  }

  stopRunning(id: string): void {
    this.rpc.notice('stopRunning', id);
  }

  hearMcp(notice: McpNotice): void {
    this.rpc.notice('hearMcp', notice);
  }

  runAs(ask: RunAsk): Promise<RunEnd> {
    return this.rpc.call('runAs', ask);
  }

  answerTexts(asks: readonly AnswerAsk[]): Promise<(string | null)[]> {
    return this.rpc.call('answerTexts', asks);
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.rpc.call('close').catch(() => {});
    await this.exited;
  }
}
