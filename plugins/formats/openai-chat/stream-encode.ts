import type {
  ImagePart,
  JsonObject,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  Usage,
} from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { openaiUsage } from '../shared/openai-usage.js';
import { imageEntry } from './images.js';
import { chatLogprobs } from './logprobs.js';
import { isDetail } from './reasoning.js';
import { finishWord, OPENAI_CHAT } from './types.js';

interface OpenPart {
  kind: 'text' | 'reasoning' | 'refusal' | 'tool-call';
  /** Number of the tool call, or of the reasoning block, among those of its choice. */
  index: number;
  custom: boolean;
  legacy: boolean;
  /** Reasoning so far: a signature is sent together with the whole text that it signs. */
  text: string;
}

interface Counters {
  calls: number;
  blocks: number;
}

/** Writes chunks by joining text; only what the model wrote goes through `JSON.stringify`. */
export class OpenaiChatStreamEncoder implements StreamEncoder {
  /** `data: {"id":…,"choices":[` up to the choice. */
  private prefix = '';
  private same = false;
  private over = false;
  private usage: Usage | null = null;
  private readonly open = new Map<number, OpenPart>();
  private readonly counters = new Map<number, Counters>();

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
        return this.delta(event);
      case 'part-start':
        return this.partStart(event);
      case 'part-end':
        this.open.delete(key(event.choice, event.part));
        return '';
      case 'start':
        return this.start(event);
      case 'part-whole':
        return this.whole(event);
      case 'finish':
        return this.role(event.choice) + this.finish(event);
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'ping':
        return '';
      case 'error':
        this.over = true;
        return openaiError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        this.over = true;
        return this.end();
    }
  }

  private start(event: Extract<StreamEvent, { type: 'start' }>): string {
    this.same = event.origin === OPENAI_CHAT;
    const id = event.id === '' ? `chatcmpl-${this.options.requestId}` : event.id;
    let head = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${event.created},"model":${JSON.stringify(event.model)}`;
    if (this.same) {
      if (event.serviceTier !== undefined) head += `,"service_tier":${JSON.stringify(event.serviceTier)}`;
      const extra = event.extra;
      if (extra !== undefined && Object.keys(extra).length > 0) head += `,${inner(extra)}`;
    }
    this.prefix = `${head},"choices":[`;
    return '';
  }

  private chunk(choice: number, delta: string): string {
    return `${this.prefix}{"index":${choice},"delta":{${delta}},"logprobs":null,"finish_reason":null}]}\n\n`;
  }

  /** The first chunk of each choice says the role, before anything else of it. */
  private role(choice: number): string {
    if (this.counters.has(choice)) return '';
    this.counters.set(choice, { calls: 0, blocks: 0 });
    return this.chunk(choice, '"role":"assistant","content":""');
  }

  private partStart(event: Extract<StreamEvent, { type: 'part-start' }>): string {
    const role = this.role(event.choice);
    const counters = this.counters.get(event.choice) as Counters;
    const custom = event.custom === true;
    const legacy = this.same && event.extra?.['legacy'] === true;
    const call = event.kind === 'tool-call';
    const index = call ? counters.calls : counters.blocks;
    this.open.set(key(event.choice, event.part), { kind: event.kind, index, custom, legacy, text: '' });
    if (event.kind === 'reasoning') counters.blocks++;
    if (!call) return role;
    const name = JSON.stringify(event.toolName ?? '');
    if (legacy) return role + this.chunk(event.choice, `"function_call":{"name":${name},"arguments":""}`);
    counters.calls++;
    const body = custom
      ? `"type":"custom","custom":{"name":${name},"input":""}`
      : `"type":"function","function":{"name":${name},"arguments":""}`;
    const id = JSON.stringify(event.toolCallId ?? '');
    return role + this.chunk(event.choice, `"tool_calls":[{"index":${index},"id":${id},${body}}]`);
  }

  private whole({ choice, format, value }: Extract<StreamEvent, { type: 'part-whole' }>): string {
    if (format === OPENAI_CHAT) return this.role(choice) + this.chunk(choice, inner(deltaOf(value)));
    if (format !== 'hub' || value['type'] !== 'image') return '';
    const entry = imageEntry(value as unknown as ImagePart, this.same);
    return entry === undefined ? '' : this.role(choice) + this.chunk(choice, inner({ images: [entry] }));
  }

  private delta(event: Extract<StreamEvent, { type: 'part-delta' }>): string {
    const part = this.open.get(key(event.choice, event.part));
    if (part === undefined) return '';
    switch (part.kind) {
      case 'text':
        return this.text(event);
      case 'tool-call':
        return this.argumentsDelta(event.choice, part, event.text);
      case 'refusal':
        return this.chunk(event.choice, `"refusal":${JSON.stringify(event.text)}`);
      case 'reasoning':
        return this.reasoning(event, part);
    }
  }

  private text(event: Extract<StreamEvent, { type: 'part-delta' }>): string {
    if (event.citation !== undefined)
      return this.same ? this.chunk(event.choice, `"annotations":[${JSON.stringify(event.citation)}]`) : '';
    const delta = `"content":${JSON.stringify(event.text)}`;
    const logprobs = event.logprobs === undefined ? null : chatLogprobs(event.logprobs, this.same);
    if (logprobs === null) return event.text === '' ? '' : this.chunk(event.choice, delta);
    return `${this.prefix}{"index":${event.choice},"delta":{${delta}},"logprobs":${JSON.stringify(logprobs)},"finish_reason":null}]}\n\n`;
  }

  private argumentsDelta(choice: number, part: OpenPart, text: string): string {
    if (text === '') return '';
    const json = JSON.stringify(text);
    if (part.legacy) return this.chunk(choice, `"function_call":{"arguments":${json}}`);
    const body = part.custom ? `"custom":{"input":${json}}` : `"function":{"arguments":${json}}`;
    return this.chunk(choice, `"tool_calls":[{"index":${part.index},${body}}]`);
  }

  private reasoning(event: Extract<StreamEvent, { type: 'part-delta' }>, part: OpenPart): string {
    if (event.signature !== undefined) {
      const text = JSON.stringify(part.text);
      const signature = JSON.stringify(event.signature);
      return this.chunk(
        event.choice,
        `"reasoning_details":[{"type":"reasoning.text","text":${text},"signature":${signature},"index":${part.index}}]`,
      );
    }
    if (event.encrypted !== undefined) {
      const data = JSON.stringify(event.encrypted);
      return this.chunk(
        event.choice,
        `"reasoning_details":[{"type":"reasoning.encrypted","data":${data},"index":${part.index}}]`,
      );
    }
    if (event.text === '') return '';
    part.text += event.text;
    return this.chunk(event.choice, `"reasoning_content":${JSON.stringify(event.text)}`);
  }

  private finish(event: Extract<StreamEvent, { type: 'finish' }>): string {
    const word = JSON.stringify(finishWord(event.reason, event.raw, this.same));
    return `${this.prefix}{"index":${event.choice},"delta":{},"logprobs":null,"finish_reason":${word}}]}\n\n`;
  }

  private end(): string {
    const usage =
      this.options.includeUsage && this.usage !== null
        ? `${this.prefix}],"usage":${JSON.stringify(openaiUsage(this.usage))}}\n\n`
        : '';
    return `${usage}data: [DONE]\n\n`;
  }
}

/** One number for a part of a choice; no answer has as many parts as would make two of them meet. */
function key(choice: number, part: number): number {
  return choice * 1_000_000 + part;
}

/** What stands in a delta for an opaque part: the members of a delta themselves, or a part at its place. */
function deltaOf(value: JsonObject): JsonObject {
  if (isDetail(value)) return { reasoning_details: [value] };
  return typeof value['type'] === 'string' ? { content: [value] } : value;
}

/** The members of an object as JSON text, without the braces. */
function inner(object: JsonObject): string {
  return JSON.stringify(object).slice(1, -1);
}
