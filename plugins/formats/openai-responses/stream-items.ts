import type { JsonObject, JsonValue } from '@headgate/sdk';
import { extraOf, isObject, stringOr } from '../shared/read-json.js';
import { openForeign } from '../shared/reasoning-seal.js';
import { argumentsText } from './items-decode.js';
import { itemRest } from './output-decode.js';
import type { OpenPart, PartStream } from './part-stream.js';
import { encryptedPart, reasoningRest } from './reasoning.js';

/** One item of a streamed answer. `done` may be called with what the item was in the end, whatever came before. */
export interface StreamItem {
  readonly id: string;
  event(type: string, json: JsonObject): void;
  done(item: JsonObject): void;
  /** The stream goes on without the item's end. */
  abandon(): void;
}

const PART_KEYS = new Set(['type', 'text', 'refusal', 'annotations', 'logprobs']);

function indexOf(json: JsonObject, key: string): number {
  const value = json[key];
  return typeof value === 'number' && value >= 0 ? Math.floor(value) : 0;
}

function entries(value: JsonValue | undefined): JsonValue[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}

/** A message: its texts and refusals, by their place in its content. */
export class MessageItem implements StreamItem {
  readonly id: string;
  private first = true;
  private readonly parts = new Map<number, OpenPart>();

  constructor(
    private readonly stream: PartStream,
    private readonly item: JsonObject,
  ) {
    this.id = stringOr(item['id'], '');
  }

  /** The part at a place of the content; made where its own event did not come. */
  private at(index: number, kind: 'text' | 'refusal', part: JsonObject): OpenPart {
    const known = this.parts.get(index);
    if (known !== undefined) return known;
    const extra: JsonObject = {};
    const rest = extraOf(part, PART_KEYS);
    if (rest !== undefined) extra['part'] = rest;
    if (this.first) extra['item'] = itemRest(this.item);
    this.first = false;
    const open = this.stream.open(kind, extra);
    this.parts.set(index, open);
    return open;
  }

  private whole(index: number, part: JsonObject): OpenPart | undefined {
    const { type } = part;
    if (type !== 'output_text' && type !== 'refusal' && type !== 'text') return undefined;
    const open = this.at(index, type === 'refusal' ? 'refusal' : 'text', part);
    const logprobs = open.logprobs ? undefined : entries(part['logprobs']);
    const text = stringOr(part[type === 'refusal' ? 'refusal' : 'text'], '');
    if (logprobs !== undefined) this.stream.text(open, text.slice(open.length), logprobs);
    else this.stream.complete(open, text);
    const annotations = part['annotations'];
    if (Array.isArray(annotations))
      for (const citation of annotations.slice(open.citations)) this.stream.citation(open, citation);
    return open;
  }

  event(type: string, json: JsonObject): void {
    const index = indexOf(json, 'content_index');
    switch (type) {
      case 'response.output_text.delta':
        this.stream.text(this.at(index, 'text', {}), stringOr(json['delta'], ''), entries(json['logprobs']));
        break;
      case 'response.refusal.delta':
        this.stream.text(this.at(index, 'refusal', {}), stringOr(json['delta'], ''));
        break;
      case 'response.output_text.done':
        this.stream.complete(this.at(index, 'text', {}), json['text']);
        break;
      case 'response.refusal.done':
        this.stream.complete(this.at(index, 'refusal', {}), json['refusal']);
        break;
      case 'response.output_text.annotation.added':
        if (json['annotation'] !== undefined)
          this.stream.citation(this.at(index, 'text', {}), json['annotation']);
        break;
      case 'response.content_part.added':
        if (isObject(json['part'])) this.whole(index, json['part']);
        break;
      case 'response.content_part.done': {
        const open = isObject(json['part']) ? this.whole(index, json['part']) : this.parts.get(index);
        if (open !== undefined) this.stream.close(open);
        break;
      }
    }
  }

  done(item: JsonObject): void {
    const { content } = item;
    if (Array.isArray(content))
      content.forEach((part, index) => {
        if (isObject(part)) this.whole(index, part);
      });
    else if (typeof content === 'string') this.stream.complete(this.at(0, 'text', {}), content);
    if (this.first) this.stream.whole(item);
    this.abandon();
  }

  abandon(): void {
    for (const open of this.parts.values()) this.stream.close(open);
  }
}

/** Reasoning: one part for each text of its summary and of its content, then one for what is encrypted. */
export class ReasoningItem implements StreamItem {
  readonly id: string;
  private first = true;
  private last: OpenPart | undefined;
  private readonly parts = new Map<string, OpenPart>();

  constructor(
    private readonly stream: PartStream,
    private readonly item: JsonObject,
  ) {
    this.id = stringOr(item['id'], '');
  }

  /** The state of the item while it was streamed says nothing about the whole. */
  private rest(): JsonObject {
    const { status: _, ...rest } = reasoningRest(this.item);
    return rest;
  }

  private open(extra: JsonObject): OpenPart {
    if (this.first) extra['item'] = this.rest();
    this.first = false;
    if (this.last !== undefined) this.stream.close(this.last);
    this.last = this.stream.open('reasoning', extra);
    return this.last;
  }

  private at(kind: 'summary' | 'content', index: number, part: JsonObject): OpenPart {
    const key = kind + index;
    const known = this.parts.get(key);
    if (known !== undefined) return known;
    const extra: JsonObject = {};
    const rest = extraOf(part, PART_KEYS);
    if (rest !== undefined) extra['part'] = rest;
    if (kind === 'content') extra['kind'] = kind;
    const open = this.open(extra);
    this.parts.set(key, open);
    return open;
  }

  event(type: string, json: JsonObject): void {
    const summary = type.startsWith('response.reasoning_summary');
    const kind = summary ? 'summary' : 'content';
    const index = indexOf(json, summary ? 'summary_index' : 'content_index');
    switch (type) {
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        this.stream.text(this.at(kind, index, {}), stringOr(json['delta'], ''));
        break;
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        this.stream.complete(this.at(kind, index, {}), json['text']);
        break;
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
      case 'response.content_part.added':
      case 'response.content_part.done':
        if (isObject(json['part']))
          this.stream.complete(this.at(kind, index, json['part']), json['part']['text']);
        break;
    }
  }

  done(item: JsonObject): void {
    for (const kind of ['summary', 'content'] as const) {
      const list = item[kind];
      if (!Array.isArray(list)) continue;
      list.forEach((part, index) => {
        if (isObject(part)) this.stream.complete(this.at(kind, index, part), part['text']);
      });
    }
    const encrypted = item['encrypted_content'];
    if (typeof encrypted === 'string') this.encrypted(encrypted);
    if (this.first) this.stream.whole(item);
    this.abandon();
  }

  private encrypted(content: string): void {
    const foreign = openForeign(content);
    if (foreign === undefined) {
      const { encrypted, extra } = encryptedPart(this.id, content);
      this.stream.sealed(this.open({ ...extra }), 'encrypted', encrypted as string);
      return;
    }
    // Sealed by a gateway such as this one, in front of a provider whose signature belongs to the text.
    const open = this.last ?? this.open(foreign.format === undefined ? {} : { format: foreign.format });
    if (foreign.signature !== undefined) this.stream.sealed(open, 'signature', foreign.signature);
    if (foreign.encrypted !== undefined) this.stream.sealed(open, 'encrypted', foreign.encrypted);
  }

  abandon(): void {
    if (this.last !== undefined) this.stream.close(this.last);
  }
}

/** A call of a function or a custom tool. */
export class CallItem implements StreamItem {
  readonly id: string;
  private readonly open: OpenPart;
  private readonly member: 'arguments' | 'input';

  constructor(
    private readonly stream: PartStream,
    item: JsonObject,
    index: number,
  ) {
    this.id = stringOr(item['id'], '');
    const custom = item['type'] === 'custom_tool_call';
    this.member = custom ? 'input' : 'arguments';
    const { call_id: id, name, [this.member]: text, ...rest } = itemRest(item);
    this.open = stream.open(
      'tool-call',
      { item: rest },
      // A call without an id cannot be answered.
      { id: stringOr(id, '') || `call_${index}`, name: stringOr(name, ''), custom },
    );
    stream.complete(this.open, argumentsText(text));
  }

  event(type: string, json: JsonObject): void {
    if (type.endsWith('.delta')) this.stream.text(this.open, stringOr(json['delta'], ''));
    else if (type.endsWith('.done')) this.stream.complete(this.open, json[this.member]);
  }

  done(item: JsonObject): void {
    this.stream.complete(this.open, argumentsText(item[this.member]));
    this.abandon();
  }

  abandon(): void {
    this.stream.close(this.open);
  }
}

/** An item the hub has no name for: sent on when it is whole. Its progress is not. */
export class OpaqueItem implements StreamItem {
  readonly id: string;

  constructor(
    private readonly stream: PartStream,
    item: JsonObject,
  ) {
    this.id = stringOr(item['id'], '');
  }

  event(): void {}

  done(item: JsonObject): void {
    this.stream.whole(item);
  }

  abandon(): void {}
}

export function streamItem(stream: PartStream, item: JsonObject, index: number): StreamItem {
  switch (item['type']) {
    case 'message':
      return new MessageItem(stream, item);
    case 'reasoning':
      return new ReasoningItem(stream, item);
    case 'function_call':
    case 'custom_tool_call':
      return new CallItem(stream, item, index);
  }
  return new OpaqueItem(stream, item);
}
