/** What an encoder has written and nobody has sent yet: text nearly always, bytes where the framing is binary. */
export class Outgoing {
  private text = '';
  private readonly pieces: Uint8Array[] = [];

  get empty(): boolean {
    return this.text === '' && this.pieces.length === 0;
  }

  add(piece: string | Uint8Array): void {
    if (typeof piece === 'string') this.text += piece;
    else {
      this.cutText();
      this.pieces.push(piece);
    }
  }

  /** Everything so far, to be sent; nothing is left here. */
  take(): string | Uint8Array {
    if (this.pieces.length === 0) {
      const { text } = this;
      this.text = '';
      return text;
    }
    this.cutText();
    return Buffer.concat(this.pieces.splice(0));
  }

  private cutText(): void {
    if (this.text !== '') this.pieces.push(Buffer.from(this.text));
    this.text = '';
  }
}
