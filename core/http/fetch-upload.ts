import type { BodySource, StreamedBody } from './streamed-body.js';

/** The body of a web `Request` that is passed on as it comes. */
export class FetchUpload implements BodySource {
  private reader: ReadableStreamDefaultReader<unknown> | null = null;
  private wake: (() => void) | null = null;
  private paused = false;
  private stopped = false;

  /** @param request held until the end, body or not: the signal of a `Request` is silent once that was collected */
  constructor(private readonly request: Request) {}

  /** Reads all of it, no faster than it is taken. Rejects with what the stream failed with. */
  async read(body: StreamedBody): Promise<void> {
    const reader = (this.request.body as ReadableStream<unknown> | null)?.getReader() ?? null;
    this.reader = reader;
    while (reader !== null && !this.stopped) {
      const { done, value } = await reader.read();
      if (this.stopped) return;
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new TypeError('a body may only hold bytes');
      // A copy: whoever sends it may use the memory again.
      body.give(Buffer.from(value));
      if (this.paused) await new Promise<void>((resolve) => (this.wake = resolve));
    }
    this.reader = null;
    if (!this.stopped) body.finish();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
    this.wake = null;
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.stopped = true;
    this.resume();
    this.reader?.cancel(new Error('the gateway does not need the rest of the body')).catch(() => {});
    this.reader = null;
  }
}
