/** How much of the beginning and of the end of a line that is too long is kept, to find out what it was about. */
const KEPT = 512;

const NONE = Buffer.alloc(0);

export interface LineEvents {
  line(text: string): void;
  /** A line of more bytes than allowed has ended; its beginning and its end. */
  tooLong(start: string, end: string): void;
}

/** Cuts a byte stream into lines. What is longer than allowed is let pass without being kept. */
export class LineSplitter {
  private chunks: Buffer[] = [];
  private size = 0;
  private start = '';
  private end: Buffer = NONE;
  private skipping = false;

  constructor(
    private readonly maxBytes: number,
    private readonly on: LineEvents,
  ) {}

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.add(chunk.subarray(from, at));
      this.finish();
      from = at + 1;
    }
    if (from < chunk.length) this.add(chunk.subarray(from));
  }

  private add(part: Buffer): void {
    this.size += part.length;
    if (this.skipping)
      this.end = Buffer.concat([part.length < KEPT ? this.end : NONE, part.subarray(-KEPT)]).subarray(-KEPT);
    else {
      this.chunks.push(part);
      if (this.size > this.maxBytes) this.skip();
    }
  }

  private skip(): void {
    const all = Buffer.concat(this.chunks);
    this.start = all.subarray(0, KEPT).toString('utf8');
    this.end = Buffer.from(all.subarray(-KEPT));
    this.chunks = [];
    this.skipping = true;
  }

  private finish(): void {
    const { skipping, start, end, chunks } = this;
    const text = skipping
      ? ''
      : chunks.length === 1
        ? String(chunks[0])
        : Buffer.concat(chunks).toString('utf8');
    this.chunks = [];
    this.size = 0;
    this.skipping = false;
    this.end = NONE;
    if (skipping) this.on.tooLong(start, end.toString('utf8'));
    else this.on.line(text.endsWith('\r') ? text.slice(0, -1) : text);
  }
}
