/** The value of a form's `model` field and where it stands. */
export interface FormModel {
  readonly model: string;
  readonly start: number;
  readonly end: number;
}

/** A text of a form. */
export interface FormText {
  readonly name: string;
  readonly value: string;
}

/** Where a file of a form stands. */
export interface FormFile {
  readonly name: string;
  /** As the client named it; '' when it did not. */
  readonly filename: string;
  readonly contentType: string;
  readonly start: number;
  readonly end: number;
}

const DASH = 0x2d;
const EMPTY = Buffer.alloc(0);
/** Most bytes of the headers of a part, and of the name of a model. */
const MAX_HEADERS = 16 * 1024;
const MAX_MODEL = 1024;
/** The same of any text, when all are wanted: prompts have 32,000 characters at the most. */
const MAX_TEXT = 256 * 1024;

/** The boundary that a content type names; null when it names none. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s"]{1,200}))/i.exec(contentType) ?? [];
  return quoted ?? bare ?? null;
}

/** Looks for the field `model` in a multipart form as it comes, or for all of its fields, whatever size its files have. */
export class FormScan {
  /** Set once the field was there. Offsets count from the beginning of the form. */
  found: FormModel | null = null;
  /** A file has begun. */
  sawFile = false;
  /** The end of the form was there. */
  ended = false;
  /** Why it is no form; null as long as it is one. */
  why: string | null = null;
  /** When all are wanted: as far as they were there. */
  readonly texts: FormText[] = [];
  readonly files: FormFile[] = [];
  private readonly delimiter: Buffer;
  private state: 'start' | 'headers' | 'content' | 'text' = 'start';
  private part: Part = NO_PART;
  private partStart = 0;
  /** What was not looked at yet, or may be the beginning of a delimiter. */
  private window: Buffer = EMPTY;
  private offset = 0;

  /** @param all look on behind the model, and keep what else there is */
  constructor(
    boundary: string,
    private readonly all = false,
  ) {
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  push(chunk: Buffer): void {
    if (this.done || this.ended || this.why !== null) return;
    this.window = this.window.length === 0 ? chunk : Buffer.concat([this.window, chunk]);
    while (this.step());
    if (this.done) this.window = EMPTY;
  }

  private get done(): boolean {
    return this.found !== null && !this.all;
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
      case 'text':
        return this.text();
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
    const part = partOf(window.toString('utf8', 0, end));
    const { name, isFile } = part;
    this.sawFile ||= isFile;
    this.part = part;
    this.partStart = this.offset + end + 4;
    // The line end stays: it is that of the delimiter when the part is empty.
    this.goOn(end + 2, !isFile && (this.all || name === 'model') ? 'text' : 'content');
    return true;
  }

  private content(): boolean {
    const { window, delimiter } = this;
    const end = window.indexOf(delimiter);
    if (end < 0) {
      this.goOn(Math.max(0, window.length - delimiter.length + 1), 'content');
      return false;
    }
    if (this.all) {
      const { name, filename, contentType } = this.part;
      const start = this.partStart;
      this.files.push({ name, filename, contentType, start, end: Math.max(start, this.offset + end) });
    }
    this.goOn(end + delimiter.length, 'headers');
    return true;
  }

  private text(): boolean {
    const { window, delimiter, offset, part } = this;
    const isModel = part.name === 'model';
    const most = isModel ? MAX_MODEL : MAX_TEXT;
    const end = window.indexOf(delimiter);
    if (end > most || (end < 0 && window.length > most + delimiter.length)) {
      this.why = isModel ? 'the model is too long a name' : `the field "${part.name}" is too long`;
      return false;
    }
    if (end < 0) return false;
    const value = end > 2 ? window.toString('utf8', 2, end) : '';
    if (isModel && value !== '') this.found = { model: value, start: offset + 2, end: offset + end };
    if (this.all) this.texts.push({ name: part.name, value });
    this.goOn(end + delimiter.length, 'headers');
    return !this.done;
  }

  private goOn(bytes: number, state: FormScan['state']): void {
    this.window = this.window.subarray(bytes);
    this.offset += bytes;
    this.state = state;
  }
}

interface Part {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  readonly isFile: boolean;
}

const NO_PART: Part = { name: '', filename: '', contentType: '', isFile: false };

function partOf(headers: string): Part {
  const line = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? '';
  return {
    name: parameter(line, 'name'),
    filename: parameter(line, 'filename'),
    contentType: /^content-type:\s*(.*?)\s*$/im.exec(headers)?.[1] ?? 'application/octet-stream',
    isFile: /;\s*filename\*?=/i.test(line),
  };
}

function parameter(line: string, name: string): string {
  const [, quoted, bare] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s"]+))`, 'i').exec(line) ?? [];
  return quoted ?? bare ?? '';
}
