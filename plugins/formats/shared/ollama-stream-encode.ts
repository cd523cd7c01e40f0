import type {
  JsonObject,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  ToolCallPart,
  Usage,
} from '@headgate/sdk';
import * as answer from './ollama-answer.js';
import { encodeCall } from './ollama-calls.js';
import { ollamaError } from './ollama-error.js';
import { isObject } from './read-json.js';
import { detailOf } from './reasoning-details.js';

type Start = Extract<StreamEvent, { type: 'start' }>;
type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Delta = Extract<StreamEvent, { type: 'part-delta' }>;
type PartWhole = Extract<StreamEvent, { type: 'part-whole' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;

interface OpenPart {
  start: PartStart;
  /** All text so far, of a call and of reasoning: the one is sent whole, the other signed whole. */
  text: string;
}

/** Writes a document a line by joining text. A tool call waits until it is whole, since its arguments are an object. */
export class OllamaStreamEncoder implements StreamEncoder {
  /** `{"model":…,"created_at":…,` up to what is said, which `close` ends. */
  private prefix = '';
  private head: JsonObject = {};
  private readonly close: string;
  private readonly empty: string;
  private same = false;
  private over = false;
  private calls = 0;
  /** A thought was told last, and nobody signed it. */
  private thought = false;
  private readonly open = new Map<number, OpenPart>();
  private finish: Finish | null = null;
  private usage: Usage | null = null;

  constructor(
    private readonly shape: answer.OllamaShape,
    private readonly options: StreamEncodeOptions,
  ) {
    this.close = shape.nested ? '},"done":false' : ',"done":false';
    this.empty = `"${shape.text}":""`;
  }

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
        return event.choice === 0 ? this.delta(event) : '';
      case 'part-start':
        if (event.choice === 0) this.open.set(event.part, { start: event, text: '' });
        return '';
      case 'part-end':
        return event.choice === 0 ? this.partEnd(event.part) : '';
      case 'part-whole':
        return event.choice === 0 ? this.whole(event) : '';
      case 'start':
        return this.start(event);
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'finish':
        if (event.choice === 0) this.finish = event;
        return '';
      case 'ping':
        return '';
      case 'error':
        this.over = true;
        return ollamaError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        return this.end();
    }
  }

  private start(event: Start): string {
    this.same = event.origin === this.shape.format;
    const kept = this.same ? event.extra : undefined;
    const { created_at: _, ...extra } = kept ?? {};
    this.head = { model: event.model, created_at: answer.createdAtOf(event.created, kept), ...extra };
    this.prefix = `${JSON.stringify(this.head).slice(0, -1)},${this.shape.nested ? '"message":{"role":"assistant",' : ''}`;
    return '';
  }

  private chunk(said: string): string {
    return `${this.prefix}${said}${this.close}}\n`;
  }

  private delta(event: Delta): string {
    const part = this.open.get(event.part);
    if (part === undefined) return '';
    const { kind } = part.start;
    if (kind === 'tool-call') {
      part.text += event.text;
      return '';
    }
    if (event.signature !== undefined || event.encrypted !== undefined) return this.sealed(part, event);
    const list = this.same ? answer.logprobsList(event.logprobs) : undefined;
    if (event.text === '' && list === undefined) return '';
    let said: string;
    if (kind === 'reasoning') {
      // Thoughts that follow each other stay apart in the one text that clients make of them.
      const apart = part.text === '' && this.thought ? '\n\n' : '';
      this.thought = true;
      part.text += event.text;
      said = `${this.empty},"thinking":${JSON.stringify(apart + event.text)}`;
    } else {
      this.thought = false;
      said = `"${this.shape.text}":${JSON.stringify(event.text)}`;
    }
    const logprobs = list === undefined ? '' : `,"logprobs":${JSON.stringify(list)}`;
    return `${this.prefix}${said}${this.close}${logprobs}}\n`;
  }

  private sealed(part: OpenPart, { signature, encrypted }: Delta): string {
    this.thought = false;
    const whole: Parameters<typeof detailOf>[0] = { type: 'reasoning', text: part.text };
    if (signature !== undefined) whole.signature = signature;
    if (encrypted !== undefined) whole.encrypted = encrypted;
    if (part.start.extra !== undefined) whole.extra = part.start.extra;
    return this.chunk(`${this.empty},"reasoning_details":${JSON.stringify([detailOf(whole)])}`);
  }

  private partEnd(number: number): string {
    const part = this.open.get(number);
    this.open.delete(number);
    if (part?.start.kind !== 'tool-call') return '';
    this.thought = false;
    const call: ToolCallPart = {
      type: 'tool-call',
      id: part.start.toolCallId ?? '',
      name: part.start.toolName ?? '',
      arguments: part.text,
    };
    if (part.start.extra !== undefined) call.extra = part.start.extra;
    const json = JSON.stringify([encodeCall(call, this.same, this.calls++)]);
    return this.chunk(`${this.empty},"tool_calls":${json}`);
  }

  /** What only this API knows, and pictures; nobody else's parts. */
  private whole({ format, value }: PartWhole): string {
    if (format === this.shape.format) return this.rare(false, value);
    const source = format === 'hub' && value['type'] === 'image' ? value['source'] : undefined;
    if (!isObject(source) || typeof source['data'] !== 'string') return '';
    const said = answer.imageMembers([source['data']], this.shape);
    return this.rare(false, this.shape.nested ? { message: said } : said);
  }

  /** A chunk with other members than most, such as the last. */
  private rare(done: boolean, members: JsonObject): string {
    const { message, ...outer } = members;
    const said: JsonObject = { [this.shape.text]: '' };
    const inner = this.shape.nested
      ? { message: { role: 'assistant', ...said, ...(isObject(message) ? message : {}) } }
      : said;
    return `${JSON.stringify({ ...this.head, ...inner, done, ...outer })}\n`;
  }

  private end(): string {
    this.over = true;
    let text = '';
    for (const number of [...this.open.keys()]) text += this.partEnd(number);
    const { finish } = this;
    const members: JsonObject = { ...(this.same ? finish?.extra : {}) };
    if (!this.same || finish?.raw !== undefined)
      members['done_reason'] = answer.finishWord(finish?.reason ?? 'stop', finish?.raw, this.same);
    return text + this.rare(true, { ...members, ...answer.usageMembers(this.usage) });
  }
}
