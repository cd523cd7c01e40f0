import type { JsonObject, JsonValue, Part, ReasoningPart, StreamEvent, ToolCallPart } from '@headgate/sdk';
import { optList, spelled } from '../shared/google-spelling.js';
import { extraOf, isObject, objectAt, stringOr } from '../shared/read-json.js';
import { AnswerIds } from './answer-ids.js';
import { CANDIDATE_KEYS, CITING } from './candidate.js';
import { PartialArgs } from './partial-args.js';
import { decodePart, PART_KEYS } from './parts-decode.js';
import { signedPart } from './signature.js';
import { finishOf } from './types.js';

type Emit = (event: StreamEvent) => void;

/** The format name under which parts of the hub itself travel whole. */
const HUB = 'hub';
const CALL_KEYS = new Set(['partialArgs', 'willContinue']);

interface PartialCall {
  id: string | undefined;
  name: string;
  args: PartialArgs;
}

/** One candidate of the stream: the text or the thoughts that are open, and how it ended. */
export class CandidateDecoder {
  private parts = 0;
  private open = -1;
  private kind: 'text' | 'reasoning' | '' = '';
  private called = false;
  private partial: PartialCall | null = null;
  private raw: string | undefined;
  private extra: JsonObject | undefined;
  private readonly ids: AnswerIds;

  constructor(
    private readonly choice: number,
    responseId: string,
    private readonly emit: Emit,
  ) {
    this.ids = new AnswerIds(responseId, choice);
  }

  get finished(): boolean {
    return this.raw !== undefined;
  }

  private close(): void {
    if (this.open === -1) return;
    this.emit({ type: 'part-end', choice: this.choice, part: this.open });
    this.open = -1;
    this.kind = '';
  }

  private ensure(kind: 'text' | 'reasoning', extra?: JsonObject): number {
    if (this.kind === kind && extra === undefined) return this.open;
    this.close();
    this.open = this.parts++;
    this.kind = kind;
    const event: StreamEvent = { type: 'part-start', choice: this.choice, part: this.open, kind };
    if (extra !== undefined) event.extra = extra;
    this.emit(event);
    return this.open;
  }

  private text(part: Extract<Part, { type: 'text' }>, logprobs: JsonValue | undefined): void {
    if (part.text === '' && logprobs === undefined) return;
    const number = this.ensure('text', part.extra);
    const event: StreamEvent = { type: 'part-delta', choice: this.choice, part: number, text: part.text };
    if (logprobs !== undefined) event.logprobs = logprobs;
    this.emit(event);
    if (part.extra !== undefined) this.close();
  }

  /** A signature is the last thing of its block; what follows is another one. */
  private reasoning(part: ReasoningPart): void {
    const { text, signature, encrypted } = part;
    const signed = signature !== undefined || encrypted !== undefined;
    if (text === '' && !signed) return;
    if (encrypted !== undefined) this.close();
    const own = signature !== undefined && this.kind === 'reasoning' ? undefined : part.extra;
    const number = this.ensure('reasoning', own);
    const at = { type: 'part-delta', choice: this.choice, part: number } as const;
    if (text !== '') this.emit({ ...at, text });
    if (signature !== undefined) this.emit({ ...at, text: '', signature });
    if (encrypted !== undefined) this.emit({ ...at, text: '', encrypted });
    if (signed || own !== undefined) this.close();
  }

  private toolCall(call: ToolCallPart): void {
    this.close();
    this.called = true;
    const at = { choice: this.choice, part: this.parts++ };
    const event: StreamEvent = {
      type: 'part-start',
      ...at,
      kind: 'tool-call',
      toolCallId: call.id,
      toolName: call.name,
    };
    if (call.extra !== undefined) event.extra = call.extra;
    this.emit(event);
    this.emit({ type: 'part-delta', ...at, text: call.arguments });
    this.emit({ type: 'part-end', ...at });
  }

  private add(part: Part, logprobs: JsonValue | undefined): void {
    switch (part.type) {
      case 'text':
        this.text(part, logprobs);
        return;
      case 'reasoning':
        this.reasoning(part);
        return;
      case 'tool-call':
        this.toolCall(part);
        return;
    }
    this.close();
    const [format, value] =
      part.type === 'opaque' ? [part.format, part.value] : [HUB, part as unknown as JsonObject];
    this.emit({ type: 'part-whole', choice: this.choice, part: this.parts++, format, value });
  }

  private endPartial(): void {
    const call = this.partial;
    if (call === null) return;
    this.partial = null;
    const part: ToolCallPart = {
      type: 'tool-call',
      id: this.ids.call(call.id),
      name: call.name,
      arguments: call.args.json(),
    };
    if (call.id === undefined) part.extra = { idMade: true };
    this.toolCall(part);
  }

  /** A call whose arguments come in pieces. False for a whole call, which is read like any part. */
  private piece(part: JsonObject, raw: JsonObject): boolean {
    const call = spelled(raw, CALL_KEYS);
    const pieces = Array.isArray(call['partialArgs']) ? call['partialArgs'] : undefined;
    const name = stringOr(call['name'], '');
    const more = call['willContinue'] === true;
    if (name !== '' && pieces === undefined && !more) {
      this.endPartial();
      return false;
    }
    if (name !== '') {
      this.endPartial();
      const signature = stringOr(part['thoughtSignature'], '');
      if (signature !== '') this.reasoning(signedPart(signature, '', false));
      const id = stringOr(call['id'], '');
      this.partial = { id: id === '' ? undefined : id, name, args: new PartialArgs() };
    }
    let open = more;
    for (const one of pieces ?? []) {
      this.partial?.args.add(one);
      open ||= isObject(one) && one['willContinue'] === true;
    }
    if (!open) this.endPartial();
    return true;
  }

  private content(content: JsonObject, path: string, logprobs: JsonValue | undefined): void {
    const list = optList(content, 'parts', path) ?? [];
    let left = logprobs;
    for (let i = 0; i < list.length; i++) {
      const json = spelled(objectAt(list, i, `${path}.parts`), PART_KEYS);
      const call = json['functionCall'];
      if (isObject(call) && this.piece(json, call)) continue;
      const parts: Part[] = [];
      decodePart(json, `${path}.parts[${i}]`, this.ids, parts);
      for (const part of parts) {
        this.add(part, part.type === 'text' ? left : undefined);
        if (part.type === 'text') left = undefined;
      }
    }
    if (left !== undefined) this.text({ type: 'text', text: '' }, left);
  }

  private cite(candidate: JsonObject): void {
    for (const key of CITING) {
      const cited = candidate[key];
      if (!isObject(cited)) continue;
      const part = this.ensure('text');
      this.emit({ type: 'part-delta', choice: this.choice, part, text: '', citation: { [key]: cited } });
    }
  }

  chunk(candidate: JsonObject, path: string): void {
    const content = candidate['content'];
    const logprobs = isObject(candidate['logprobsResult']) ? candidate['logprobsResult'] : undefined;
    // The last piece often ends the text with a signature; what the text cites belongs before that.
    const open = this.kind === 'text';
    if (open) this.cite(candidate);
    this.content(isObject(content) ? content : {}, `${path}.content`, logprobs);
    if (!open) this.cite(candidate);
    const extra = extraOf(candidate, CANDIDATE_KEYS);
    if (extra !== undefined) this.extra = { ...this.extra, ...extra };
    const raw = candidate['finishReason'];
    if (typeof raw === 'string' && raw !== '' && raw !== 'FINISH_REASON_UNSPECIFIED') this.raw = raw;
  }

  /** The stream is over. Some models repeat the finish reason in every chunk, so that it only counts now. */
  finish(): void {
    this.endPartial();
    this.close();
    const raw = this.raw as string;
    const event: StreamEvent = {
      type: 'finish',
      choice: this.choice,
      reason: finishOf(raw, this.called),
      raw,
    };
    if (this.extra !== undefined) event.extra = this.extra;
    this.emit(event);
  }
}

/** An answer that was refused with its prompt. */
export function blockedFinish(reason: string): StreamEvent {
  return { type: 'finish', choice: 0, reason: 'content-filter', raw: reason };
}
