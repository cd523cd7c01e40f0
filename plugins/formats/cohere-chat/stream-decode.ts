import type { JsonObject, JsonValue, PartKind, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { cohereErrorFrom } from '../shared/cohere-error.js';
import { eventObject } from '../shared/parse-json.js';
import { count, extraOf, isObject, stringOr } from '../shared/read-json.js';
import { argumentsText } from './calls.js';
import { sealsOf } from './content-decode.js';
import { COHERE_CHAT, finishOf } from './types.js';
import { cohereUsageFrom } from './usage.js';

type Emit = (event: StreamEvent) => void;

const NOTHING: JsonObject = {};
const START_KEYS = new Set(['type', 'id', 'delta']);
const END_KEYS = new Set(['finish_reason', 'usage', 'error']);
const FORMAT_KEYS = new Set(['type', 'text', 'thinking', 'signature', 'encrypted']);

function inner(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : NOTHING;
}

/** The one item that an event carries; some servers write it as a list of one. */
function oneOf(value: JsonValue | undefined): JsonObject | undefined {
  const item = Array.isArray(value) ? value[0] : value;
  return isObject(item) ? item : undefined;
}

export class CohereStreamDecoder implements StreamDecoder {
  private started = false;
  private finished = false;
  private over = false;
  private parts = 0;
  /** The open part that is no call, or -1. A text stays open after its end: its citations may come then. */
  private open = -1;
  private kind: 'text' | 'thinking' | 'plan' | '' = '';
  /** Its number among the contents of the message. */
  private content = -1;
  private texts = 0;
  /** Open calls by their own numbers. */
  private readonly calls = new Map<number, number>();
  private called = 0;

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    if (data === '[DONE]') {
      this.end(emit);
      return;
    }
    const json = eventObject(data);
    const delta = inner(json, 'delta');
    const message = inner(delta, 'message');
    switch (json['type']) {
      case 'content-delta':
        this.contentDelta(json, inner(message, 'content'), emit);
        break;
      case 'content-start':
        this.contentStart(json, inner(message, 'content'), emit);
        break;
      case 'content-end':
        this.texts++;
        if (this.kind === 'thinking') this.close(emit);
        break;
      case 'tool-plan-delta':
        this.plan(stringOr(message['tool_plan'], ''), emit);
        break;
      case 'tool-call-start':
        this.callStart(count(json['index']), oneOf(message['tool_calls']) ?? NOTHING, emit);
        break;
      case 'tool-call-delta':
        this.callDelta(count(json['index']), oneOf(message['tool_calls']) ?? NOTHING, emit);
        break;
      case 'tool-call-end':
        this.callEnd(count(json['index']), emit);
        break;
      case 'citation-start':
        this.citation(oneOf(message['citations']), emit);
        break;
      case 'message-start':
        this.start(json, emit);
        break;
      case 'message-end':
        this.messageEnd(delta, emit);
        break;
      case undefined:
        this.fail(json, emit);
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    if (this.finished) {
      this.over = true;
      emit({ type: 'end' });
      return;
    }
    this.error('stream_interrupted', 'The provider closed the stream before its answer was complete', emit);
  }

  private error(code: string, message: string, emit: Emit): void {
    this.over = true;
    emit({ type: 'error', error: { kind: 'upstream', status: 502, code, message } });
  }

  /** An event that says no type but a message is an error. */
  private fail(json: JsonObject, emit: Emit): void {
    const error = cohereErrorFrom(200, json);
    if (error === undefined) return;
    this.over = true;
    emit({ type: 'error', error });
  }

  private start(json: JsonObject, emit: Emit): void {
    if (this.started) return;
    this.started = true;
    const event: StreamEvent = {
      type: 'start',
      id: stringOr(json['id'], ''),
      // Cohere does not say which model answers.
      model: stringOr(json['model'], ''),
      created: Math.floor(Date.now() / 1000),
      origin: COHERE_CHAT,
    };
    const extra = extraOf(json, START_KEYS);
    if (extra !== undefined) event.extra = extra;
    emit(event);
  }

  private close(emit: Emit): void {
    if (this.open === -1) return;
    emit({ type: 'part-end', choice: 0, part: this.open });
    this.open = -1;
    this.kind = '';
  }

  private begin(kind: 'text' | 'thinking' | 'plan', extra: JsonObject | undefined, emit: Emit): void {
    if (!this.started) this.start(NOTHING, emit);
    this.close(emit);
    this.open = this.parts++;
    this.kind = kind;
    const is: PartKind = kind === 'text' ? 'text' : 'reasoning';
    const event: StreamEvent = { type: 'part-start', choice: 0, part: this.open, kind: is };
    if (extra !== undefined) event.extra = extra;
    emit(event);
  }

  private text(text: string, emit: Emit, logprobs?: JsonValue): void {
    if (logprobs !== undefined) emit({ type: 'part-delta', choice: 0, part: this.open, text, logprobs });
    else if (text !== '') emit({ type: 'part-delta', choice: 0, part: this.open, text });
  }

  private contentStart(json: JsonObject, content: JsonObject, emit: Emit): void {
    const index = typeof json['index'] === 'number' ? count(json['index']) : this.texts;
    const thinking = content['type'] === 'thinking' || typeof content['thinking'] === 'string';
    this.content = index;
    this.begin(thinking ? 'thinking' : 'text', extraOf(content, FORMAT_KEYS), emit);
    this.said(content, emit);
  }

  /** What a piece of content says; a server that did not start it, or started another, is followed all the same. */
  private contentDelta(json: JsonObject, content: JsonObject, emit: Emit): void {
    const thinking = typeof content['thinking'] === 'string' || Object.keys(sealsOf(content)).length > 0;
    const kind = thinking ? 'thinking' : 'text';
    const index = typeof json['index'] === 'number' ? count(json['index']) : this.content;
    if (this.kind !== kind || (this.open !== -1 && index !== this.content)) this.begin(kind, undefined, emit);
    this.content = index;
    const { logprobs } = json;
    this.said(content, emit, isObject(logprobs) ? { content: [logprobs] } : undefined);
  }

  private said(content: JsonObject, emit: Emit, logprobs?: JsonValue): void {
    this.text(stringOr(content[this.kind === 'thinking' ? 'thinking' : 'text'], ''), emit, logprobs);
    if (this.kind !== 'thinking') return;
    const { signature, encrypted } = sealsOf(content);
    const at = { choice: 0, part: this.open, text: '' };
    if (signature !== undefined) emit({ type: 'part-delta', ...at, signature });
    if (encrypted !== undefined) emit({ type: 'part-delta', ...at, encrypted });
  }

  private plan(text: string, emit: Emit): void {
    if (text === '') return;
    if (this.kind !== 'plan') this.begin('plan', { plan: true }, emit);
    this.text(text, emit);
  }

  private callStart(index: number, call: JsonObject, emit: Emit): void {
    if (!this.started) this.start(NOTHING, emit);
    this.close(emit);
    // A number that is used again begins another call.
    this.callEnd(index, emit);
    const part = this.parts++;
    this.calls.set(index, part);
    const called = inner(call, 'function');
    const id = stringOr(call['id'], '');
    emit({
      type: 'part-start',
      choice: 0,
      part,
      kind: 'tool-call',
      // A call without an id cannot be answered.
      toolCallId: id === '' ? `call_${this.called}` : id,
      toolName: stringOr(called['name'], ''),
    });
    this.called++;
    const text = argumentsText(called['arguments']);
    if (text !== '') emit({ type: 'part-delta', choice: 0, part, text });
  }

  private callDelta(index: number, call: JsonObject, emit: Emit): void {
    const part = this.calls.get(index);
    const text = argumentsText(inner(call, 'function')['arguments']);
    if (part !== undefined && text !== '') emit({ type: 'part-delta', choice: 0, part, text });
  }

  private callEnd(index: number, emit: Emit): void {
    const part = this.calls.get(index);
    if (part === undefined) return;
    this.calls.delete(index);
    emit({ type: 'part-end', choice: 0, part });
  }

  /** Of the text that is open, or else a part of its own: of a plan, of the thinking, or of a text long closed. */
  private citation(citation: JsonObject | undefined, emit: Emit): void {
    if (citation === undefined) return;
    const { type, content_index: index } = citation;
    const ofText = type === undefined || type === null || type === 'TEXT_CONTENT';
    const ofThis = typeof index !== 'number' || this.content === -1 || index === this.content;
    if (this.kind === 'text' && ofText && ofThis)
      emit({ type: 'part-delta', choice: 0, part: this.open, text: '', citation });
    else {
      if (!this.started) this.start(NOTHING, emit);
      const value: JsonObject = { citations: [citation] };
      emit({ type: 'part-whole', choice: 0, part: this.parts++, format: COHERE_CHAT, value });
    }
  }

  private messageEnd(delta: JsonObject, emit: Emit): void {
    if (this.finished) return;
    if (!this.started) this.start(NOTHING, emit);
    const error = stringOr(delta['error'], '');
    if (error !== '') {
      this.error('upstream_error', error, emit);
      return;
    }
    this.finished = true;
    this.close(emit);
    for (const index of [...this.calls.keys()]) this.callEnd(index, emit);
    const raw = typeof delta['finish_reason'] === 'string' ? delta['finish_reason'] : undefined;
    const fallback = this.called > 0 ? 'tool-calls' : 'stop';
    const event: StreamEvent = {
      type: 'finish',
      choice: 0,
      reason: raw === undefined ? fallback : finishOf(raw),
    };
    if (raw !== undefined) event.raw = raw;
    const { usage } = delta;
    let extra = extraOf(delta, END_KEYS);
    if (isObject(usage)) extra = { ...extra, usage };
    if (extra !== undefined) event.extra = extra;
    emit(event);
    const counted = isObject(usage) ? cohereUsageFrom(usage) : null;
    if (counted !== null) emit({ type: 'usage', usage: counted });
    this.over = true;
    emit({ type: 'end' });
  }
}
