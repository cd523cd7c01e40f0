import { gatewayError } from '../errors.js';
import { tooLarge } from '../http/request-body.js';
import type { BodyReader, StreamedBody } from '../http/streamed-body.js';
import { type UploadSource, UploadStream } from '../upstream/upload-stream.js';
import type { Form } from './form.js';

/** What is told of an upload on its way. */
export interface UploadEvents {
  /** Bytes have moved. */
  progress(): void;
  /** All of it was handed over. */
  sent(): void;
  /** It is larger than its limit. */
  overflow(): void;
}

/** The body of a request on its way to a provider, with the target's model in its form. */
export class Upload implements UploadSource, BodyReader {
  private stream: UploadStream | null = null;

  constructor(
    private readonly body: StreamedBody,
    private readonly form: Form | null,
    private readonly model: string,
    private readonly events: UploadEvents,
  ) {}

  /** Bytes that the provider gets; null when the client did not say how many it sends. */
  get length(): number | null {
    return this.form === null ? this.body.length : this.form.length(this.model);
  }

  open(): UploadStream {
    this.stream = new UploadStream(this);
    // What goes wrong with it is told by the request that it belongs to.
    this.stream.on('error', () => {});
    return this.stream;
  }

  start(): void {
    if (this.form !== null) this.form.passTo(this, this.model);
    else this.body.readBy(this);
  }

  proceed(): void {
    if (this.form !== null) this.form.proceed();
    else this.body.proceed();
  }

  drop(): void {
    this.form?.stop();
    // A form that is here as a whole may be sent again.
    if (this.form?.whole !== true && !this.body.over) this.body.clear();
  }

  data(chunk: Buffer): boolean {
    this.events.progress();
    return this.stream?.data(chunk) ?? true;
  }

  end(): void {
    this.events.sent();
    this.stream?.finish();
  }

  overflow(): void {
    this.events.overflow();
  }
}

/** All of a streamed body in memory, for providers that must be given it whole. Rejects above the limit. */
export function gathered(
  body: StreamedBody,
  form: Form | null,
  model: string,
  limit: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const reader: BodyReader = {
      data(chunk) {
        size += chunk.length;
        if (size > limit) {
          body.clear();
          reject(gatewayError('body_too_large', { limit }));
        } else chunks.push(chunk);
        return true;
      },
      end: () => resolve(Buffer.concat(chunks)),
      overflow: () => reject(tooLarge(body)),
    };
    if (form !== null) form.passTo(reader, model);
    else body.readBy(reader);
  });
}
