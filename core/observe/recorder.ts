import type { MessagePort } from 'node:worker_threads';
import type { SettledRecord } from '@headgate/sdk';
import { encodeRecords } from '../store/record-codec.js';
import { SpoolWriter } from '../store/spool-writer.js';
import type { TakenBodies } from './bodies/body-settings.js';
import type { RecorderMessage, RecorderRequest, RecordLink, ThreadGauges } from './recorder-protocol.js';

export interface RecorderOptions {
  /** Records of one message. */
  maxBatch?: number;
  /** Longest time that a record waits for others, in milliseconds. */
  maxDelayMs?: number;
  /** Asked for when metrics are read. */
  gauges?: () => ThreadGauges;
}

/** Bytes of bodies that may be on their way to the ledger; while it takes none, more are not kept. */
const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** Told whether the records that it waits for are written, once that is known. */
type Release = (written: boolean) => void;

/**
 * Writes the settled records of one thread to the spool and sends them to the ledger, in batches. `record` costs an array
 * push; the encoding, once a batch, about a microsecond a record. Never keeps the thread alive for long, never throws.
 */
export class Recorder {
  /** The disk refuses records at the moment. */
  full = false;
  /** Whether ends of answers are to be given to `hold`. */
  readonly holds: boolean;
  /** Without their records, answers are not to be given. */
  readonly strict: boolean;
  private readonly port: MessagePort;
  private readonly writer: SpoolWriter | null;
  private readonly maxBatch: number;
  private readonly maxDelayMs: number;
  private readonly gauges: (() => ThreadGauges) | undefined;
  private batch: SettledRecord[] = [];
  private held: Release[] = [];
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private closing: Promise<void> | undefined;
  private onEnded: (() => void) | undefined;
  private gone = false;
  private lost = 0;
  private made: (() => TakenBodies)[] = [];
  private bodyBytes = 0;

  /** @param link from `Ledger.connect()` */
  constructor({ port, spool }: RecordLink, options: RecorderOptions = {}) {
    this.port = port;
    this.writer = spool === null ? null : new SpoolWriter(spool);
    this.holds = spool?.durable === 'request';
    this.strict = spool?.onFailure === 'refuse';
    this.maxBatch = options.maxBatch ?? 128;
    this.maxDelayMs = options.maxDelayMs ?? 20;
    this.gauges = options.gauges;
    port.on('message', (message: RecorderRequest) => this.onMessage(message));
    port.on('close', () => this.onClose());
    port.unref();
  }

  /** Requests are to be refused for now, since their records could not be written. */
  get refusing(): boolean {
    return this.full && this.strict;
  }

  /** The record must not be changed afterwards. */
  record(record: SettledRecord): void {
    const size = this.batch.push(record);
    if (this.holds) this.soon();
    else if (size >= this.maxBatch) this.flush();
    else if (size === 1) this.arm();
  }

  /**
   * Calls back when the records of this turn, before and after the call, are written; or when it is clear that the disk does not
   * take them. For recorders that hold.
   */
  hold(release: Release): void {
    this.held.push(release);
    this.soon();
  }

  /** Request and answer are to be kept: they are made and sent when this turn is over, and forgotten where too many wait. */
  bodies(make: () => TakenBodies): void {
    if (this.gone || this.bodyBytes > MOST_BODY_BYTES) return;
    if (this.made.push(make) === 1) setImmediate(() => this.sendBodies());
  }

  /** Writes and sends what was recorded so far. */
  flush(): void {
    const { batch, held } = this;
    if (batch.length === 0 && held.length === 0) return;
    this.batch = [];
    if (held.length > 0) this.held = [];
    let bytes: ArrayBuffer | null = null;
    try {
      if (batch.length > 0) bytes = encodeRecords(batch);
    } catch {
      // The request that this record is about has been answered: a record that cannot be written must not undo that.
      this.lost += batch.length;
    }
    if (bytes === null) releaseAll(held, true);
    else if (this.writer === null) this.send(bytes, batch.length, null, held);
    else {
      const written = bytes;
      this.writer.write(new Uint8Array(written), (end) => {
        this.full = end === null;
        this.send(written, batch.length, end, held);
        // What was settled meanwhile is written together, once the writer is free.
        if (this.holds) this.whenWritten(() => this.soon());
      });
    }
  }

  /** Writes and sends what is left and resolves when the ledger has it. Nothing may be recorded afterwards. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      clearTimeout(this.timer);
      this.sendBodies();
      this.flush();
      this.whenWritten(() => {
        this.writer?.close();
        if (this.gone) return resolve();
        this.onEnded = resolve;
        this.port.ref();
        this.post({ type: 'end', lost: this.lost });
      });
    });
    return this.closing;
  }

  private send(
    bytes: ArrayBuffer,
    records: number,
    end: { segment: string; offset: number } | null,
    held: readonly Release[],
  ): void {
    // What is in the spool is found there by the next start.
    if (this.gone && end === null) this.lost += records;
    else if (!this.gone) {
      const message = { type: 'batch', bytes, segment: end?.segment ?? null, end: end?.offset ?? 0 } as const;
      this.port.postMessage(message satisfies RecorderMessage, [bytes]);
    }
    releaseAll(held, end !== null || this.writer === null);
  }

  private sendBodies(): void {
    const { made } = this;
    if (made.length === 0 || this.gone) return;
    this.made = [];
    const bodies: TakenBodies[] = [];
    const transfer: ArrayBuffer[] = [];
    let bytes = 0;
    for (const make of made) {
      try {
        const one = make();
        for (const { text } of [one.request, one.answer]) {
          if (text === null) continue;
          bytes += text.length;
          if (text.byteLength === text.buffer.byteLength) transfer.push(text.buffer as ArrayBuffer);
        }
        bodies.push(one);
      } catch {
        // The request is answered: that its body cannot be kept must not undo that.
      }
    }
    this.bodyBytes += bytes;
    this.port.postMessage({ type: 'bodies', bodies, bytes } satisfies RecorderMessage, transfer);
  }

  /** At the end of this turn of the event loop, or once the write that runs is done. */
  private soon(): void {
    if (this.immediate !== undefined || this.writer?.busy === true) return;
    if (this.batch.length === 0 && this.held.length === 0) return;
    this.immediate = setImmediate(() => {
      this.immediate = undefined;
      this.flush();
    });
  }

  private arm(): void {
    if (this.timer === undefined) this.timer = setTimeout(() => this.flush(), this.maxDelayMs).unref();
    else this.timer.refresh();
  }

  private onMessage(message: RecorderRequest): void {
    if (message.type === 'full') {
      this.full = message.full;
      return;
    }
    if (message.type === 'took') {
      this.bodyBytes -= message.bytes;
      return;
    }
    if (message.type === 'ended') {
      this.port.close();
      this.onClose();
      return;
    }
    this.sendBodies();
    this.flush();
    const { token } = message;
    this.whenWritten(() =>
      this.post({ type: 'flushed', token, gauges: this.gauges?.() ?? null, lost: this.lost }),
    );
  }

  private whenWritten(then: () => void): void {
    if (this.writer === null) then();
    else this.writer.idle(then);
  }

  private onClose(): void {
    this.gone = true;
    this.onEnded?.();
  }

  private post(message: RecorderMessage): void {
    this.port.postMessage(message);
  }
}

function releaseAll(held: readonly Release[], written: boolean): void {
  for (const release of held) release(written);
}
