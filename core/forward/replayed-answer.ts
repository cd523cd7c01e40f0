import type { CanonicalError, FinishedBatch, HeaderList } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { settle } from '../stages/settle.js';
import { SseSplitter } from '../wire/sse-split.js';
import { billAnswer } from './answer-bill.js';
import { PassedAnswer } from './passed-answer.js';

/** The stream of an answer that was made before, or is made in the background: its end says what was used. */
export class ReplayedAnswer extends PassedAnswer {
  private readonly events: SseSplitter;
  private found: FinishedBatch | null = null;
  private readable = true;
  private billing = false;

  constructor(
    private readonly replay: Exchange,
    status: number,
    contentType: string,
    headers: HeaderList,
  ) {
    super(replay, status, contentType, headers, { events: true });
    const { finishedAnswer } = replay.endpoint.format;
    this.events = new SseSplitter((_, data) => {
      this.found ??= finishedAnswer?.(Buffer.from(data)) ?? null;
    });
  }

  override data(chunk: Buffer): boolean {
    try {
      if (this.readable) this.events.push(chunk);
    } catch (error) {
      this.readable = false;
      const { io, id } = this.replay;
      io.log.error('a stream of an answer cannot be read', { request: id, error: String(error) });
    }
    return super.data(chunk);
  }

  override end(): void {
    const { replay: x, found } = this;
    if (found === null) {
      super.end();
      return;
    }
    // The client has all of it: from here on its leaving changes nothing.
    this.billing = true;
    x.incoming.sink.end();
    billAnswer(x, found)
      .catch((error) => x.io.log.error('an answer could not be billed', { error: String(error) }))
      .finally(() => settle(x));
  }

  override interrupt(error: CanonicalError): void {
    if (!this.billing) super.interrupt(error);
  }
}
