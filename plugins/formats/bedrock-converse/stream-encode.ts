import type { JsonObject, StreamEncodeOptions, StreamEncoder, StreamEvent, Usage } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { bedrockError } from '../shared/bedrock-error.js';
import { eventMessage } from '../shared/eventstream-write.js';
import { OneAtATime, type PartEvent } from '../shared/one-at-a-time.js';
import { isObject } from '../shared/read-json.js';
import { ArgumentsWriter } from '../shared/tool-arguments.js';
import { redactedContent } from './encrypted.js';
import { imageFormat } from './media-types.js';
import { BEDROCK_CONVERSE, stopReason } from './types.js';
import { bedrockUsage } from './usage.js';

type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Delta = Extract<StreamEvent, { type: 'part-delta' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;
type PartWhole = Extract<StreamEvent, { type: 'part-whole' }>;

/** What the open block holds on the wire; '' when nothing of the part was written yet. */
type Block = '' | 'text' | 'reasoning' | 'redacted' | 'tool';

const DELTAS: Partial<Record<Block, [string, string]>> = {
  text: ['{"text":', '}'],
  reasoning: ['{"reasoningContent":{"text":', '}}'],
  tool: ['{"toolUse":{"input":', '}}'],
};

/**
 * Writes Converse's events, joining text for the many small ones. Blocks of text and reasoning have no start here, so
 * one that stays empty leaves no trace.
 */
export class BedrockStreamEncoder implements StreamEncoder {
  private same = false;
  private begun = false;
  private over = false;
  private called = false;
  private readonly since = Date.now();
  private readonly order = new OneAtATime((event) => this.part(event));
  private out: Buffer[] = [];
  /** The number of the open block, or of the next one. */
  private index = 0;
  private block: Block = '';
  private kind: PartStart['kind'] = 'text';
  /** Of the open call, if it is of another format. */
  private writer: ArgumentsWriter | null = null;
  private before = '';
  private after = '';
  private finish: Finish | null = null;
  private usage: Usage | null = null;

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string | Uint8Array {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
      case 'part-start':
      case 'part-end':
      case 'part-whole':
        // This API gives one answer a request.
        if (event.choice !== 0) return '';
        this.begin();
        this.order.push(event);
        break;
      case 'start':
        this.same = event.origin === BEDROCK_CONVERSE;
        this.begin();
        break;
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
        return bedrockError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        this.over = true;
        this.end();
    }
    return this.taken();
  }

  private taken(): string | Uint8Array {
    const { out } = this;
    const first = out[0];
    if (first === undefined) return '';
    this.out = [];
    return out.length === 1 ? first : Buffer.concat(out);
  }

  private write(type: string, json: string): void {
    this.out.push(eventMessage(type, json));
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.write('messageStart', '{"role":"assistant"}');
  }

  private part(event: PartEvent): void {
    switch (event.type) {
      case 'part-start':
        this.kind = event.kind;
        if (event.kind === 'tool-call') this.startTool(event);
        return;
      case 'part-delta':
        this.delta(event);
        return;
      case 'part-end':
        this.stop();
        return;
      case 'part-whole':
        this.whole(event);
    }
  }

  private open(block: Block): void {
    if (this.block === block) return;
    this.stop();
    this.block = block;
    const [before = '', after = ''] = DELTAS[block] ?? [];
    this.before = `{"contentBlockIndex":${this.index},"delta":${before}`;
    this.after = `${after}}`;
  }

  private startTool(start: PartStart): void {
    this.called = true;
    this.open('tool');
    this.writer = this.same ? null : new ArgumentsWriter();
    const inner = this.same ? start.extra?.['toolUse'] : undefined;
    this.start('toolUse', {
      ...(isObject(inner) ? inner : {}),
      toolUseId: start.toolCallId ?? '',
      name: start.toolName ?? '',
    });
  }

  private start(kind: string, value: JsonObject): void {
    const start = JSON.stringify({ [kind]: value });
    this.write('contentBlockStart', `{"contentBlockIndex":${this.index},"start":${start}}`);
  }

  private delta(event: Delta): void {
    if (event.encrypted !== undefined) {
      this.open('redacted');
      this.other(`{"reasoningContent":{"redactedContent":"${redactedContent(event.encrypted)}"}}`);
      return;
    }
    const reasoning = this.kind === 'reasoning';
    if (event.signature !== undefined) {
      this.open('reasoning');
      this.other(`{"reasoningContent":{"signature":${JSON.stringify(event.signature)}}}`);
    }
    const text = this.writer === null ? event.text : this.writer.push(event.text);
    if (text !== '') {
      this.open(this.kind === 'tool-call' ? 'tool' : reasoning ? 'reasoning' : 'text');
      this.write('contentBlockDelta', this.before + JSON.stringify(text) + this.after);
    }
    if (event.citation !== undefined && this.same && !reasoning) {
      this.open('text');
      this.other(`{"citation":${JSON.stringify(event.citation)}}`);
    }
  }

  private other(delta: string): void {
    this.write('contentBlockDelta', `{"contentBlockIndex":${this.index},"delta":${delta}}`);
  }

  private stop(): void {
    if (this.block === '') return;
    const owed = this.writer?.end() ?? '';
    this.writer = null;
    if (owed !== '') this.write('contentBlockDelta', this.before + JSON.stringify(owed) + this.after);
    this.block = '';
    this.write('contentBlockStop', `{"contentBlockIndex":${this.index++}}`);
  }

  /** A block in one piece: its start, all of it as one delta, its end. */
  private wholeBlock(kind: string, start: JsonObject, delta: JsonObject): void {
    this.start(kind, start);
    this.other(JSON.stringify(delta));
    this.write('contentBlockStop', `{"contentBlockIndex":${this.index++}}`);
  }

  /** Tools of AWS's own and their results, and pictures; nobody else's parts. */
  private whole(event: PartWhole): void {
    const { value } = event;
    if (event.format === BEDROCK_CONVERSE && isObject(value['toolUse'])) {
      const { input, ...start } = value['toolUse'];
      this.wholeBlock('toolUse', start, { toolUse: { input: JSON.stringify(input ?? {}) } });
    } else if (event.format === BEDROCK_CONVERSE && isObject(value['toolResult'])) {
      const { content, ...start } = value['toolResult'];
      this.wholeBlock('toolResult', start, { toolResult: content ?? [] });
    } else if (event.format === 'hub' && value['type'] === 'image' && isObject(value['source'])) {
      const { mediaType, data } = value['source'];
      const format = typeof mediaType === 'string' ? imageFormat(mediaType) : undefined;
      if (format === undefined || typeof data !== 'string') return;
      this.wholeBlock('image', { format }, { image: { source: { bytes: data } } });
    }
  }

  private end(): void {
    this.begin();
    this.order.end();
    const { finish } = this;
    const {
      usage: raw,
      additionalModelResponseFields: fields,
      ...rest
    } = (this.same ? finish?.extra : undefined) ?? {};
    const stopped = finish?.stopSequence;
    const stop: JsonObject = {
      stopReason: stopReason(finish?.reason ?? 'stop', finish?.raw, this.same, this.called),
    };
    if (fields !== undefined) stop['additionalModelResponseFields'] = fields;
    else if (!this.same && stopped !== undefined)
      stop['additionalModelResponseFields'] = { delta: { stop_sequence: stopped } };
    this.write('messageStop', JSON.stringify(stop));
    const metadata: JsonObject = {
      metrics: { latencyMs: Date.now() - this.since },
      ...rest,
      usage: bedrockUsage(this.usage ?? emptyUsage(), raw),
    };
    this.write('metadata', JSON.stringify(metadata));
  }
}
