import { type AnswerStream, STREAM_WINDOW_BYTES, type StreamSource } from '../../streamed.js';
import type { McpQuestion, McpReport, McpToldAnswer } from '../front-protocol.js';
import type { ToolProgress } from '../protocol.js';

/** One HTTP request of a client and its answer: bytes one way, questions about what the client may do beside them. */
export class AnswerPump implements StreamSource {
  private readonly aborted = new AbortController();
  private readonly listening = new Map<string, (progress: ToolProgress) => void>();
  private onTheWay = 0;
  private roomAgain: (() => void) | null = null;
  private over = false;

  constructor(
    private readonly to: AnswerStream,
    /** Called once, when there is nothing more to send. */
    private readonly ended: () => void,
  ) {}

  /** Aborted when the client leaves. */
  get signal(): AbortSignal {
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
    this.aborted.abort();
    this.roomAgain?.();
    this.finish();
  }

  /** Ends it from this side, as a stream that may end at any time. */
  close(): void {
    if (this.over) return;
    this.to.end();
    this.stop();
  }

  ask(question: McpQuestion): Promise<McpToldAnswer> {
    if (this.over) return Promise.reject(new Error('the client is gone'));
    return this.to.ask(question);
  }

  withdraw(question: string): void {
    if (!this.over) this.to.withdraw(question);
  }

  /** Progress of a question, until it is told to stop. */
  listen(question: string, onProgress: (progress: ToolProgress) => void): () => void {
    this.listening.set(question, onProgress);
    return () => this.listening.delete(question);
  }

  async send(response: Response): Promise<void> {
    if (this.over) {
      await response.body?.cancel();
      return;
    }
    this.to.start(response.status, [...response.headers].flat());
    const reader = response.body?.getReader();
    if (reader !== undefined) {
      this.signal.addEventListener('abort', () => reader.cancel().catch(() => {}), { once: true });
      await this.copy(reader);
    }
    if (this.over) return;
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
      while (this.onTheWay >= STREAM_WINDOW_BYTES && !this.over)
        await new Promise<void>((resolve) => {
          this.roomAgain = resolve;
        });
      const { done, value } = await reader.read();
      if (done || this.over) return;
      this.onTheWay += value.length;
      this.to.write(value);
    }
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.ended();
  }
}
