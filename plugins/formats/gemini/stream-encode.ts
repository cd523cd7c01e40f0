import type {
  JsonObject,
  Part,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  ToolCallPart,
  Usage,
} from '@headgate/sdk';
import { geminiError } from '../shared/gemini-error.js';
import { isObject } from '../shared/read-json.js';
import { dataEvent } from '../shared/sse-text.js';
import { encodeFunctionCall, encodeParts } from './parts-encode.js';
import { answerContext, blockReasonOf, usageMember } from './response.js';
import { rawSignature, wrapEncrypted, wrapSignature } from './signature.js';
import { finishWord, GEMINI, isGemini } from './types.js';

type Start = Extract<StreamEvent, { type: 'start' }>;
type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Delta = Extract<StreamEvent, { type: 'part-delta' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;

interface OpenPart {
  start: PartStart;
  /** Arguments so far: a call is sent when it is whole. */
  json: string;
}

const HUB = 'hub';

/** Writes `GenerateContentResponse` pieces by joining text; only what the model wrote goes through `JSON.stringify`. */
export class GeminiStreamEncoder implements StreamEncoder {
  private start: Start | null = null;
  private same = false;
  private over = false;
  private readonly array: boolean;
  /** A piece was written; in an array the next one follows a comma. */
  private wrote = false;
  /** Members that every piece ends with, the comma before them included. */
  private tail = '';
  /** Members of the provider's own, said once. */
  private extra = '';
  private usage: Usage | null = null;
  private spoke = false;
  private readonly open = new Map<number, OpenPart>();
  private readonly finished: Finish[] = [];
  /** A signature for the next part of its choice. */
  private readonly pending = new Map<number, string>();

  constructor(private readonly options: StreamEncodeOptions) {
    this.array = options.framing === 'json-array';
  }

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
        return this.delta(event);
      case 'part-start':
        this.open.set(key(event.choice, event.part), { start: event, json: '' });
        return '';
      case 'part-end':
        return this.partEnd(event.choice, event.part);
      case 'start':
        this.begin(event);
        return '';
      case 'part-whole':
        return this.whole(event.choice, event.format, event.value);
      case 'finish':
        this.finished.push(event);
        return '';
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'ping':
        return '';
      case 'error': {
        this.over = true;
        const json = geminiError.encode(event.error, this.options.requestId);
        return this.array ? `${this.frame(json)}\n]` : dataEvent(json);
      }
      case 'end':
        this.over = true;
        return this.end();
    }
  }

  private begin(event: Start): void {
    this.start = event;
    this.same = isGemini(event.origin ?? '');
    const id = event.id === '' ? this.options.requestId : event.id;
    this.tail = `,"modelVersion":${JSON.stringify(event.model)},"responseId":${JSON.stringify(id)}`;
    const { usageMetadata: _, ...extra } = (this.same ? event.extra : undefined) ?? {};
    const members = JSON.stringify(extra).slice(1, -1);
    this.extra = members === '' ? '' : `,${members}`;
  }

  private frame(json: string): string {
    if (!this.array) return dataEvent(json);
    const before = this.wrote ? '\n,\n' : '[';
    this.wrote = true;
    return before + json;
  }

  /** `members` of a candidate, of which the content is one. */
  private candidates(list: string, rest = ''): string {
    const { extra } = this;
    this.extra = '';
    return this.frame(`{"candidates":[${list}]${rest}${this.tail}${extra}}`);
  }

  /** One part as a piece of its own. `part`: the JSON of its members; `members`: more of the candidate. */
  private piece(choice: number, part: string, members = ''): string {
    this.spoke = true;
    return this.candidates(
      `{"content":{"parts":[{${part}${this.signature(choice)}}],"role":"model"},"index":${choice}${members}}`,
    );
  }

  private signature(choice: number): string {
    const raw = this.pending.size === 0 ? undefined : this.pending.get(choice);
    if (raw === undefined) return '';
    this.pending.delete(choice);
    return `,"thoughtSignature":${JSON.stringify(raw)}`;
  }

  private delta(event: Delta): string {
    const open = this.open.get(key(event.choice, event.part));
    if (open === undefined) return '';
    switch (open.start.kind) {
      case 'tool-call':
        open.json += event.text;
        return '';
      case 'reasoning':
        return this.thought(event, open.start);
      default:
        return this.text(event, open.start);
    }
  }

  private text(event: Delta, start: PartStart): string {
    let members = '';
    if (this.same && event.logprobs !== undefined)
      members = `,"logprobsResult":${JSON.stringify(event.logprobs)}`;
    if (this.same && isObject(event.citation)) {
      const cited = JSON.stringify(event.citation).slice(1, -1);
      if (cited !== '') members += `,${cited}`;
    }
    if (event.text === '' && members === '') return '';
    const extra = this.same && start.extra !== undefined ? rest(start.extra) : '';
    return this.piece(event.choice, `"text":${JSON.stringify(event.text)}${extra}`, members);
  }

  private thought(event: Delta, start: PartStart): string {
    const { choice, signature, encrypted } = event;
    const signed = encrypted ?? signature;
    if (signed === undefined)
      return event.text === ''
        ? ''
        : this.piece(choice, `"text":${JSON.stringify(event.text)},"thought":true`);
    const extra = start.extra === undefined ? {} : { extra: start.extra };
    const raw = rawSignature({ type: 'reasoning', text: '', encrypted: signed, ...extra });
    if (encrypted !== undefined && raw !== undefined) return this.bare(choice, raw, start);
    const shown = raw ?? (encrypted === undefined ? wrapSignature(signed) : wrapEncrypted(signed));
    return this.piece(choice, `"text":"","thought":true,"thoughtSignature":${JSON.stringify(shown)}`);
  }

  /** Gemini's signature of a part that is no thought: the next one, unless it came alone. */
  private bare(choice: number, raw: string, start: PartStart): string {
    const before = this.alone(choice);
    if (!this.same || !isObject(start.extra?.['own'])) {
      this.pending.set(choice, raw);
      return before;
    }
    const own = JSON.stringify(start.extra['own']).slice(1, -1);
    const signature = `"thoughtSignature":${JSON.stringify(raw)}`;
    return before + this.piece(choice, own === '' ? signature : `${own},${signature}`);
  }

  /** A signature that nothing followed. */
  private alone(choice: number): string {
    return this.pending.has(choice) ? this.piece(choice, '"text":""') : '';
  }

  private partEnd(choice: number, part: number): string {
    const open = this.open.get(key(choice, part));
    this.open.delete(key(choice, part));
    return open?.start.kind === 'tool-call' ? this.toolCall(open) : '';
  }

  private toolCall(open: OpenPart): string {
    const { start } = open;
    const call: ToolCallPart = {
      type: 'tool-call',
      id: start.toolCallId ?? '',
      name: start.toolName ?? '',
      arguments: open.json,
    };
    if (start.extra !== undefined) call.extra = start.extra;
    const json = encodeFunctionCall(call, { same: this.same, answer: true });
    const extra = this.same && start.extra !== undefined ? rest(start.extra) : '';
    return this.piece(start.choice, JSON.stringify(json).slice(1, -1) + extra);
  }

  private whole(choice: number, format: string, value: JsonObject): string {
    if (format !== GEMINI && format !== HUB) return '';
    const part = format === HUB ? (value as unknown as Part) : ({ type: 'opaque', format, value } as const);
    const parts = encodeParts([part], answerContext(this.same), []);
    let text = '';
    for (const json of parts) {
      // An opaque part is whole, its own signature included.
      const before = format === GEMINI ? this.alone(choice) : '';
      text += before + this.piece(choice, JSON.stringify(json).slice(1, -1));
    }
    return text;
  }

  private last(finish: Finish): string {
    const word = finishWord(finish.reason, finish.raw, this.same);
    const extra = this.same && finish.extra !== undefined ? JSON.stringify(finish.extra).slice(1, -1) : '';
    const signature = this.signature(finish.choice);
    return `{"content":{"parts":[{"text":""${signature}}],"role":"model"},"finishReason":${JSON.stringify(word)},"index":${finish.choice}${extra === '' ? '' : `,${extra}`}}`;
  }

  /** The last piece: why each candidate ended, and the usage. */
  private end(): string {
    if (this.start === null) this.begin({ type: 'start', id: '', model: '', created: 0 });
    let text = '';
    for (const open of this.open.values()) if (open.start.kind === 'tool-call') text += this.toolCall(open);
    const known = this.same ? this.start?.extra?.['usageMetadata'] : undefined;
    const usage = usageMember(this.usage, known);
    const member = usage === undefined ? '' : `,"usageMetadata":${JSON.stringify(usage)}`;
    const only = this.finished[0];
    const blocked =
      this.same &&
      !this.spoke &&
      this.finished.length === 1 &&
      only?.raw !== undefined &&
      blockReasonOf(this.start?.extra ?? {}) === only.raw;
    if (blocked) text += this.frame(`{${`${member}${this.tail}${this.extra}`.slice(1)}}`);
    else text += this.candidates(this.finished.map((finish) => this.last(finish)).join(','), member);
    return this.array ? `${text}\n]` : text;
  }
}

/** One number for a part of a choice; no answer has as many parts as would make two of them meet. */
function key(choice: number, part: number): number {
  return choice * 1_000_000 + part;
}

/** Members of a part that the hub has no name for, with the comma before them. */
function rest(extra: JsonObject): string {
  const { idMade: _, own: __, format: ___, functionCall: ____, ...members } = extra;
  const text = JSON.stringify(members).slice(1, -1);
  return text === '' ? '' : `,${text}`;
}
