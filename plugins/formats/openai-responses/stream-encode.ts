import type {
  ImagePart,
  JsonObject,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  Usage,
} from '@headgate/sdk';
import { CallOutput } from './call-output.js';
import { errorEvent } from './error.js';
import { ItemIds, responseId } from './ids.js';
import { MessageOutput } from './message-output.js';
import { imageItem } from './output-encode.js';
import { ReasoningOutput } from './reasoning-output.js';
import { type ResponseHead, responseObject } from './response-object.js';
import { ServerToolEvents } from './server-tool-events.js';
import { SequencedEvents } from './stream-events.js';
import type { OutputItem, OutputStream } from './stream-output.js';
import { marksOf, OPENAI_RESPONSES, type Status, statusOf } from './types.js';

type Start = Extract<StreamEvent, { type: 'start' }>;
type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;
type Whole = Extract<StreamEvent, { type: 'part-whole' }>;

const RUNNING: Status = { status: 'in_progress', reason: null };
const FAILED: Status = { status: 'failed', reason: null };

/** An item on the wire, at its place in the output. */
interface Placed {
  item: OutputItem;
  index: number;
}

/**
 * Writes events by joining text. Texts beside each other share a message, so an item ends when the next one begins;
 * calls may be open at once, and each ends with its part.
 */
export class OpenaiResponsesStreamEncoder implements StreamEncoder {
  private head: ResponseHead | null = null;
  private stream: OutputStream | null = null;
  private over = false;
  private readonly events = new SequencedEvents();
  private readonly serverTools = new ServerToolEvents(this.events);
  /** The message or reasoning that takes further parts. */
  private open: Placed | null = null;
  private readonly parts = new Map<number, Placed>();
  private readonly output: JsonObject[] = [];
  private finish: Finish | null = null;
  private usage: Usage | null = null;

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
        // This API gives one answer a request.
        return event.choice === 0 ? (this.parts.get(event.part)?.item.delta(event) ?? '') : '';
      case 'part-start':
        return event.choice === 0 ? this.started() + this.partStart(event) : '';
      case 'part-end':
        return event.choice === 0 ? this.partEnd(event.part) : '';
      case 'part-whole':
        return event.choice === 0 ? this.started() + this.whole(event) : '';
      case 'start':
        return this.head === null ? this.start(event) : '';
      case 'finish':
        if (event.choice === 0) this.finish = event;
        return '';
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'ping':
        return '';
      case 'error':
        this.over = true;
        return this.fail(event);
      case 'end':
        this.over = true;
        return this.started() + this.end();
    }
  }

  private start(event: Start): string {
    const same = event.origin === OPENAI_RESPONSES;
    const id = responseId(event.id, same, this.options.requestId);
    this.head = {
      id,
      created: event.created,
      model: event.model,
      same,
      extra: event.extra,
      serviceTier: event.serviceTier,
      echo: this.options.echo,
    };
    this.stream = { same, ids: new ItemIds(id), events: this.events };
    return this.snapshot('response.created', RUNNING) + this.snapshot('response.in_progress', RUNNING);
  }

  private started(): string {
    return this.head === null ? this.start({ type: 'start', id: '', model: '', created: 0 }) : '';
  }

  private snapshot(type: string, status: Status, error: JsonObject | null = null): string {
    const response = responseObject(this.head as ResponseHead, status, this.output, this.usage, error);
    return this.events.event(type, `"response":${JSON.stringify(response)}`);
  }

  private partStart(start: PartStart): string {
    const stream = this.stream as OutputStream;
    const kind = start.kind === 'tool-call' ? 'call' : start.kind === 'reasoning' ? 'reasoning' : 'message';
    const { open } = this;
    if (open !== null && kind !== 'call' && this.continues(open, kind, start)) {
      this.parts.set(start.part, open);
      return open.item.part(start);
    }
    const before = this.release();
    const index = this.output.length;
    const item =
      kind === 'call'
        ? new CallOutput(start, index, stream)
        : kind === 'message'
          ? new MessageOutput(start, index, stream)
          : new ReasoningOutput(start, index, stream);
    const placed = { item, index };
    // Takes its place in the output; what stands there is filled in when the item ends.
    this.output.push({});
    this.parts.set(start.part, placed);
    if (kind !== 'call') this.open = placed;
    return before + item.part(start);
  }

  private continues(open: Placed, kind: 'message' | 'reasoning', start: PartStart): boolean {
    if (open.item.kind !== kind) return false;
    return (this.stream as OutputStream).same ? marksOf(start).item === undefined : kind === 'message';
  }

  private partEnd(number: number): string {
    const placed = this.parts.get(number);
    if (placed === undefined) return '';
    this.parts.delete(number);
    const text = placed.item.partEnd(number);
    return placed === this.open ? text : text + this.hold(placed);
  }

  /** True when no part of the item is being written. */
  private isIdle(placed: Placed): boolean {
    for (const one of this.parts.values()) if (one === placed) return false;
    return true;
  }

  /** The last item that ended waits for what comes next, or for the finish reason, to know whether it was cut short. */
  private hold(placed: Placed): string {
    if (this.open !== null && !this.isIdle(this.open)) return this.close(placed, 'completed');
    const before = this.release();
    this.open = placed;
    return before;
  }

  /** Another item begins: the one that waited is complete, one that is still being written goes on by itself. */
  private release(): string {
    const { open } = this;
    this.open = null;
    return open !== null && this.isIdle(open) ? this.close(open, 'completed') : '';
  }

  private close(placed: Placed, status: string): string {
    const { text, item } = placed.item.close(status);
    return text + this.done(placed.index, item);
  }

  private done(index: number, item: JsonObject): string {
    this.output[index] = item;
    return this.events.event(
      'response.output_item.done',
      `"output_index":${index},"item":${JSON.stringify(item)}`,
    );
  }

  /** An item that only this format knows, or a picture of another one's answer. */
  private whole(event: Whole): string {
    const index = this.output.length;
    const { ids } = this.stream as OutputStream;
    const value = event.value as JsonObject & { type?: string };
    let item: JsonObject | undefined;
    if (event.format === OPENAI_RESPONSES) item = value;
    else if (event.format === 'hub' && value.type === 'image')
      item = imageItem(value as unknown as ImagePart, ids.of('ig', index));
    if (item === undefined) return '';
    const ran = this.serverTools.takeRunning(item);
    if (ran !== undefined) return this.serverTools.ended(item, ran) + this.done(ran, item);
    const before = this.release();
    this.output.push(item);
    const added = this.events.event(
      'response.output_item.added',
      `"output_index":${index},"item":${JSON.stringify(item)}`,
    );
    const more = this.serverTools.added(item, index);
    return before + added + more.text + (more.ends ? this.done(index, item) : '');
  }

  /** Ends every item that is open, in the order of the output; the last one may have been cut short. */
  private closeAll(status: string): string {
    const open = new Set(this.parts.values());
    if (this.open !== null) open.add(this.open);
    this.open = null;
    this.parts.clear();
    let text = '';
    for (const placed of [...open].sort((a, b) => a.index - b.index))
      text += this.close(placed, placed.index === this.output.length - 1 ? status : 'completed');
    return text;
  }

  private end(): string {
    const head = this.head as ResponseHead;
    const { finish } = this;
    const status = statusOf(finish?.reason ?? 'stop', finish?.raw, head.same);
    const text = this.closeAll(status.status === 'incomplete' ? 'incomplete' : 'completed');
    this.takeNews();
    const type = status.status === 'incomplete' ? 'response.incomplete' : 'response.completed';
    return text + this.snapshot(type, status);
  }

  /** What the provider said about the answer only at its end. */
  private takeNews(): void {
    const { head, finish } = this;
    if (head === null || !head.same || finish?.extra === undefined) return;
    const { service_tier: tier, ...extra } = finish.extra;
    head.extra = { ...head.extra, ...extra };
    if (typeof tier === 'string') head.serviceTier = tier;
  }

  /** The answer as far as it came is failed; then the error, which SDKs throw. */
  private fail({ error }: Extract<StreamEvent, { type: 'error' }>): string {
    let text = '';
    if (this.head !== null) {
      text = this.closeAll('incomplete');
      text += this.snapshot('response.failed', FAILED, { code: error.code, message: error.message });
    }
    return text + errorEvent(error, this.options.requestId, this.events.next());
  }
}
