import { type JsonObject, type StatefulFormat, unfoldResponse } from '@headgate/sdk';
import { canonicalError, type ErrorCode } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { fail } from '../fail.js';
import { streamType } from '../relay/framing.js';
import { startStream } from '../relay/stream-head.js';
import { settle } from '../stages/settle.js';
import { SseSplitter } from '../wire/sse-split.js';
import type { KeptAnswer, RecordedEvent } from './kept-answer.js';

/** How often it is looked whether a running answer has got further: it may run in another thread. */
const POLL_MS = 100;

/**
 * The stream of a kept answer for a client that comes back to it: the events that were sent, as far as they are there, and
 * then those that come. Of an answer whose events were not kept, those that it would have had, once it has ended.
 */
export class Replay {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly x: Exchange,
    private readonly state: StatefulFormat,
    private row: KeptAnswer,
    /** Number of the last event that the client has. */
    private after: number,
  ) {}

  begin(): void {
    const { x } = this;
    x.stream = true;
    startStream(x, 200, streamType(x), null);
    // Whoever leaves is noticed at the next look.
    x.attempt = {
      stop: () => clearTimeout(this.timer),
      resume() {},
      release: () => clearTimeout(this.timer),
    };
    this.look();
  }

  private look(): void {
    this.step().catch((reason) => fail(this.x, reason));
  }

  private async step(): Promise<void> {
    const { x } = this;
    const { recorded, state } = this.row;
    if (recorded) await this.sendRecorded();
    if (x.settled) return;
    if (state !== 'running') {
      this.finish(state, recorded);
      return;
    }
    if (x.io.draining) {
      this.end('gateway_stopping');
      return;
    }
    await new Promise<void>((resolve) => {
      this.timer = setTimeout(resolve, POLL_MS);
    });
    const { id, keyId } = this.row;
    const row = (await x.io.control.kept({ do: 'find', ask: { id, keyId } })) as KeptAnswer | null;
    if (x.settled) return;
    if (row === null) {
      this.end('response_not_found');
      return;
    }
    this.row = row;
    this.look();
  }

  private async sendRecorded(): Promise<void> {
    const { x } = this;
    for (;;) {
      const ask = { id: this.row.id, after: this.after };
      const events = (await x.io.control.kept({ do: 'events', ask })) as RecordedEvent[];
      if (events.length === 0 || x.settled) return;
      for (const { sequence, text } of events) {
        x.incoming.sink.write(text);
        this.after = sequence;
      }
      // A client that is slow is not sent more than it can take.
      while (x.incoming.sink.full && !x.settled) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private finish(state: KeptAnswer['state'], recorded: boolean): void {
    if (state === 'lost') this.end('response_lost');
    else if (recorded || state === 'cancelled') this.end(null);
    else this.synthesize(JSON.parse(this.row.answer) as JsonObject);
  }

  /** The stream that the answer would have been. */
  private synthesize(answer: JsonObject): void {
    const { x, state } = this;
    const { response, stream } = x.endpoint.format;
    const { sink } = x.incoming;
    if (response === undefined || stream === undefined || isFailed(answer)) {
      this.end('response_not_replayable');
      return;
    }
    const splitter = new SseSplitter((type, data) => {
      if (state.event(type, data).sequence > this.after) sink.write(`event: ${type}\ndata: ${data}\n\n`);
    });
    const encoder = stream.encoder({ requestId: x.id, includeUsage: true });
    for (const event of unfoldResponse(response.decode(answer))) {
      const piece = encoder.push(event);
      splitter.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
    }
    this.end(null);
  }

  private end(code: ErrorCode | null): void {
    const { x } = this;
    const { sink } = x.incoming;
    if (code !== null) {
      x.error = canonicalError(code, { id: this.row.id });
      sink.write(x.endpoint.format.error.encodeInStream(x.error, x.id));
    }
    sink.end();
    settle(x);
  }
}

function isFailed(answer: JsonObject): boolean {
  return typeof answer['error'] === 'object' && answer['error'] !== null;
}
