import type { HeaderList, JsonObject } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { nobody } from '../gone.js';
import type { ClientSink } from '../relay/sink.js';
import { SseSplitter } from '../wire/sse-split.js';
import type { Conversation } from './conversation.js';
import { EventRecorder } from './event-recorder.js';
import { keepAnswer } from './keep-answer.js';

/**
 * The client's side of a request whose answer is kept, in front of the real one. What is kept is what the client was sent,
 * with all that plugins made of it. The end of an answer leaves when it is kept: whoever has seen it can go on from it at
 * once, in any thread.
 */
export class KeepingSink implements ClientSink {
  onDrain: (() => void) | null;
  private splitter: SseSplitter | null = null;
  /** What the stream has said of the whole answer. */
  private answer: JsonObject | null = null;
  private readonly recorder: EventRecorder | null;
  /** The end of the stream, while it waits to be kept. */
  private held: (Uint8Array | string)[] | null = null;
  private ended = false;
  private over = false;

  constructor(
    private readonly x: Exchange,
    private readonly conversation: Conversation,
    private client: ClientSink,
  ) {
    this.onDrain = client.onDrain;
    client.onDrain = () => this.onDrain?.();
    this.recorder = conversation.detached && x.stream ? new EventRecorder(x.io, conversation.id) : null;
  }

  get full(): boolean {
    return this.client.full;
  }

  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    const release = (): void => this.client.send(status, headers, body);
    if (!this.conversation.kept || this.over) release();
    else if (status >= 400) {
      this.fail();
      release();
    } else if (this.x.stream) {
      // A whole answer, written as the stream it would have been.
      const answer = this.read(body);
      if (answer === null) release();
      else this.keep(answer, release);
    } else this.keep(JSON.parse(textOf(body)) as JsonObject, release);
  }

  start(status: number, headers: HeaderList): void {
    this.client.start(status, headers);
  }

  write(chunk: Uint8Array | string): boolean {
    if (!this.conversation.kept || this.over) return this.client.write(chunk);
    if (this.held !== null) {
      this.held.push(chunk);
      return true;
    }
    const answer = this.read(chunk);
    if (answer === null) return this.client.write(chunk);
    const held = (this.held = [chunk]);
    this.keep(answer, () => {
      for (const one of held) this.client.write(one);
      this.held = null;
      if (this.ended) this.client.end();
    });
    return true;
  }

  flush(): void {
    if (this.held === null) this.client.flush();
  }

  end(): void {
    this.ended = true;
    if (this.held !== null) return;
    if (this.conversation.kept) this.fail();
    this.client.end();
  }

  cut(): void {
    if (this.conversation.kept) this.fail();
    this.client.cut();
  }

  /** The client has left; the answer is for whoever comes back for it. */
  leave(): void {
    this.client.onDrain = null;
    this.client = nobody;
    this.onDrain?.();
  }

  /** The client has stopped it: there is no more to be kept. */
  stopped(): void {
    this.over = true;
    this.recorder?.stop();
    if (this.held === null) this.client.end();
  }

  /** Looks at a piece of the stream; the whole answer, once it has passed. */
  private read(chunk: Uint8Array | string): JsonObject | null {
    this.splitter ??= new SseSplitter((type, data) => {
      const event = this.conversation.state.event(type, data);
      this.answer = event.answer ?? this.answer;
      this.recorder?.add({ sequence: event.sequence, text: `event: ${type}\ndata: ${data}\n\n` });
    });
    this.splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return this.answer;
  }

  private keep(answer: JsonObject, release: () => void): void {
    const { x } = this;
    this.over = true;
    x.io.inFlight++;
    const recorded = this.recorder?.finish() ?? Promise.resolve();
    keepAnswer(x, this.conversation, answer, recorded).finally(() => {
      x.io.inFlight--;
      release();
    });
  }

  /** What runs in the background has failed without an answer that says so. */
  private fail(): void {
    const { x, conversation } = this;
    if (this.over || !conversation.detached) return;
    const begun = conversation.state.begun(
      conversation.id,
      Math.floor(x.receivedAt / 1000),
      x.model,
      conversation.echo(x),
    );
    const error = x.error ?? canonicalError('internal');
    this.keep(conversation.state.failed(begun, error), () => {});
  }
}

function textOf(body: Uint8Array | string): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
}
