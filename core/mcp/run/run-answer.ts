import {
  type CanonicalError,
  foldEvents,
  type JsonObject,
  type StreamEncoder,
  type StreamEvent,
  type ToolCallPart,
  type Usage,
} from '@headgate/sdk';
import { encoderOptions } from '../../answer.js';
import { answerHeaders } from '../../answer-headers.js';
import type { Exchange } from '../../exchange.js';
import { answerBytes, failWith } from '../../fail.js';
import { answerIdOf } from '../../kept/answer-id.js';
import { streamType } from '../../relay/framing.js';
import { startStream } from '../../relay/stream-head.js';
import { settle } from '../../stages/settle.js';

type Start = Extract<StreamEvent, { type: 'start' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;

/** The one answer that a client gets of all rounds of a run: streamed as they come, or whole at the end. */
export class RunAnswer {
  private readonly encoder: StreamEncoder | null;
  private readonly events: StreamEvent[] = [];
  private begun = false;
  private headSent = false;
  private parts = 0;
  private spoken = false;
  /** Earlier rounds have said something. */
  private gap = false;
  /** Numbers of the parts of the running round, as the client has them. */
  private places = new Map<number, number>();

  constructor(
    private readonly x: Exchange,
    /** What the answer repeats of the request; undefined where its API does not do that. */
    private readonly echo: JsonObject | undefined,
  ) {
    const options = { ...encoderOptions(x), ...(echo !== undefined && { echo }) };
    this.encoder = x.stream ? (x.endpoint.format.stream?.encoder(options) ?? null) : null;
  }

  /** Something of it has been sent. */
  get sent(): boolean {
    return this.headSent;
  }

  /** There is something to answer with. */
  get hasParts(): boolean {
    return this.parts > 0;
  }

  get hasRoom(): boolean {
    return !this.x.incoming.sink.full;
  }

  newRound(): void {
    this.places = new Map();
    this.gap = this.spoken;
  }

  start(event: Start): void {
    if (this.begun) return;
    this.begun = true;
    this.write({ ...event, id: answerIdOf(this.x, event.id) });
  }

  /** An event of a part of the running round; it gets a number of its own. */
  part(event: StreamEvent): void {
    switch (event.type) {
      case 'part-start':
        this.write({ ...event, choice: 0, part: this.place(event.part) });
        if (event.kind === 'text') this.separate(event.part);
        return;
      case 'part-whole':
        this.write({ ...event, choice: 0, part: this.place(event.part) });
        return;
      case 'part-delta':
      case 'part-end': {
        const part = this.places.get(event.part);
        if (part !== undefined) this.write({ ...event, choice: 0, part });
      }
    }
  }

  /** The client gets these calls as a model's own. */
  hand(calls: readonly ToolCallPart[]): void {
    calls.forEach((call, i) => {
      // Behind all numbers that the round may have given.
      const at = { choice: 0, part: 1_000_000 + i };
      const { id, name, arguments: text, custom, extra } = call;
      const start: StreamEvent = {
        type: 'part-start',
        ...at,
        kind: 'tool-call',
        toolCallId: id,
        toolName: name,
      };
      if (custom === true) start.custom = true;
      if (extra !== undefined) start.extra = extra;
      this.part(start);
      if (text !== '') this.part({ type: 'part-delta', ...at, text });
      this.part({ type: 'part-end', ...at });
    });
  }

  /** An item that is no part of what the model said. */
  item(value: JsonObject): void {
    this.write({
      type: 'part-whole',
      choice: 0,
      part: this.parts++,
      format: this.x.endpoint.format.id,
      value,
    });
  }

  finish(finish: Omit<Finish, 'choice' | 'type'>, usage: Usage | null): void {
    const { x } = this;
    if (!this.begun) this.start(startOf(x));
    this.write({ type: 'finish', choice: 0, ...finish });
    if (usage !== null) this.write({ type: 'usage', usage });
    this.write({ type: 'end' });
    if (this.encoder !== null) {
      x.incoming.sink.end();
      settle(x);
      return;
    }
    const response = foldEvents(this.events);
    const body = x.endpoint.format.response?.encode(response, this.echo);
    answerBytes(x, 200, answerHeaders(x, 'application/json', null), JSON.stringify(body));
  }

  fail(error: CanonicalError): void {
    const { x } = this;
    if (x.settled) return;
    if (!this.headSent) {
      failWith(x, error);
      return;
    }
    x.error = error;
    this.write({ type: 'error', error });
    x.incoming.sink.end();
    settle(x);
  }

  private place(part: number): number {
    const place = this.parts++;
    this.places.set(part, place);
    return place;
  }

  /** Between what the model said in different rounds, where the client sees one text. */
  private separate(part: number): void {
    const { between } = this.x.endpoint.format.toolRuns ?? { between: '' };
    const { gap } = this;
    this.spoken = true;
    this.gap = false;
    if (gap && between !== '')
      this.write({ type: 'part-delta', choice: 0, part: this.places.get(part) ?? 0, text: between });
  }

  private write(event: StreamEvent): void {
    const { x, encoder } = this;
    if (x.settled) return;
    if (event.type === 'part-delta' && x.firstTokenAt === 0) x.firstTokenAt = performance.now();
    if (encoder === null) {
      this.events.push(event);
      return;
    }
    const piece = encoder.push(event);
    if (piece.length === 0) return;
    if (!this.headSent) {
      this.headSent = true;
      startStream(x, 200, streamType(x), null);
    }
    x.incoming.sink.write(piece);
  }
}

/** Of a run that ended before any model was asked. */
function startOf(x: Exchange): Start {
  const created = Math.floor(x.receivedAt / 1000);
  return { type: 'start', id: x.id, model: x.model, created, origin: x.endpoint.format.id };
}
