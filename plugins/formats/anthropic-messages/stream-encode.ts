import type {
  ImagePart,
  JsonObject,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  Usage,
} from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { namedEvent } from '../shared/sse-text.js';
import { type BlockContext, encodeBlock } from './blocks-encode.js';
import { anthropicError } from './error.js';
import { ToolIds } from './tool-ids.js';
import { ANTHROPIC_MESSAGES, stopReason } from './types.js';
import { anthropicUsage } from './usage.js';

type Start = Extract<StreamEvent, { type: 'start' }>;
type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Delta = Extract<StreamEvent, { type: 'part-delta' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;
type PartEvent = Extract<StreamEvent, { part: number }>;

const PING = namedEvent('ping', '{"type":"ping"}');

/** The part whose block is open; a block only starts on the wire once it is known what it holds. */
interface Open {
  part: number;
  start: PartStart;
  /** Block on the wire, or '' before its start. */
  block: '' | 'text' | 'thinking' | 'tool_use';
  /** A delta's text up to what the model wrote. */
  prefix: string;
  /** Arguments so far, to know when a call is whole. */
  json: string;
}

/**
 * Writes Anthropic's events by joining text. Anthropic sends one block after the other, but the hub may have several
 * tool calls open: a call whose arguments are whole JSON is closed when the next one starts, and until then the next
 * one waits.
 */
export class AnthropicStreamEncoder implements StreamEncoder {
  private pending: Start | null = null;
  private same = false;
  private over = false;
  private called = false;
  private blocks = 0;
  private open: Open | null = null;
  private waiting: PartEvent[] = [];
  private finish: Finish | null = null;
  private usage: Usage | null = null;

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
      case 'part-start':
      case 'part-end':
        // This API gives one answer a request.
        return event.choice === 0 ? this.messageStart() + this.part(event) : '';
      case 'part-whole': {
        const value = event.choice === 0 ? blockOf(event) : undefined;
        return value === undefined ? '' : this.messageStart() + this.part({ ...event, value });
      }
      case 'start':
        this.pending = event;
        this.same = event.origin === ANTHROPIC_MESSAGES;
        return '';
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'finish':
        if (event.choice === 0) this.finish = event;
        return '';
      case 'ping':
        return this.messageStart() + PING;
      case 'error':
        this.over = true;
        return anthropicError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        this.over = true;
        return this.messageStart() + this.end();
    }
  }

  /** `message_start`, held back by one event so that usage which comes right after it can be in it. */
  private messageStart(): string {
    const start = this.pending;
    if (start === null) return '';
    this.pending = null;
    const { usage: usageExtra, ...extra } = (this.same ? start.extra : undefined) ?? {};
    const message: JsonObject = {
      ...extra,
      id: start.id === '' ? `msg_${this.options.requestId}` : start.id,
      type: 'message',
      role: 'assistant',
      model: start.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...(isObject(usageExtra) ? usageExtra : {}), ...anthropicUsage(this.usage ?? emptyUsage()) },
    };
    return namedEvent('message_start', `{"type":"message_start","message":${JSON.stringify(message)}}`);
  }

  private part(event: PartEvent): string {
    const open = this.open;
    if (open === null)
      return event.type === 'part-start'
        ? this.begin(event)
        : event.type === 'part-whole'
          ? this.wholeBlock(event.value)
          : '';
    if (event.part === open.part) {
      if (event.type === 'part-delta') return this.delta(open, event);
      return event.type === 'part-end' ? this.close() + this.resume() : '';
    }
    if (event.type === 'part-start' || event.type === 'part-whole') {
      if (this.waiting.length === 0 && isWhole(open)) return this.close() + this.part(event);
      this.waiting.push(event);
    } else if (this.waiting.length > 0) this.waiting.push(event);
    return '';
  }

  /** Events of parts that had to wait for the block that was just closed. */
  private resume(): string {
    if (this.waiting.length === 0) return '';
    const events = this.waiting;
    this.waiting = [];
    let text = '';
    for (const event of events) text += this.part(event);
    return text;
  }

  private begin(start: PartStart): string {
    this.open = { part: start.part, start, block: '', prefix: '', json: '' };
    if (start.kind !== 'tool-call') return '';
    this.called = true;
    const extra =
      this.same && start.extra !== undefined ? `,${JSON.stringify(start.extra).slice(1, -1)}` : '';
    const id = JSON.stringify(start.toolCallId ?? '');
    const name = JSON.stringify(start.toolName ?? '');
    return this.blockStart('tool_use', `"id":${id},"name":${name},"input":{}${extra === ',' ? '' : extra}`);
  }

  private blockStart(block: 'text' | 'thinking' | 'tool_use', members: string): string {
    const index = this.blocks++;
    const open = this.open as Open;
    open.block = block;
    const kind =
      block === 'text'
        ? '"text_delta","text":'
        : block === 'thinking'
          ? '"thinking_delta","thinking":'
          : '"input_json_delta","partial_json":';
    open.prefix = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":${kind}`;
    return namedEvent(
      'content_block_start',
      `{"type":"content_block_start","index":${index},"content_block":{"type":"${block}",${members}}}`,
    );
  }

  private delta(open: Open, event: Delta): string {
    if (event.encrypted !== undefined) return this.redacted(open, event.encrypted);
    let head = '';
    if (open.block === '') {
      // An empty block would be refused when the client sends it back.
      if (event.text === '' && event.signature === undefined && event.citation === undefined) return '';
      head =
        open.start.kind === 'reasoning'
          ? this.blockStart('thinking', '"thinking":"","signature":""')
          : this.blockStart('text', '"text":""');
    }
    if (event.signature !== undefined)
      return head + this.otherDelta(`"signature_delta","signature":${JSON.stringify(event.signature)}`);
    if (event.citation !== undefined)
      return this.same
        ? head + this.otherDelta(`"citations_delta","citation":${JSON.stringify(event.citation)}`)
        : head;
    if (event.text === '') return head;
    if (open.block === 'tool_use') open.json += event.text;
    return `${head}${open.prefix}${JSON.stringify(event.text)}}}\n\n`;
  }

  private otherDelta(delta: string): string {
    return namedEvent(
      'content_block_delta',
      `{"type":"content_block_delta","index":${this.blocks - 1},"delta":{"type":${delta}}}`,
    );
  }

  private redacted(open: Open, data: string): string {
    const before = open.block === '' ? '' : this.stop();
    open.block = '';
    return before + this.wholeBlock({ type: 'redacted_thinking', data });
  }

  private wholeBlock(block: JsonObject): string {
    const index = this.blocks++;
    const start = `{"type":"content_block_start","index":${index},"content_block":${JSON.stringify(block)}}`;
    return namedEvent('content_block_start', start) + stopEvent(index);
  }

  private stop(): string {
    return stopEvent(this.blocks - 1);
  }

  private close(): string {
    const block = this.open?.block;
    this.open = null;
    return block === undefined || block === '' ? '' : this.stop();
  }

  private end(): string {
    let text = this.close() + this.resume();
    while (this.open !== null) text += this.close() + this.resume();
    const finish = this.finish;
    const reason = stopReason(finish?.reason ?? 'stop', finish?.raw, this.same, this.called);
    const delta: JsonObject = {
      ...(this.same ? finish?.extra : {}),
      stop_reason: reason,
      stop_sequence: finish?.stopSequence ?? null,
    };
    const usage = JSON.stringify(anthropicUsage(this.usage ?? emptyUsage()));
    text += namedEvent(
      'message_delta',
      `{"type":"message_delta","delta":${JSON.stringify(delta)},"usage":${usage}}`,
    );
    return text + namedEvent('message_stop', '{"type":"message_stop"}');
  }
}

const IMAGES: BlockContext = { same: false, forClient: true, warn() {}, ids: new ToolIds(true) };

/** The block of a part that does not stream: one of this format, or a picture of another one's answer. */
function blockOf({ format, value }: Extract<StreamEvent, { type: 'part-whole' }>): JsonObject | undefined {
  if (format === ANTHROPIC_MESSAGES) return value;
  return format === 'hub' && value['type'] === 'image'
    ? encodeBlock(value as unknown as ImagePart, IMAGES)
    : undefined;
}

function stopEvent(index: number): string {
  return namedEvent('content_block_stop', `{"type":"content_block_stop","index":${index}}`);
}

/** Nothing more belongs into this block: a call once its arguments are JSON, anything else as soon as another starts. */
function isWhole(open: Open): boolean {
  return open.block !== 'tool_use' || tryParse(open.json) !== undefined;
}
