import type { MessagePort } from 'node:worker_threads';
import type { SettledRecord } from '@headgate/sdk';
import { encodeRecords } from '../store/record-codec.js';
import type { RecorderMessage, RecorderRequest, ThreadGauges } from './recorder-protocol.js';

export interface RecorderOptions {
  /** Records of one message. */
  maxBatch?: number;
  /** Longest time that a record waits for others, in milliseconds. */
  maxDelayMs?: number;
  /** Asked for when metrics are read. */
  gauges?: () => ThreadGauges;
}

/**
 * Sends the settled records of one thread to the ledger, in batches. `record` costs an array push; the encoding, once a
 * batch, about a microsecond a record. Never keeps the thread alive, never throws.
 */
export class Recorder {
  private readonly port: MessagePort;
  private readonly maxBatch: number;
  private readonly maxDelayMs: number;
  private readonly gauges: (() => ThreadGauges) | undefined;
  private batch: SettledRecord[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;
  private onEnded: (() => void) | undefined;
  private gone = false;
  private lost = 0;

  /** @param port from `Ledger.connect()` */
  constructor(port: MessagePort, options: RecorderOptions = {}) {
    this.port = port;
    this.maxBatch = options.maxBatch ?? 128;
    this.maxDelayMs = options.maxDelayMs ?? 20;
    this.gauges = options.gauges;
    port.on('message', (message: RecorderRequest) => this.onMessage(message));
    port.on('close', () => this.onClose());
    port.unref();
  }

  /** The record must not be changed afterwards. */
  record(record: SettledRecord): void {
    const size = this.batch.push(record);
    if (size >= this.maxBatch) this.flush();
    else if (size === 1) this.arm();
  }

  /** Sends what was recorded so far. */
  flush(): void {
    const batch = this.batch;
    if (batch.length === 0) return;
    this.batch = [];
    if (this.gone) {
      this.lost += batch.length;
      return;
    }
    try {
      const bytes = encodeRecords(batch);
      this.port.postMessage(bytes, [bytes]);
    } catch {
      // The request that this record is about has been answered: a record that cannot be written must not undo that.
      this.lost += batch.length;
    }
  }

  /** Sends what is left and resolves when the ledger has it. Nothing may be recorded afterwards. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      clearTimeout(this.timer);
      this.flush();
      if (this.gone) return resolve();
      this.onEnded = resolve;
      this.port.ref();
      this.post({ type: 'end', lost: this.lost });
    });
    return this.closing;
  }

  private arm(): void {
    if (this.timer === undefined) this.timer = setTimeout(() => this.flush(), this.maxDelayMs).unref();
    else this.timer.refresh();
  }

  private onMessage(message: RecorderRequest): void {
    if (message.type === 'ended') {
      this.port.close();
      this.onClose();
      return;
    }
    this.flush();
    this.post({ type: 'flushed', token: message.token, gauges: this.gauges?.() ?? null, lost: this.lost });
  }

  private onClose(): void {
    this.gone = true;
    this.onEnded?.();
  }

  private post(message: RecorderMessage): void {
    this.port.postMessage(message);
  }
}
