import type { JsonObject, JsonValue, PartKind, StreamEvent } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { extraOf, isObject, stringOr } from '../shared/read-json.js';
import { encryptedOf } from './encrypted.js';
import { imageType } from './media-types.js';
import { BEDROCK_CONVERSE } from './types.js';

type Emit = (event: StreamEvent) => void;

const TOOL_KEYS = new Set(['toolUseId', 'name']);

/** A block that the hub takes as it streams. */
interface Flowing {
  part: number;
  kind: PartKind;
  /** A delta with content came. */
  streamed: boolean;
}

/** A block that the hub only takes whole: a tool of AWS's own, its result, a picture. */
interface Held {
  kind: 'toolUse' | 'toolResult' | 'image';
  start: JsonObject;
  text: string;
  content: JsonValue[];
}

type Block = Flowing | Held;

function isHeld(block: Block): block is Held {
  return 'start' in block;
}

/** The content blocks of a stream by their index. Text and reasoning have no start; their first delta is one. */
export class StreamBlocks {
  /** A tool was called. */
  called = false;
  private parts = 0;
  private readonly blocks = new Map<number, Block>();

  start(index: number, start: JsonObject, emit: Emit): void {
    // A provider that starts a block twice has ended the first.
    this.stop(index, emit);
    const use = start['toolUse'];
    if (isObject(use) && use['type'] !== 'server_tool_use') {
      this.called = true;
      const part = this.parts++;
      this.blocks.set(index, { part, kind: 'tool-call', streamed: false });
      const event: StreamEvent = {
        type: 'part-start',
        choice: 0,
        part,
        kind: 'tool-call',
        toolCallId: stringOr(use['toolUseId'], ''),
        toolName: stringOr(use['name'], ''),
      };
      const extra = extraOf(use, TOOL_KEYS);
      if (extra !== undefined) event.extra = { toolUse: extra };
      emit(event);
      return;
    }
    for (const kind of ['toolUse', 'toolResult', 'image'] as const) {
      const value = start[kind];
      if (isObject(value)) this.blocks.set(index, { kind, start: value, text: '', content: [] });
    }
  }

  delta(index: number, delta: JsonValue | undefined, emit: Emit): void {
    if (!isObject(delta)) return;
    const block = this.blocks.get(index);
    if (block !== undefined && isHeld(block)) {
      hold(block, delta);
      return;
    }
    const { text, reasoningContent, toolUse, citation } = delta;
    if (typeof text === 'string') this.text(index, 'text', text, emit);
    else if (isObject(reasoningContent)) this.reasoning(index, reasoningContent, emit);
    else if (isObject(toolUse) && block?.kind === 'tool-call')
      this.text(index, 'tool-call', stringOr(toolUse['input'], ''), emit);
    else if (citation !== undefined && citation !== null) {
      const { part } = this.flowing(index, 'text', emit);
      emit({ type: 'part-delta', choice: 0, part, text: '', citation });
    }
  }

  stop(index: number, emit: Emit): void {
    const block = this.blocks.get(index);
    if (block === undefined) return;
    this.blocks.delete(index);
    if (isHeld(block)) {
      emitWhole(block, this.parts++, emit);
      return;
    }
    const { part } = block;
    // No delta: a tool without arguments. The hub has `{}` for that, as in whole answers.
    if (block.kind === 'tool-call' && !block.streamed)
      emit({ type: 'part-delta', choice: 0, part, text: '{}' });
    emit({ type: 'part-end', choice: 0, part });
  }

  closeAll(emit: Emit): void {
    for (const index of [...this.blocks.keys()]) this.stop(index, emit);
  }

  /** The open block of that kind, begun if there is none: one of another kind under the same index has ended. */
  private flowing(index: number, kind: PartKind, emit: Emit): Flowing {
    const open = this.blocks.get(index);
    if (open !== undefined && !isHeld(open) && open.kind === kind) return open;
    this.stop(index, emit);
    const block: Flowing = { part: this.parts++, kind, streamed: false };
    this.blocks.set(index, block);
    emit({ type: 'part-start', choice: 0, part: block.part, kind });
    return block;
  }

  private text(index: number, kind: PartKind, text: string, emit: Emit): void {
    if (text === '') return;
    const block = this.flowing(index, kind, emit);
    block.streamed = true;
    emit({ type: 'part-delta', choice: 0, part: block.part, text });
  }

  private reasoning(index: number, content: JsonObject, emit: Emit): void {
    const { text, signature, redactedContent } = content;
    if (typeof text === 'string') this.text(index, 'reasoning', text, emit);
    const signed = typeof signature === 'string' && signature !== '';
    const redacted = typeof redactedContent === 'string' && redactedContent !== '';
    if (!signed && !redacted) return;
    const { part } = this.flowing(index, 'reasoning', emit);
    if (signed) emit({ type: 'part-delta', choice: 0, part, text: '', signature });
    if (redacted)
      emit({ type: 'part-delta', choice: 0, part, text: '', encrypted: encryptedOf(redactedContent) });
  }
}

function hold(block: Held, delta: JsonObject): void {
  const { toolUse, toolResult, image } = delta;
  if (isObject(toolUse)) block.text += stringOr(toolUse['input'], '');
  else if (Array.isArray(toolResult)) block.content.push(...toolResult);
  else if (isObject(image)) {
    if (isObject(image['source'])) block.content.push(stringOr(image['source']['bytes'], ''));
    if (image['error'] !== undefined) block.start = { ...block.start, error: image['error'] };
  }
}

function emitWhole(block: Held, part: number, emit: Emit): void {
  const at = { type: 'part-whole', choice: 0, part } as const;
  const { start } = block;
  if (block.kind === 'toolUse') {
    const input = tryParse(block.text) ?? (block.text === '' ? {} : block.text);
    emit({ ...at, format: BEDROCK_CONVERSE, value: { toolUse: { ...start, input } } });
  } else if (block.kind === 'toolResult') {
    emit({ ...at, format: BEDROCK_CONVERSE, value: { toolResult: { ...start, content: block.content } } });
  } else {
    // Each delta is base64 of its own.
    const bytes = block.content.map((piece) => Buffer.from(String(piece), 'base64'));
    const { format, ...inner } = start;
    const value: JsonObject = {
      type: 'image',
      source: {
        kind: 'base64',
        mediaType: imageType(stringOr(format, 'png')),
        data: Buffer.concat(bytes).toString('base64'),
      },
    };
    if (Object.keys(inner).length > 0) value['extra'] = { image: inner };
    emit({ ...at, format: 'hub', value });
  }
}
