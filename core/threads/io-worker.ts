import { parentPort } from 'node:worker_threads';
import { PriceTable } from '../catalog/prices/price-table.js';
import { type PackedConfig, unpackConfig } from '../config/transfer.js';
import type { Control } from '../control.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import type { McpNotice } from '../mcp/protocol.js';
import { Recorder } from '../observe/recorder.js';
import type { RecordLink } from '../observe/recorder-protocol.js';
import { watchThread } from '../observe/thread-watch.js';
import type { PluginSource } from '../plugin/load.js';
import { PluginLogger } from '../plugin/logger.js';
import type { AnswerAsk, RunAsk } from '../replay/protocol.js';
import { threadGauges } from '../thread-gauges.js';
import { LocalIo } from './local-io.js';
import { Rpc } from './rpc.js';
import { AwaitedStreams } from './streams.js';

/** What the main thread hands to an I/O thread at its start. */
export interface IoWorkerData {
  /** Of the thread. */
  readonly name: string;
  readonly counters: SharedArrayBuffer;
  readonly keySecret: string;
  /** From the ledger: where settled records go. */
  readonly records: RecordLink;
}

/** What plugins left running may take to end by itself, before the thread is ended all the same. */
const LEFTOVERS_MS = 500;

/** The life of an I/O thread: it does what the main thread asks, and closes its server before it ends, however it ends. */
export function runIoWorker(data: IoWorkerData, source: PluginSource): void {
  const port = parentPort;
  if (port === null) throw new Error('an I/O thread must be started by the main thread');
  watchThread();
  const streams = new AwaitedStreams();
  const rpc: Rpc = new Rpc(port, {
    ...streams.handlers,
    prepare: (packed: PackedConfig) => io.prepare(unpackConfig(packed)),
    commit: () => io.commit(),
    update: (delta: IdentityDelta) => io.update(delta),
    listen: (host: string, onPort: number) => io.listen(host, onPort),
    drain: (timeoutMs: number) => io.drain(timeoutMs),
    hurry: () => io.hurry(),
    stopRunning: (id: string) => io.stopRunning(id),
    hearMcp: (notice: McpNotice) => io.hearMcp(notice),
    runAs: (ask: RunAsk) => io.runAs(ask),
    answerTexts: (asks: readonly AnswerAsk[]) => io.answerTexts(asks),
    close: async () => {
      await io.close();
      // Nothing of ours is left that keeps the thread alive but this port; it ends once the answer is out.
      setImmediate(() => port.close());
      // A plugin's timer would keep it for ever.
      setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
    },
  });
  const log = new PluginLogger((level, message, fields) => rpc.notice('log', level, message, fields));
  const recorder: Recorder = new Recorder(data.records, {
    gauges: () => threadGauges(io.io, data.name),
  });
  const io: LocalIo = new LocalIo(
    {
      source,
      control: remoteControl(rpc, streams),
      counters: data.counters,
      keySecret: data.keySecret,
      prices: PriceTable.load(),
      log,
      count: (name, by, labels) => rpc.notice('count', name, by, labels),
    },
    recorder,
  );
  // The thread goes on: the main thread drains and closes this one like all the others, so that no request is cut and no
  // record lost for another one's error.
  const failed = (error: unknown): void =>
    rpc.notice('failed', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
}

function remoteControl(rpc: Rpc, streams: AwaitedStreams): Control {
  return {
    handle: (request) => rpc.call('handle', request),
    counterSlot: (...asked) => rpc.call('counterSlot', ...asked),
    raiseHolds: (...asked) => rpc.call('raiseHolds', ...asked),
    setBase: (...asked) => rpc.call('setBase', ...asked),
    kvGet: (key) => rpc.call('kvGet', key),
    kvSet: (key, value, ttlMs) => rpc.call('kvSet', key, value, ttlMs),
    kvDelete: (key) => rpc.call('kvDelete', key),
    countTokens: (model, text) => rpc.call('countTokens', model, text),
    ownersOf: (ids) => rpc.call('ownersOf', ids),
    own: (objects) => rpc.call('own', objects),
    signingKeys: (issuer, kid, have) => rpc.call('signingKeys', issuer, kid, have),
    kept: (question) => rpc.call('kept', question),
    mcp: (ask) => rpc.call('mcp', ask),
    stream: (ask, to) => streams.begin(rpc, ask, to),
    used: (of, since) => rpc.call('used', of, since),
  };
}
