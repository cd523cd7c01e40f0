import { randomUUID } from 'node:crypto';
import type { HeaderList } from '@headgate/sdk';
import type { ControlAnswer } from '../control.js';
import { type AnswerStream, STREAM_WINDOW_BYTES, type StreamSource } from '../streamed.js';

/** What an answer is made of, piece by piece; ended by `return` when nobody wants more of it. */
type Pieces = AsyncGenerator<Uint8Array, void, undefined>;

interface Prepared {
  readonly status: number;
  readonly headers: HeaderList;
  readonly begin: (left: AbortSignal) => Pieces;
  readonly timer: NodeJS.Timeout;
}

/** An I/O thread comes for what it was told of at once; if not, its client is gone. */
const FETCHED_WITHIN_MS = 30_000;

/** Answers of the admin API that are not there as a whole: they wait here for the thread that has the client. */
export class ByteStreams {
  private readonly prepared = new Map<string, Prepared>();

  /**
   * @param begin makes the answer; the signal says that the client is gone
   * @param unwanted called instead, when nobody comes for it
   */
  answer(
    status: number,
    headers: HeaderList,
    begin: Prepared['begin'],
    unwanted: () => void = () => {},
  ): ControlAnswer {
    const id = randomUUID();
    const timer = setTimeout(() => {
      this.prepared.delete(id);
      unwanted();
    }, FETCHED_WITHIN_MS).unref();
    this.prepared.set(id, { status, headers, begin, timer });
    return { status, headers, stream: id };
  }

  /** Sends an answer, as fast as the client takes it. */
  serve(id: string, to: AnswerStream): StreamSource {
    const found = this.prepared.get(id);
    if (found === undefined) {
      to.fail('the answer is no longer there');
      return { took() {}, report() {}, left() {}, stop() {} };
    }
    clearTimeout(found.timer);
    this.prepared.delete(id);
    return new Pump(found, to);
  }
}

class Pump implements StreamSource {
  private readonly gone = new AbortController();
  /** Bytes that the client does not have yet. */
  private underway = 0;
  private wake: (() => void) | null = null;

  constructor({ status, headers, begin }: Prepared, to: AnswerStream) {
    to.start(status, headers, false);
    void this.run(begin(this.gone.signal), to);
  }

  took(bytes: number): void {
    this.underway -= bytes;
    if (this.underway < STREAM_WINDOW_BYTES) this.resume();
  }

  report(): void {}

  left(): void {
    this.stop();
  }

  stop(): void {
    this.gone.abort();
    this.resume();
  }

  private resume(): void {
    this.wake?.();
    this.wake = null;
  }

  private async run(pieces: Pieces, to: AnswerStream): Promise<void> {
    const { signal } = this.gone;
    try {
      for await (const piece of pieces) {
        if (signal.aborted) return;
        this.underway += piece.length;
        to.write(piece);
        while (this.underway >= STREAM_WINDOW_BYTES && !signal.aborted)
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
        if (signal.aborted) return;
      }
      to.end();
    } catch (error) {
      if (!signal.aborted) to.fail(error instanceof Error ? error.message : String(error));
    }
  }
}
