import { gatewayError } from '../errors.js';
import { tooLarge } from '../http/request-body.js';
import type { BodyReader, StreamedBody } from '../http/streamed-body.js';
import type { Wait } from '../pipeline.js';
import { FormContents } from './form-contents.js';
import { type FormModel, FormScan } from './form-scan.js';
import { SpoolFile } from './spool-file.js';

/** Most of a form that is held in memory while its model is looked for. */
const HELD_BYTES = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** What is looked for in a form. */
interface Wanted {
  /** There is a model in such forms, and it must be found, wherever it stands. */
  readonly needed: boolean;
  /** Called before the waiting is over. */
  readonly onModel: (model: string) => void;
}

/**
 * A multipart form, held until it is known which model it names. Where a file comes before the model, as SDKs like to have
 * it, and there must be one, what does not fit into memory waits in a file; everything else is passed on as it comes.
 */
export class Form implements BodyReader, Wait {
  /** Null: it names no model, or only behind its files where nobody needs to know. */
  found: FormModel | null = null;
  /** All of it is here: it can be sent more than once. */
  whole = false;
  private readonly scan: FormScan;
  private held: Buffer = EMPTY;
  private spool: SpoolFile | null = null;
  private done = false;
  private ended = false;
  /** So many have begun to read it from the file, or stopped. */
  private readers = 0;
  private to: BodyReader | null = null;
  private goOn: (() => void) | null = null;
  private refused: unknown = null;
  private wake: (() => void) | null = null;
  private refuse: ((reason: unknown) => void) | null = null;

  constructor(
    private readonly body: StreamedBody,
    private readonly boundary: string,
    private readonly wanted: Wanted,
  ) {
    this.scan = new FormScan(boundary);
    body.readBy(this);
  }

  // biome-ignore lint/suspicious/noThenProperty: being awaitable without a promise is the purpose
  then(resume: () => void, refuse: (reason: unknown) => void): void {
    if (this.refused !== null) refuse(this.refused);
    else if (this.done) resume();
    else {
      this.wake = resume;
      this.refuse = refuse;
    }
  }

  data(chunk: Buffer): boolean {
    if (this.to !== null) return this.to.data(chunk);
    const { scan, spool } = this;
    if (this.done) {
      // Already on its way when the connection was told to wait.
      this.held = Buffer.concat([this.held, chunk]);
      return false;
    }
    scan.push(chunk);
    if (spool !== null) return spool.write(chunk);
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    if (scan.why !== null) this.broken(scan.why);
    else if (this.held.length > HELD_BYTES) this.outgrow();
    else if (scan.found !== null ? !this.isSmall() : scan.ended || (scan.sawFile && !this.wanted.needed))
      this.finish();
    return !this.done;
  }

  end(): void {
    this.ended = true;
    const { scan, spool } = this;
    if (this.to !== null) this.to.end();
    else if (spool !== null)
      spool.written().then(
        () => {
          this.whole = true;
          this.finish();
        },
        (error) => this.fail(error),
      );
    else if (this.done) this.whole = true;
    else if (scan.found !== null || scan.ended) {
      this.whole = true;
      this.finish();
    } else this.broken(scan.why ?? 'it ends in the middle of a part');
  }

  overflow(): void {
    if (this.to !== null) this.to.overflow();
    else this.fail(tooLarge(this.body));
  }

  /** Bytes with this model in it; null when nobody knows before it has ended. */
  length(model: string): number | null {
    const size = this.spool !== null ? this.spool.size : this.whole ? this.held.length : this.body.length;
    if (size === null || this.found === null) return size;
    return size + Buffer.byteLength(model) - (this.found.end - this.found.start);
  }

  /** From here on the form goes to this reader, with this model where it has one. */
  passTo(reader: BodyReader, model: string): void {
    const { held, found, spool } = this;
    if (spool !== null) {
      this.fromFile(spool, reader, model);
      return;
    }
    const bytes =
      found === null
        ? held
        : Buffer.concat([held.subarray(0, found.start), Buffer.from(model), held.subarray(found.end)]);
    if (this.whole) {
      reader.data(bytes);
      reader.end();
      return;
    }
    this.to = reader;
    this.held = EMPTY;
    const room = reader.data(bytes);
    if (this.ended) reader.end();
    else if (room) this.body.proceed();
  }

  /** Its parts. What has not come yet goes on into a file, so that memory stays as it is. Rejects when it is no form. */
  async contents(): Promise<FormContents> {
    // Its model may have been found just now, and the connection is told to wait when whoever found it returns.
    await null;
    if (!this.whole) await this.rest();
    return FormContents.of(this.spool ?? this.held, this.boundary);
  }

  private rest(): Promise<void> {
    return new Promise((resolve, reject) => {
      const spool = new SpoolFile(() => this.body.proceed());
      this.spool = spool;
      const end = (): void => {
        spool.written().then(() => {
          this.whole = true;
          this.to = null;
          resolve();
        }, reject);
      };
      this.to = { data: (chunk) => spool.write(chunk), end, overflow: () => reject(tooLarge(this.body)) };
      const room = this.held.length === 0 || spool.write(this.held);
      this.held = EMPTY;
      if (this.ended) end();
      else if (room) this.body.proceed();
    });
  }

  /** The reader has room again. */
  proceed(): void {
    this.goOn?.();
    this.goOn = null;
    if (!this.whole) this.body.proceed();
  }

  /** Whoever read it wants no more of it. */
  stop(): void {
    this.readers++;
    this.goOn?.();
    this.goOn = null;
  }

  /** The request is over. */
  close(): void {
    this.stop();
    this.spool?.close();
    this.held = EMPTY;
    this.proceed();
  }

  private async fromFile(spool: SpoolFile, reader: BodyReader, model: string): Promise<void> {
    const mine = ++this.readers;
    const take = async (chunk: Buffer): Promise<boolean> => {
      if (mine === this.readers && !reader.data(chunk))
        await new Promise<void>((resolve) => (this.goOn = resolve));
      return mine === this.readers;
    };
    const { found } = this;
    const { size } = spool;
    try {
      if (found === null) await spool.read(0, size, take);
      else {
        await spool.read(0, found.start, take);
        await take(Buffer.from(model));
        await spool.read(found.end, size, take);
      }
      if (mine === this.readers) reader.end();
    } catch (error) {
      if (mine === this.readers) this.fail(error);
    }
  }

  /** It may well fit into memory, and what is here as a whole can be sent to another target too. */
  private isSmall(): boolean {
    const { length } = this.body;
    return length === null ? this.wanted.needed : length <= HELD_BYTES;
  }

  private outgrow(): void {
    if (this.scan.found !== null || !this.wanted.needed) {
      this.finish();
      return;
    }
    this.spool = new SpoolFile(() => this.body.proceed());
    this.spool.write(this.held);
    this.held = EMPTY;
  }

  private finish(): void {
    this.found = this.scan.found;
    this.done = true;
    if (this.found !== null) this.wanted.onModel(this.found.model);
    this.wake?.();
  }

  private broken(why: string): void {
    this.fail(gatewayError('invalid_form', { why }));
  }

  private fail(error: unknown): void {
    this.done = true;
    this.refused = error;
    this.refuse?.(error);
  }
}
