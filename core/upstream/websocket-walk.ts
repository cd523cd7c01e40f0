const CLOSE = 8;
const FIN = 0x80;
/** Two bytes and eight of length: what a server sends has no mask. */
const LONGEST_HEAD = 10;

/** Follows a provider's frames through the chunks they come in, without looking into them. */
export class FrameWalk {
  private readonly head = new Uint8Array(LONGEST_HEAD);
  private headSize = 0;
  /** Bytes of the frame under way that are still to come. */
  private left = 0;
  /** Frames of the same message follow. */
  private within = false;

  /** Takes the next chunk. True when it holds whole messages only, so that nothing of it has to be kept for the next one. */
  holdsWholeMessages(chunk: Uint8Array): boolean {
    let whole = this.headSize === 0 && this.left === 0 && !this.within;
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const passed = Math.min(this.left, chunk.length - at);
        this.left -= passed;
        at += passed;
        continue;
      }
      this.head[this.headSize++] = chunk[at++] as number;
      if (this.headSize < 2 || this.headSize < this.headLength()) continue;
      whole = this.begin() && whole;
    }
    return whole && this.headSize === 0 && this.left === 0 && !this.within;
  }

  private headLength(): number {
    const length = (this.head[1] as number) & 0x7f;
    return length === 126 ? 4 : length === 127 ? LONGEST_HEAD : 2;
  }

  /** A frame begins. False when something of it is kept: pieces of a message, the reason of a close. */
  private begin(): boolean {
    const { head } = this;
    const first = head[0] as number;
    const opcode = first & 0x0f;
    const fin = (first & FIN) !== 0;
    const size = this.headSize;
    this.left = size === 2 ? (head[1] as number) & 0x7f : 0;
    for (let i = 2; i < size; i++) this.left = this.left * 256 + (head[i] as number);
    this.headSize = 0;
    if (opcode < CLOSE) this.within = !fin;
    return fin && opcode !== CLOSE;
  }
}
