import type {
  JsonObject,
  JsonValue,
  StreamEncodeOptions,
  StreamEncoder,
  StreamEvent,
  Usage,
} from '@headgate/sdk';
import { cohereError } from '../shared/cohere-error.js';
import { OneAtATime, type PartEvent } from '../shared/one-at-a-time.js';
import { isObject } from '../shared/read-json.js';
import { namedEvent } from '../shared/sse-text.js';
import { ArgumentsWriter } from '../shared/tool-arguments.js';
import { COHERE_CHAT, finishWord } from './types.js';
import { cohereUsage } from './usage.js';

/** Follows `message-end`; Cohere's own clients stop reading here. */
const DONE = 'data: [DONE]\n\n';

type Start = Extract<StreamEvent, { type: 'start' }>;
type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
type Delta = Extract<StreamEvent, { type: 'part-delta' }>;
type Finish = Extract<StreamEvent, { type: 'finish' }>;

interface Open {
  kind: 'text' | 'thinking' | 'plan' | 'call';
  /** Number among the contents, or among the calls, of the message; -1 before the content has started. */
  index: number;
  /** A delta up to what the model wrote, and after it. */
  head: string;
  tail: string;
  format: string | undefined;
  /** Of a call of another format; null where its arguments pass as they are. */
  writer: ArgumentsWriter | null;
}

/** Writes Cohere's events by joining text; a content starts on the wire with the first that is said of it. */
export class CohereStreamEncoder implements StreamEncoder {
  private pending: Start | null = null;
  private same = false;
  private over = false;
  private contents = 0;
  private calls = 0;
  private citations = 0;
  private readonly open = new Map<number, Open>();
  private readonly order = new OneAtATime((event) => {
    this.out += this.part(event);
  });
  private out = '';
  private finish: Finish | null = null;
  private usage: Usage | null = null;

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
      case 'part-start':
      case 'part-end':
      case 'part-whole':
        // This API gives one answer a request, and one piece of it after the other.
        if (event.choice !== 0) return '';
        this.order.push(event);
        return this.taken();
      case 'start':
        this.pending = event;
        this.same = event.origin === COHERE_CHAT;
        return '';
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
        return cohereError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        this.over = true;
        return this.messageStart() + this.end();
    }
  }

  private taken(): string {
    const { out } = this;
    this.out = '';
    return out;
  }

  private part(event: PartEvent): string {
    switch (event.type) {
      case 'part-delta':
        return this.delta(event);
      case 'part-start':
        return this.messageStart() + this.partStart(event);
      case 'part-end':
        return this.partEnd(event.part);
      case 'part-whole':
        return event.format === COHERE_CHAT ? this.messageStart() + this.whole(event.value) : '';
    }
  }

  private messageStart(): string {
    const start = this.pending;
    if (start === null) return '';
    this.pending = null;
    const json: JsonObject = {
      ...(this.same ? start.extra : {}),
      type: 'message-start',
      id: start.id === '' ? this.options.requestId : start.id,
      delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
    };
    return namedEvent('message-start', JSON.stringify(json));
  }

  private partStart(event: PartStart): string {
    const format = typeof event.extra?.['format'] === 'string' ? event.extra['format'] : undefined;
    const part: Open = { kind: 'text', index: -1, head: '', tail: '', format, writer: null };
    this.open.set(event.part, part);
    if (event.kind === 'reasoning')
      part.kind = this.same && event.extra?.['plan'] === true ? 'plan' : 'thinking';
    if (part.kind === 'plan') {
      part.head = 'event: tool-plan-delta\ndata: {"type":"tool-plan-delta","delta":{"message":{"tool_plan":';
      part.tail = '}}}\n\n';
    }
    return event.kind === 'tool-call' ? this.callStart(part, event) : '';
  }

  private callStart(part: Open, event: PartStart): string {
    part.kind = 'call';
    part.writer = this.same ? null : new ArgumentsWriter();
    part.index = this.calls++;
    part.head = `event: tool-call-delta\ndata: {"type":"tool-call-delta","index":${part.index},"delta":{"message":{"tool_calls":{"function":{"arguments":`;
    part.tail = '}}}}}\n\n';
    const call = {
      id: event.toolCallId ?? '',
      type: 'function',
      function: { name: event.toolName ?? '', arguments: '' },
    };
    return namedEvent(
      'tool-call-start',
      `{"type":"tool-call-start","index":${part.index},"delta":{"message":{"tool_calls":${JSON.stringify(call)}}}}`,
    );
  }

  private contentStart(part: Open): string {
    if (part.kind === 'plan' || part.kind === 'call' || part.index !== -1) return '';
    const key = part.kind;
    part.index = this.contents++;
    part.head = `event: content-delta\ndata: {"type":"content-delta","index":${part.index},"delta":{"message":{"content":{"${key}":`;
    part.tail = '}}}';
    const content: JsonObject = { type: key, [key]: '' };
    if (part.format !== undefined) content['format'] = part.format;
    return namedEvent(
      'content-start',
      `{"type":"content-start","index":${part.index},"delta":{"message":{"content":${JSON.stringify(content)}}}}`,
    );
  }

  private delta(event: Delta): string {
    const part = this.open.get(event.part);
    if (part === undefined) return '';
    if (event.citation !== undefined)
      return this.same ? this.contentStart(part) + this.citation(event.citation) : '';
    if (event.signature !== undefined) return this.seal(part, 'signature', event.signature);
    if (event.encrypted !== undefined) return this.seal(part, 'encrypted', event.encrypted);
    const logprobs = this.same ? itemsOf(event) : undefined;
    if (event.text === '' && logprobs === undefined) return '';
    const head = this.contentStart(part);
    const said = part.writer === null ? event.text : part.writer.push(event.text);
    if (part.writer !== null && said === '') return '';
    const text = `${part.head}${JSON.stringify(said)}${part.tail}`;
    if (part.kind === 'plan' || part.kind === 'call') return head + text;
    return head + (logprobs === undefined ? `${text}}\n\n` : withLogprobs(part, text, logprobs));
  }

  /** Another provider's proof of its reasoning, which the client may send back. */
  private seal(part: Open, key: 'signature' | 'encrypted', value: string): string {
    if (part.kind !== 'thinking') return '';
    const head = this.contentStart(part);
    return (
      head +
      namedEvent(
        'content-delta',
        `{"type":"content-delta","index":${part.index},"delta":{"message":{"content":{"${key}":${JSON.stringify(value)}}}}}`,
      )
    );
  }

  private citation(citation: Delta['citation']): string {
    const index = this.citations++;
    return (
      namedEvent(
        'citation-start',
        `{"type":"citation-start","index":${index},"delta":{"message":{"citations":${JSON.stringify(citation)}}}}`,
      ) + namedEvent('citation-end', `{"type":"citation-end","index":${index}}`)
    );
  }

  private partEnd(number: number): string {
    const part = this.open.get(number);
    this.open.delete(number);
    if (part === undefined || part.index === -1) return '';
    const type = part.kind === 'call' ? 'tool-call-end' : 'content-end';
    const rest = part.writer?.end() ?? '';
    const owed = rest === '' ? '' : `${part.head}${JSON.stringify(rest)}${part.tail}`;
    return owed + namedEvent(type, `{"type":"${type}","index":${part.index}}`);
  }

  private whole(value: JsonObject): string {
    const { citations } = value;
    return Array.isArray(citations) ? citations.map((one) => this.citation(one)).join('') : '';
  }

  private end(): string {
    this.order.end();
    const text = this.taken();
    const { finish } = this;
    const { usage: kept, message: _, ...extra } = (this.same ? finish?.extra : undefined) ?? {};
    const delta: JsonObject = {
      ...extra,
      finish_reason: finishWord(finish?.reason ?? 'stop', finish?.raw, this.same, this.calls > 0),
    };
    const usage = cohereUsage(this.usage, kept);
    if (usage !== undefined) delta['usage'] = usage;
    const last = namedEvent('message-end', `{"type":"message-end","delta":${JSON.stringify(delta)}}`);
    return text + last + DONE;
  }
}

function itemsOf({ logprobs }: Delta): JsonValue[] | undefined {
  const list = isObject(logprobs) ? logprobs['content'] : undefined;
  return Array.isArray(list) && list.length > 0 ? list : undefined;
}

/** An event carries one item; those of a text that was joined follow in events without text. */
function withLogprobs(part: Open, text: string, items: JsonValue[]): string {
  const empty = `${part.head}""${part.tail}`;
  return items.map((item, i) => `${i === 0 ? text : empty},"logprobs":${JSON.stringify(item)}}\n\n`).join('');
}
