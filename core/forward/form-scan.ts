/** The value of a form's `model` field and where it stands. */
export interface FormModel {
  readonly model: string;
  readonly start: number;
  readonly end: number;
}

const DASH = 0x2d;
const EMPTY = Buffer.alloc(0);
/** Most bytes of the headers of a part, and of the name of a model. */
const MAX_HEADERS = 16 * 1024;
const MAX_MODEL = 1024;

/** The boundary that a content type names; null when it names none. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s"]{1,200}))/i.exec(contentType) ?? [];
  return quoted ?? bare ?? null;
}

/** Looks for the field `model` in a multipart form as it comes, whatever size its files have. */
export class FormScan {
  /** Set once the field was there. Offsets count from the beginning of the form. */
  found: FormModel | null = null;
  /** A file has begun. */
  sawFile = false;
  /** The end of the form was there. */
  ended = false;
  /** Why it is no form; null as long as it is one. */
  why: string | null = null;
  private readonly delimiter: Buffer;
  private state: 'start' | 'headers' | 'content' | 'model' = 'start';
  /** What was not looked at yet, or may be the beginning of a delimiter. */
  private window: Buffer = EMPTY;
  private offset = 0;

  constructor(boundary: string) {
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  push(chunk: Buffer): void {
    if (this.found !== null || this.ended || this.why !== null) return;
    this.window = this.window.length === 0 ? chunk : Buffer.concat([this.window, chunk]);
    while (this.step());
    if (this.found !== null) this.window = EMPTY;
  }

  /** True when there is more to look at in what has come. */
  private step(): boolean {
    switch (this.state) {
      case 'start':
        return this.start();
      case 'headers':
        return this.headers();
      case 'content':
        return this.content();
      case 'model':
        return this.model();
    }
  }

  private start(): boolean {
    const { window, delimiter } = this;
    const first = delimiter.subarray(2);
    const lead = window[0] === 0x0d ? 2 : 0;
    const begun = window.subarray(lead, lead + first.length);
    if (!first.subarray(0, begun.length).equals(begun)) {
      this.why = 'it does not begin with its boundary';
      return false;
    }
    if (begun.length < first.length) return false;
    this.goOn(lead + first.length, 'headers');
    return true;
  }

  private headers(): boolean {
    const { window } = this;
    if (window.length < 2) return false;
    if (window[0] === DASH && window[1] === DASH) {
      this.ended = true;
      return false;
    }
    const end = window.indexOf('\r\n\r\n');
    if (end < 0) {
      if (window.length > MAX_HEADERS) this.why = 'the headers of a part do not end';
      return false;
    }
    const { name, isFile } = partOf(window.toString('latin1', 0, end));
    this.sawFile ||= isFile;
    // The line end stays: it is that of the delimiter when the part is empty.
    this.goOn(end + 2, name === 'model' && !isFile ? 'model' : 'content');
    return true;
  }

  private content(): boolean {
    const { window, delimiter } = this;
    const end = window.indexOf(delimiter);
    if (end < 0) {
      this.goOn(Math.max(0, window.length - delimiter.length + 1), 'content');
      return false;
    }
    this.goOn(end + delimiter.length, 'headers');
    return true;
  }

  private model(): boolean {
    const { window, delimiter, offset } = this;
    const end = window.indexOf(delimiter);
    if (end > MAX_MODEL || (end < 0 && window.length > MAX_MODEL + delimiter.length)) {
      this.why = 'the model is too long a name';
      return false;
    }
    if (end < 0) return false;
    if (end > 2)
      this.found = { model: window.toString('utf8', 2, end), start: offset + 2, end: offset + end };
    this.goOn(end + delimiter.length, 'headers');
    return this.found === null;
  }

  private goOn(bytes: number, state: FormScan['state']): void {
    this.window = this.window.subarray(bytes);
    this.offset += bytes;
    this.state = state;
  }
}

function partOf(headers: string): { name: string; isFile: boolean } {
  const line = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? '';
  const [, quoted, bare] = /;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(line) ?? [];
  return { name: quoted ?? bare ?? '', isFile: /;\s*filename\*?=/i.test(line) };
}
