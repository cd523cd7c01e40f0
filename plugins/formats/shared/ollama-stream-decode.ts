import type { JsonObject, JsonValue, PartKind, StreamDecoder, StreamEvent } from '@headgate/sdk';
import * as answer from './ollama-answer.js';
import { decodeCalls } from './ollama-calls.js';
import { ollamaErrorFrom } from './ollama-error.js';
import { eventObject } from './parse-json.js';
import * as read from './read-json.js';
import { partsOfDetails } from './reasoning-details.js';

type Emit = (event: StreamEvent) => void;

/** A document a line, each with the next piece of the text, the last with `done: true`. */
export class OllamaStreamDecoder implements StreamDecoder {
  private over = false;
  private started = false;
  private stamp = '';
  private parts = 0;
  private calls = 0;
  /** The open text or reasoning part, or -1. */
  private open = -1;
  private kind: PartKind | '' = '';
  private reasoned = '';
  /** Log probabilities of text that the server holds back for now. */
  private pending: JsonValue[] = [];
  /** Members of the first chunk without a name in the hub; servers repeat them in every one. */
  private head: JsonObject | undefined;
  private readonly keys: { outer: Set<string>; said: Set<string> };

  constructor(private readonly shape: answer.OllamaShape) {
    this.keys = answer.answerKeys(shape);
  }

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    const chunk = eventObject(data);
    const error = ollamaErrorFrom(200, chunk);
    if (error !== undefined) {
      this.over = true;
      emit({ type: 'error', error });
      return;
    }
    const done = chunk['done'] === true;
    if (!this.started) this.start(chunk, done, emit);
    const said = answer.saidOf(chunk, this.shape);
    const logprobs = answer.logprobsOf(chunk);
    if (logprobs !== undefined) this.pending.push(...(logprobs['content'] as JsonValue[]));
    const thinking = read.stringOr(said['thinking'], '');
    if (thinking !== '') this.text('reasoning', thinking, emit);
    if (said['reasoning_details'] !== undefined) this.details(said['reasoning_details'], emit);
    const text = read.stringOr(said[this.shape.text], '');
    if (text !== '') this.text('text', text, emit);
    if (said['tool_calls'] != null) this.toolCalls(said, emit);
    if (this.pending.length > 0 && this.open !== -1) this.delta('', emit);
    if (done) this.finish(chunk, said, emit);
    else this.unknown(chunk, said, emit);
  }

  end(emit: Emit): void {
    if (this.over) return;
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

  private start(chunk: JsonObject, done: boolean, emit: Emit): void {
    this.started = true;
    const createdAt = chunk['created_at'];
    this.stamp = answer.stampOf(createdAt);
    const event: StreamEvent = {
      type: 'start',
      id: answer.answerId(this.stamp),
      model: read.stringOr(chunk['model'], ''),
      created: answer.secondsOf(createdAt),
      origin: this.shape.format,
    };
    // What the last chunk says belongs to the end, be it the first one too.
    if (!done) this.head = read.extraOf(chunk, this.keys.outer);
    const extra: JsonObject = { ...this.head };
    if (typeof createdAt === 'string') extra['created_at'] = createdAt;
    if (Object.keys(extra).length > 0) event.extra = extra;
    emit(event);
  }

  private close(emit: Emit): void {
    if (this.open === -1) return;
    emit({ type: 'part-end', choice: 0, part: this.open });
    this.open = -1;
    this.kind = '';
  }

  private ensure(kind: PartKind, emit: Emit, extra?: JsonObject): void {
    if (this.kind === kind) return;
    this.close(emit);
    this.open = this.parts++;
    this.kind = kind;
    this.reasoned = '';
    const event: StreamEvent = { type: 'part-start', choice: 0, part: this.open, kind };
    if (extra !== undefined) event.extra = extra;
    emit(event);
  }

  /** A piece of the open part, with the log probabilities that came so far. */
  private delta(text: string, emit: Emit): void {
    const { pending } = this;
    if (pending.length === 0) emit({ type: 'part-delta', choice: 0, part: this.open, text });
    else {
      this.pending = [];
      emit({ type: 'part-delta', choice: 0, part: this.open, text, logprobs: { content: pending } });
    }
  }

  private text(kind: PartKind, text: string, emit: Emit): void {
    this.ensure(kind, emit);
    if (kind === 'reasoning') this.reasoned += text;
    this.delta(text, emit);
  }

  /** A signature comes with the whole text that it signs, which was mostly told before. */
  private details(details: JsonValue, emit: Emit): void {
    for (const part of partsOfDetails(details)) {
      if (part.encrypted !== undefined) this.close(emit);
      this.ensure('reasoning', emit, part.extra);
      if (!this.reasoned.endsWith(part.text)) this.delta(part.text, emit);
      const at = { choice: 0, part: this.open, text: '' };
      if (part.signature !== undefined) emit({ type: 'part-delta', ...at, signature: part.signature });
      if (part.encrypted !== undefined) emit({ type: 'part-delta', ...at, encrypted: part.encrypted });
      this.close(emit);
    }
  }

  /** Calls come whole, in one chunk or in several; their own numbers start anew in some servers. */
  private toolCalls(said: JsonObject, emit: Emit): void {
    const first = this.calls;
    const path = this.shape.nested ? 'message' : '';
    for (const call of decodeCalls(said, path, (number) => answer.callId(this.stamp, first + number))) {
      this.close(emit);
      this.calls++;
      const part = this.parts++;
      const event: StreamEvent = {
        type: 'part-start',
        choice: 0,
        part,
        kind: 'tool-call',
        toolCallId: call.id,
        toolName: call.name,
      };
      if (call.extra !== undefined) event.extra = call.extra;
      emit(event);
      emit({ type: 'part-delta', choice: 0, part, text: call.arguments });
      emit({ type: 'part-end', choice: 0, part });
    }
  }

  /** Members of a chunk that the hub has no name for: a picture that was made, how far the making is. Null says nothing. */
  private unknown(chunk: JsonObject, said: JsonObject, emit: Emit): void {
    let value = unknownMembers(chunk, this.keys.outer, this.head);
    const inner = this.shape.nested ? unknownMembers(said, this.keys.said, undefined) : undefined;
    if (inner !== undefined) value = { ...value, message: inner };
    if (value === undefined) return;
    emit({ type: 'part-whole', choice: 0, part: this.parts++, format: this.shape.format, value });
  }

  private finish(chunk: JsonObject, said: JsonObject, emit: Emit): void {
    this.over = true;
    if (this.pending.length > 0) {
      this.ensure('text', emit);
      this.delta('', emit);
    }
    this.close(emit);
    const raw = typeof chunk['done_reason'] === 'string' ? chunk['done_reason'] : undefined;
    const event: StreamEvent = { type: 'finish', choice: 0, reason: answer.finishOf(raw, this.calls > 0) };
    if (raw !== undefined) event.raw = raw;
    let extra = read.extraOf(chunk, this.keys.outer);
    const inner = this.shape.nested ? read.extraOf(said, this.keys.said) : undefined;
    if (inner !== undefined) extra = { ...extra, message: inner };
    if (extra !== undefined) event.extra = extra;
    emit(event);
    const usage = answer.usageFrom(chunk);
    if (usage !== null) emit({ type: 'usage', usage });
    emit({ type: 'end' });
  }
}

function unknownMembers(
  object: JsonObject,
  known: ReadonlySet<string>,
  before: JsonObject | undefined,
): JsonObject | undefined {
  let unknown: JsonObject | undefined;
  for (const key in object) {
    if (known.has(key) || object[key] === null || object[key] === before?.[key]) continue;
    unknown ??= {};
    unknown[key] = object[key];
  }
  return unknown;
}
