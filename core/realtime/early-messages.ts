interface Early {
  readonly message: Buffer;
  readonly binary: boolean;
}

/** What a client sends before its provider is connected. */
export class EarlyMessages {
  private readonly messages: Early[] = [];
  private size = 0;

  /** @param limit bytes, all messages together */
  constructor(readonly limit: number) {}

  get isEmpty(): boolean {
    return this.messages.length === 0;
  }

  /** Keeps a copy. False: that is too much. */
  add(message: Buffer, binary: boolean): boolean {
    this.size += message.length;
    if (this.size > this.limit) return false;
    this.messages.push({ message: Buffer.from(message), binary });
    return true;
  }

  each(send: (message: Buffer, binary: boolean) => void): void {
    for (const { message, binary } of this.messages) send(message, binary);
    this.messages.length = 0;
  }
}
