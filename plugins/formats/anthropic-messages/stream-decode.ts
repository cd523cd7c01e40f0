import type { JsonObject, JsonValue, PartKind, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { eventObject, tryParse } from '../shared/parse-json.js';
import { count, extraOf, isObject, stringOr } from '../shared/read-json.js';
import { anthropicErrorFrom } from './error.js';
import { ANTHROPIC_MESSAGES, finishOf } from './types.js';
import { addCounts, hasAnthropicCounts, noCounts, USAGE_KEYS, usageOfCounts } from './usage.js';

type Emit = (event: StreamEvent) => void;

const MESSAGE_KEYS = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);
const DELTA_KEYS = new Set(['stop_reason', 'stop_sequence']);
const TOOL_KEYS = new Set(['type', 'id', 'name', 'input']);

const KINDS: Record<string, PartKind | undefined> = {
  text: 'text',
  thinking: 'reasoning',
  redacted_thinking: 'reasoning',
  tool_use: 'tool-call',
};

interface Block {
  /** Its number in the hub, which indexes of a broken stream are not; what is sent on whole gets one then. */
  part: number;
  /** Undefined for a block that the hub has no name for; it is sent on when it is whole. */
  kind: PartKind | undefined;
  value: JsonObject;
  /** JSON of the input so far, of a block that is held. */
  input: string;
  /** A delta came; what the start of the block said is otherwise all there is. */
  streamed: boolean;
}

export class AnthropicStreamDecoder implements StreamDecoder {
  private started = false;
  private finished = false;
  private over = false;
  private called = false;
  private parts = 0;
  private readonly blocks = new Map<number, Block>();
  private readonly counts = noCounts();

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    const json = eventObject(data);
    switch (json['type']) {
      case 'content_block_delta':
        this.delta(json, emit);
        break;
      case 'content_block_start':
        this.blockStart(json, emit);
        break;
      case 'content_block_stop':
        this.blockStop(count(json['index']), emit);
        break;
      case 'message_start':
        this.start(json, emit);
        break;
      case 'message_delta':
        this.messageDelta(json, emit);
        break;
      case 'message_stop':
        if (!this.started) throw new MalformedBody('the stream ended before its answer began');
        this.complete(emit);
        break;
      case 'ping':
        emit({ type: 'ping' });
        break;
      case 'error': {
        this.over = true;
        const error = anthropicErrorFrom(200, json);
        emit({
          type: 'error',
          error: error ?? {
            kind: 'upstream',
            status: 502,
            code: 'upstream_error',
            message: 'The provider gave no message',
          },
        });
        break;
      }
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    if (this.finished) {
      this.complete(emit);
      return;
    }
    this.over = true;
    emit({
      type: 'error',
      error: {
        kind: 'upstream',
        status: 502,
        code: 'stream_interrupted',
        message: 'The provider closed the stream before its answer was complete',
      },
    });
  }

  private start(json: JsonObject, emit: Emit): void {
    if (this.started) return;
    this.started = true;
    const message = isObject(json['message']) ? json['message'] : {};
    const event: StreamEvent = {
      type: 'start',
      id: stringOr(message['id'], ''),
      model: stringOr(message['model'], ''),
      created: Math.floor(Date.now() / 1000),
      origin: ANTHROPIC_MESSAGES,
    };
    const usage = message['usage'];
    let extra = extraOf(message, MESSAGE_KEYS);
    if (isObject(usage)) {
      if (typeof usage['service_tier'] === 'string') event.serviceTier = usage['service_tier'];
      const rest = extraOf(usage, USAGE_KEYS);
      if (rest !== undefined) extra = { ...extra, usage: rest };
    }
    if (extra !== undefined) event.extra = extra;
    emit(event);
    this.addUsage(usage, emit);
  }

  private addUsage(usage: JsonObject[string], emit: Emit): void {
    if (!isObject(usage) || !hasAnthropicCounts(usage)) return;
    addCounts(this.counts, usage);
    emit({ type: 'usage', usage: usageOfCounts(this.counts) });
  }

  private ensureStarted(emit: Emit): void {
    if (!this.started) this.start({}, emit);
  }

  private blockStart(json: JsonObject, emit: Emit): void {
    this.ensureStarted(emit);
    const value = json['content_block'];
    if (!isObject(value)) throw new MalformedBody("'content_block' must be an object", 'content_block');
    this.open(count(json['index']), value, emit);
  }

  private open(index: number, value: JsonObject, emit: Emit): Block {
    // A provider that starts a block twice has ended the first.
    if (this.blocks.has(index)) this.blockStop(index, emit);
    const type = stringOr(value['type'], '');
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    const part = kind === undefined ? -1 : this.parts++;
    const block: Block = { part, kind, value, input: '', streamed: false };
    this.blocks.set(index, block);
    if (kind === undefined) return block;
    const event: StreamEvent = { type: 'part-start', choice: 0, part, kind };
    if (kind === 'tool-call') {
      this.called = true;
      // A call without an id cannot be answered.
      event.toolCallId = stringOr(value['id'], '') || `call_${part}`;
      event.toolName = stringOr(value['name'], '');
      const extra = extraOf(value, TOOL_KEYS);
      if (extra !== undefined) event.extra = extra;
    }
    emit(event);
    const text = stringOr(type === 'thinking' ? value['thinking'] : type === 'text' ? value['text'] : '', '');
    if (text !== '') emit({ type: 'part-delta', choice: 0, part, text });
    const signature = stringOr(value['signature'], '');
    if (type === 'thinking' && signature !== '')
      emit({ type: 'part-delta', choice: 0, part, text: '', signature });
    if (type === 'redacted_thinking')
      emit({ type: 'part-delta', choice: 0, part, text: '', encrypted: stringOr(value['data'], '') });
    return block;
  }

  private delta(json: JsonObject, emit: Emit): void {
    const index = count(json['index']);
    const delta = json['delta'];
    if (!isObject(delta)) return;
    const block = this.blocks.get(index) ?? this.unannounced(index, delta['type'], emit);
    if (block === undefined) return;
    const { part } = block;
    switch (delta['type']) {
      case 'text_delta':
        this.text(block, delta['text'], emit);
        break;
      case 'thinking_delta':
        this.text(block, delta['thinking'], emit);
        break;
      case 'input_json_delta':
        if (block.kind === undefined) block.input += stringOr(delta['partial_json'], '');
        else this.text(block, delta['partial_json'], emit);
        break;
      case 'signature_delta':
        if (block.kind === 'reasoning' && typeof delta['signature'] === 'string')
          emit({ type: 'part-delta', choice: 0, part, text: '', signature: delta['signature'] });
        break;
      case 'citations_delta':
        if (block.kind === 'text' && delta['citation'] !== undefined)
          emit({ type: 'part-delta', choice: 0, part, text: '', citation: delta['citation'] });
        break;
    }
  }

  /** The block of a delta that came without its start. What is called cannot be guessed. */
  private unannounced(index: number, delta: JsonValue | undefined, emit: Emit): Block | undefined {
    if (!this.started || this.finished) return undefined;
    if (delta === 'text_delta') return this.open(index, { type: 'text' }, emit);
    if (delta === 'thinking_delta') return this.open(index, { type: 'thinking' }, emit);
    if (delta !== 'input_json_delta') return undefined;
    throw new MalformedBody('the arguments of a tool call came without its beginning', 'index');
  }

  private text(block: Block, text: JsonObject[string], emit: Emit): void {
    if (block.kind === undefined || typeof text !== 'string' || text === '') return;
    block.streamed = true;
    emit({ type: 'part-delta', choice: 0, part: block.part, text });
  }

  private blockStop(index: number, emit: Emit): void {
    const block = this.blocks.get(index);
    if (block === undefined) return;
    this.blocks.delete(index);
    const { part } = block;
    if (block.kind === undefined) {
      const input = block.input === '' ? undefined : tryParse(block.input);
      const value = input === undefined ? block.value : { ...block.value, input };
      emit({ type: 'part-whole', choice: 0, part: this.parts++, format: ANTHROPIC_MESSAGES, value });
      return;
    }
    if (block.kind === 'tool-call' && !block.streamed) {
      // No delta: the start said the input, which most often is empty. The hub has `{}` for that, as in whole answers.
      const text = JSON.stringify(block.value['input'] ?? {});
      emit({ type: 'part-delta', choice: 0, part, text });
    }
    emit({ type: 'part-end', choice: 0, part });
  }

  private closeAll(emit: Emit): void {
    for (const index of [...this.blocks.keys()]) this.blockStop(index, emit);
  }

  private messageDelta(json: JsonObject, emit: Emit): void {
    this.ensureStarted(emit);
    const delta = isObject(json['delta']) ? json['delta'] : {};
    const raw = delta['stop_reason'];
    if (typeof raw === 'string' && !this.finished) {
      this.finished = true;
      this.closeAll(emit);
      const event: StreamEvent = { type: 'finish', choice: 0, reason: finishOf(raw), raw };
      if (typeof delta['stop_sequence'] === 'string') event.stopSequence = delta['stop_sequence'];
      const extra = extraOf(delta, DELTA_KEYS);
      if (extra !== undefined) event.extra = extra;
      emit(event);
    }
    this.addUsage(json['usage'], emit);
  }

  private complete(emit: Emit): void {
    this.over = true;
    this.ensureStarted(emit);
    this.closeAll(emit);
    if (!this.finished) emit({ type: 'finish', choice: 0, reason: this.called ? 'tool-calls' : 'stop' });
    emit({ type: 'end' });
  }
}
