import type { HeaderList } from '@headgate/sdk';
import { type AnswerStream, STREAM_WINDOW_BYTES, type StreamSource } from '../../streamed.js';
import type { McpQuestion, McpReport, McpToldAnswer } from '../front-protocol.js';
import type { ToolProgress } from '../protocol.js';

/** Between two questions of one request there may be a moment without any. */
const PAUSE_MS = 1_000;

/** One HTTP request of a client and its answer: bytes one way, questions about what the client may do beside them. */
export class AnswerPump implements StreamSource {
  /** Made for who wants to hear of it, which costs more than it seems. */
  private aborted: AbortController | null = null;
  private stopped = false;
  private readonly listening = new Map<string, (progress: ToolProgress) => void>();
  /** Ids of questions that are not answered; '' for those that have none. */
  private readonly asked: string[] = [];
  private onTheWay = 0;
  private roomAgain: (() => void) | null = null;
  private reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  private over = false;
  /** The client has left, and may come back for what it has asked. */
  private away = false;
  private timer: NodeJS.Timeout | undefined;
  private waitMs = 0;
  /** Is called when the client has left and may come back. */
  onLeft: () => void = () => {};

  constructor(
    private readonly to: AnswerStream,
    /** Called once, when there is nothing more to send. */
    private readonly ended: () => void,
  ) {}

  /** Aborted when the client leaves for good. */
  get signal(): AbortSignal {
    if (this.aborted === null) {
      this.aborted = new AbortController();
      if (this.stopped) this.aborted.abort();
    }
    return this.aborted.signal;
  }

  took(bytes: number): void {
    this.onTheWay -= bytes;
    if (this.onTheWay < STREAM_WINDOW_BYTES) this.roomAgain?.();
  }

  report({ id, progress }: McpReport): void {
    this.listening.get(id)?.(progress);
  }

  stop(): void {
    this.stopped = true;
    this.aborted?.abort();
    this.roomAgain?.();
    this.finish();
  }

  left(): void {
    if (this.over || this.away) return;
    this.away = true;
    this.cancelReading();
    this.roomAgain?.();
    this.timer = setTimeout(() => this.giveUp(), this.waitMs);
    this.timer.unref();
    this.onLeft();
  }

  /** The client has come back, over another request: what it had asked for goes on to its end. */
  cameBack(): void {
    clearTimeout(this.timer);
    if (this.over) return;
    this.timer = setTimeout(() => {
      if (this.asked.length === 0) this.giveUp();
      else this.cameBack();
    }, PAUSE_MS);
    this.timer.unref();
  }

  /** Ends it from this side, as a stream that may end at any time. */
  close(): void {
    if (this.over) return;
    this.to.end();
    this.stop();
  }

  async ask(question: McpQuestion): Promise<McpToldAnswer> {
    if (this.over) throw new Error('the client is gone');
    // That something has ended is no question to wait for.
    if (question.ask === 'counted') return this.to.ask(question);
    const id = question.ask === 'call' || question.ask === 'count' ? question.id : '';
    this.asked.push(id);
    try {
      return await this.to.ask(question);
    } finally {
      this.asked.splice(this.asked.indexOf(id), 1);
    }
  }

  withdraw(question: string): void {
    if (!this.over) this.to.withdraw(question);
  }

  /** Progress of a question, until it is told to stop. */
  listen(question: string, onProgress: (progress: ToolProgress) => void): () => void {
    this.listening.set(question, onProgress);
    return () => this.listening.delete(question);
  }

  /** The client has gone, or may come back over another request. */
  get isGone(): boolean {
    return this.over || this.away;
  }

  /** An answer of one piece. */
  sendWhole(headers: HeaderList, bytes: Uint8Array): void {
    if (this.isGone) return;
    this.to.start(200, headers, false);
    this.to.write(bytes);
    this.to.end();
    this.finish();
  }

  /** @param waitMs how long the client has to come back for a stream that broke off, before what it asked for is stopped; 0: none */
  async send(response: Response, waitMs = 0): Promise<void> {
    if (this.isGone) {
      await response.body?.cancel();
      return;
    }
    this.waitMs = waitMs;
    this.to.start(response.status, [...response.headers].flat(), waitMs > 0);
    this.reader = response.body?.getReader() ?? null;
    if (this.reader !== null) {
      this.signal.addEventListener('abort', () => this.cancelReading(), { once: true });
      await this.copy(this.reader);
    }
    if (this.isGone) return;
    if (waitMs > 0 && this.asked.length > 0) {
      // It was taken up elsewhere before this connection was known to be lost.
      this.away = true;
      this.to.detach();
      this.cameBack();
      return;
    }
    this.to.end();
    this.finish();
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.to.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.finish();
  }

  private async copy(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      while (this.onTheWay >= STREAM_WINDOW_BYTES && !this.isGone)
        await new Promise<void>((resolve) => {
          this.roomAgain = resolve;
        });
      const { done, value } = await reader.read();
      if (done || this.isGone) return;
      this.onTheWay += value.length;
      this.to.write(value);
    }
  }

  private cancelReading(): void {
    this.reader?.cancel().catch(() => {});
  }

  /** Nobody has come back. */
  private giveUp(): void {
    if (this.over) return;
    for (const id of this.asked) if (id !== '') this.to.withdraw(id);
    this.close();
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.ended();
  }
}
