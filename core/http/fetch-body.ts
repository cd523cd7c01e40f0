import type { RequestBody } from './request-body.js';

/** The body of a web `Request` on its way into a request of the gateway. */
export class FetchBody {
  private reader: ReadableStreamDefaultReader<unknown> | null = null;
  private stopped = false;

  /**
   * @param request held until the end, body or not: the signal of a `Request` is silent once that was collected
   * @param limit bytes, as `body` has it: what is longer is not read to its end
   */
  constructor(
    private readonly request: Request,
    private readonly body: RequestBody,
    private readonly limit: number,
  ) {}

  /** Reads all of it. Rejects with what the stream failed with. */
  async read(): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    const reader = (this.request.body as ReadableStream<unknown> | null)?.getReader() ?? null;
    this.reader = reader;
    while (reader !== null) {
      const { done, value } = await reader.read();
      if (this.stopped) return;
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new TypeError('a body may only hold bytes');
      size += value.length;
      if (size > this.limit) {
        this.stop();
        this.body.refuse();
        return;
      }
      // A copy: whoever sends it may use the memory again, and another provider may have to be sent it too.
      chunks.push(Buffer.from(value));
    }
    this.reader = null;
    this.body.set(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.stopped = true;
    this.reader?.cancel(new Error('the gateway does not need the rest of the body')).catch(() => {});
    this.reader = null;
  }
}
