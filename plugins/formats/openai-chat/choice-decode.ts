import type { FinishReason, ImagePart, JsonObject, JsonValue, PartKind, StreamEvent } from '@headgate/sdk';
import { isObject, stringOr } from '../shared/read-json.js';
import { imagesIn } from './images.js';
import { argumentsText } from './messages-decode.js';
import { reasoningText } from './reasoning.js';
import { OPENAI_CHAT } from './types.js';

type Emit = (event: StreamEvent) => void;

const DELTA_KEYS = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'annotations',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
]);

const WITH_IMAGES = new Set([...DELTA_KEYS, 'images']);

interface OpenCall {
  part: number;
  id: string;
}

/** One choice of the stream: the part that is open and the tool calls, which may all be open at once. */
export class ChoiceDecoder {
  private parts = 0;
  /** The open text, reasoning or refusal part, or -1. */
  private open = -1;
  private kind: PartKind | '' = '';
  private readonly calls = new Map<number, OpenCall>();
  private lastCall = -1;
  /** Reasoning of the open part so far, to know whether a detail repeats it. */
  private reasoned = '';
  private sawCall = false;
  finished = false;

  constructor(
    private readonly choice: number,
    private readonly emit: Emit,
  ) {}

  private close(): void {
    if (this.open === -1) return;
    this.emit({ type: 'part-end', choice: this.choice, part: this.open });
    this.open = -1;
    this.kind = '';
  }

  private ensure(kind: PartKind): number {
    if (this.kind === kind) return this.open;
    this.close();
    this.open = this.parts++;
    this.kind = kind;
    this.reasoned = '';
    this.emit({ type: 'part-start', choice: this.choice, part: this.open, kind });
    return this.open;
  }

  private text(kind: PartKind, text: string, logprobs?: JsonValue): void {
    const part = this.ensure(kind);
    if (kind === 'reasoning') this.reasoned += text;
    if (logprobs === undefined) this.emit({ type: 'part-delta', choice: this.choice, part, text });
    else this.emit({ type: 'part-delta', choice: this.choice, part, text, logprobs });
  }

  /** Does not end the open part: Groq, for one, says a `channel` with every piece of reasoning. */
  private whole(value: JsonObject): void {
    this.emit({ type: 'part-whole', choice: this.choice, part: this.parts++, format: OPENAI_CHAT, value });
  }

  private pictures(pictures: readonly ImagePart[]): void {
    this.close();
    for (const picture of pictures) {
      const value = picture as unknown as JsonObject;
      this.emit({ type: 'part-whole', choice: this.choice, part: this.parts++, format: 'hub', value });
    }
  }

  /** `told`: the delta carries the same reasoning as plain text, which was read already. */
  private detail(detail: JsonObject, told: boolean): void {
    const type = detail['type'];
    if (type === 'reasoning.text' || type === 'reasoning.summary') {
      const text = stringOr(type === 'reasoning.text' ? detail['text'] : detail['summary'], '');
      if (text !== '' && !told && !(this.kind === 'reasoning' && this.reasoned === text))
        this.text('reasoning', text);
      const signature = stringOr(detail['signature'], '');
      if (signature === '') return;
      const part = this.ensure('reasoning');
      this.emit({ type: 'part-delta', choice: this.choice, part, text: '', signature });
      // A signature is the last thing of its block; what follows is another one.
      this.close();
    } else if (type === 'reasoning.encrypted' && typeof detail['data'] === 'string') {
      this.close();
      const part = this.ensure('reasoning');
      this.emit({ type: 'part-delta', choice: this.choice, part, text: '', encrypted: detail['data'] });
      this.close();
    } else if (typeof type === 'string') this.whole({ reasoning_details: [detail] });
  }

  private reasoning(delta: JsonObject): void {
    const text = reasoningText(delta);
    const told = text !== undefined && text !== '';
    if (told) this.text('reasoning', text);
    const details = delta['reasoning_details'];
    if (Array.isArray(details)) for (const detail of details) if (isObject(detail)) this.detail(detail, told);
  }

  /** Mistral streams its content as parts. */
  private contentParts(parts: JsonValue[]): void {
    for (const part of parts) {
      if (!isObject(part)) continue;
      if (part['type'] === 'text') this.text('text', stringOr(part['text'], ''));
      else if (part['type'] === 'thinking' && Array.isArray(part['thinking'])) {
        for (const piece of part['thinking'])
          if (isObject(piece)) this.text('reasoning', stringOr(piece['text'], ''));
      } else this.whole({ content: [part] });
    }
  }

  private startCall(
    index: number,
    id: string,
    name: string,
    kind: 'function' | 'custom' | 'legacy',
  ): OpenCall {
    this.close();
    const call: OpenCall = { part: this.parts++, id };
    this.calls.set(index, call);
    this.sawCall = true;
    const event: StreamEvent = {
      type: 'part-start',
      choice: this.choice,
      part: call.part,
      kind: 'tool-call',
      // A call without an id cannot be answered.
      toolCallId: id === '' ? `call_${this.choice}_${index}` : id,
      toolName: name,
    };
    if (kind === 'custom') event.custom = true;
    if (kind === 'legacy') event.extra = { legacy: true };
    this.emit(event);
    return call;
  }

  /** The number of the call that a delta belongs to. Some servers leave `index` out, or repeat one for several calls. */
  private callIndex(delta: JsonObject, id: string, name: string): number {
    const given = delta['index'];
    if (typeof given === 'number') {
      const known = this.calls.get(given);
      if (known === undefined || id === '' || known.id === id || known.id === '' || name === '') return given;
    } else if (id === '') return Math.max(0, this.lastCall);
    for (const [index, call] of this.calls) if (call.id === id) return index;
    let free = this.calls.size;
    while (this.calls.has(free)) free++;
    return free;
  }

  private toolCall(delta: JsonObject): void {
    const custom = delta['type'] === 'custom' || isObject(delta['custom']);
    const inner = custom ? delta['custom'] : delta['function'];
    const called: JsonObject = isObject(inner) ? inner : {};
    const id = stringOr(delta['id'], '');
    const name = stringOr(called['name'], '');
    const index = this.callIndex(delta, id, name);
    this.lastCall = index;
    const call = this.calls.get(index) ?? this.startCall(index, id, name, custom ? 'custom' : 'function');
    const text = argumentsText(called[custom ? 'input' : 'arguments']);
    if (text !== '') this.emit({ type: 'part-delta', choice: this.choice, part: call.part, text });
  }

  private legacyCall(delta: JsonObject): void {
    const call =
      this.calls.get(-1) ?? this.startCall(-1, 'call_legacy_1', stringOr(delta['name'], ''), 'legacy');
    const text = argumentsText(delta['arguments']);
    if (text !== '') this.emit({ type: 'part-delta', choice: this.choice, part: call.part, text });
  }

  delta(delta: JsonObject, logprobs: JsonValue | undefined): void {
    if (
      delta['reasoning_content'] != null ||
      delta['reasoning'] != null ||
      delta['reasoning_details'] != null
    )
      this.reasoning(delta);
    const content = delta['content'];
    if (typeof content === 'string') {
      if (content !== '' || logprobs !== undefined) this.text('text', content, logprobs);
    } else if (Array.isArray(content)) this.contentParts(content);
    if (typeof delta['refusal'] === 'string' && delta['refusal'] !== '')
      this.text('refusal', delta['refusal']);
    const annotations = delta['annotations'];
    if (Array.isArray(annotations))
      for (const citation of annotations) {
        const part = this.ensure('text');
        this.emit({ type: 'part-delta', choice: this.choice, part, text: '', citation });
      }
    const calls = delta['tool_calls'];
    if (Array.isArray(calls)) for (const call of calls) if (isObject(call)) this.toolCall(call);
    if (isObject(delta['function_call'])) this.legacyCall(delta['function_call']);
    const pictures = imagesIn(delta['images']);
    if (pictures !== undefined) this.pictures(pictures);
    const extra = unknownMembers(delta, pictures === undefined ? DELTA_KEYS : WITH_IMAGES);
    if (extra !== undefined) this.whole(extra);
  }

  finish(reason: FinishReason | undefined, raw: string | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.close();
    for (const call of this.calls.values())
      this.emit({ type: 'part-end', choice: this.choice, part: call.part });
    const event: StreamEvent = {
      type: 'finish',
      choice: this.choice,
      reason: reason ?? (this.sawCall ? 'tool-calls' : 'stop'),
    };
    if (raw !== undefined) event.raw = raw;
    this.emit(event);
  }
}

/** Members of a delta that the hub has no name for (`audio`, `images`, …); null ones say nothing. */
function unknownMembers(delta: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let unknown: JsonObject | undefined;
  for (const key in delta) {
    if (known.has(key) || delta[key] === null) continue;
    unknown ??= {};
    unknown[key] = delta[key];
  }
  return unknown;
}
