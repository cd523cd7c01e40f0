import type { CanonicalError, JsonObject, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { eventObject } from '../shared/parse-json.js';
import { isObject, numberOr, stringOr } from '../shared/read-json.js';
import { answerUsage } from '../shared/responses-usage.js';
import { responsesErrorFrom } from './error.js';
import { PartStream } from './part-stream.js';
import { extraOfResponse, readStatus } from './response.js';
import { type StreamItem, streamItem } from './stream-items.js';
import { finishOf, OPENAI_RESPONSES } from './types.js';
import { hasResponsesCounts } from './usage.js';

type Emit = (event: StreamEvent) => void;

const INTERRUPTED: CanonicalError = {
  kind: 'upstream',
  status: 502,
  code: 'stream_interrupted',
  message: 'The provider closed the stream before its answer was complete',
};

/** The kind of item that an event belongs to when the item's own beginning did not come. */
function kindOf(type: string): string | undefined {
  if (type.startsWith('response.output_text') || type.startsWith('response.refusal')) return 'message';
  return type.startsWith('response.reasoning_') ? 'reasoning' : undefined;
}

interface Entry {
  item: StreamItem;
  finished: boolean;
}

export class OpenaiResponsesStreamDecoder implements StreamDecoder {
  private started = false;
  private over = false;
  private called = false;
  private readonly stream = new PartStream();
  /** By their place in the output, and by their ids: some servers give several items one place. */
  private readonly items = new Map<number, Entry>();
  private readonly ids = new Map<string, Entry>();
  private readonly entries: Entry[] = [];
  private extra: JsonObject = {};
  private tier: string | undefined;

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    this.stream.emit = emit;
    if (data === '[DONE]') {
      this.end(emit);
      return;
    }
    const json = eventObject(data);
    const type = stringOr(json['type'], '');
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        this.start(json);
        break;
      case 'response.output_item.added':
        this.itemAdded(json);
        break;
      case 'response.output_item.done':
        if (isObject(json['item'])) this.itemDone(this.indexOf(json), json['item']);
        break;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
        this.complete(json, type);
        break;
      case 'response.failed':
        this.fail(isObject(json['response']) ? json['response']['error'] : undefined);
        break;
      case 'error':
        this.fail(isObject(json['error']) ? json['error'] : { ...json, type: undefined });
        break;
      default:
        if (type === '' && json['error'] != null) this.fail(json['error']);
        else this.itemEvent(type, json);
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    this.over = true;
    emit({ type: 'error', error: INTERRUPTED });
  }

  private start(json: JsonObject): void {
    if (this.started) return;
    this.started = true;
    const response = isObject(json['response']) ? json['response'] : {};
    const event: StreamEvent = {
      type: 'start',
      id: stringOr(response['id'], ''),
      model: stringOr(response['model'], ''),
      created: numberOr(response['created_at'], Math.floor(Date.now() / 1000)),
      origin: OPENAI_RESPONSES,
    };
    if (typeof response['service_tier'] === 'string')
      this.tier = event.serviceTier = response['service_tier'];
    const extra = extraOfResponse(response);
    if (extra !== undefined) {
      this.extra = extra;
      event.extra = extra;
    }
    this.stream.emit(event);
  }

  /** The place of the event's item. Servers that leave it out name the item. */
  private indexOf(json: JsonObject): number {
    const index = json['output_index'];
    if (typeof index === 'number' && index >= 0) return Math.floor(index);
    const id = json['item_id'] ?? (isObject(json['item']) ? json['item']['id'] : undefined);
    if (typeof id === 'string' && id !== '')
      for (const [at, { item }] of this.items) if (item.id === id) return at;
    return json['item'] === undefined ? Math.max(0, this.items.size - 1) : this.items.size;
  }

  private itemAdded(json: JsonObject): void {
    const { item } = json;
    if (!isObject(item)) return;
    this.start({});
    const index = this.indexOf(json);
    const known = this.items.get(index);
    if (known !== undefined) {
      if (known.item.id !== '' && known.item.id === item['id']) return;
      // A provider that begins another item at the same place has ended the first.
      known.item.abandon();
    }
    this.add(index, item);
  }

  private add(index: number, item: JsonObject): Entry {
    const { type } = item;
    if (type === 'function_call' || type === 'custom_tool_call') this.called = true;
    const entry: Entry = { item: streamItem(this.stream, item, index), finished: false };
    this.entries.push(entry);
    this.items.set(index, entry);
    if (entry.item.id !== '') this.ids.set(entry.item.id, entry);
    return entry;
  }

  /** What has been seen of an item; undefined for one that stands where another one did. */
  private entryOf(index: number, id: string): Entry | undefined {
    const known = this.ids.get(id);
    if (known !== undefined) return known;
    const there = this.items.get(index);
    return there !== undefined && (id === '' || there.item.id === '') ? there : undefined;
  }

  private itemDone(index: number, item: JsonObject): void {
    this.start({});
    const entry = this.entryOf(index, stringOr(item['id'], '')) ?? this.add(index, item);
    if (entry.finished) return;
    entry.finished = true;
    entry.item.done(item);
  }

  private itemEvent(type: string, json: JsonObject): void {
    if (json['output_index'] === undefined && json['item_id'] === undefined) return;
    const index = this.indexOf(json);
    let entry = this.entryOf(index, stringOr(json['item_id'], '')) ?? this.items.get(index);
    if (entry === undefined) {
      const kind = kindOf(type);
      if (kind === undefined) return;
      this.start({});
      entry = this.add(index, { type: kind, id: stringOr(json['item_id'], '') });
    }
    if (!entry.finished) entry.item.event(type, json);
  }

  private complete(json: JsonObject, type: string): void {
    const response = isObject(json['response']) ? json['response'] : {};
    if (isObject(response['error']) || response['status'] === 'failed') {
      this.fail(response['error']);
      return;
    }
    this.over = true;
    this.start(json);
    const { output } = response;
    if (Array.isArray(output))
      output.forEach((item, index) => {
        if (isObject(item)) this.itemDone(index, item);
      });
    for (const { item } of this.entries) item.abandon();
    const status = readStatus(
      response['status'] === undefined ? { ...response, status: type.slice('response.'.length) } : response,
    );
    const { finish, raw } = finishOf(status, this.called);
    const event: StreamEvent = { type: 'finish', choice: 0, reason: finish ?? 'other', raw };
    const extra = this.news(response);
    if (extra !== undefined) event.extra = extra;
    this.stream.emit(event);
    const usage = response['usage'];
    if (isObject(usage) && hasResponsesCounts(usage))
      this.stream.emit({ type: 'usage', usage: answerUsage(usage, response) });
    this.stream.emit({ type: 'end' });
  }

  /** What the last snapshot says that the first did not. */
  private news(response: JsonObject): JsonObject | undefined {
    const last = extraOfResponse(response) ?? {};
    let news: JsonObject | undefined;
    for (const key of Object.keys(last)) {
      const before = this.extra[key];
      if (before === last[key] || JSON.stringify(before) === JSON.stringify(last[key])) continue;
      news = { ...news, [key]: last[key] };
    }
    const tier = response['service_tier'];
    if (typeof tier === 'string' && tier !== this.tier) news = { ...news, service_tier: tier };
    return news;
  }

  private fail(error: JsonObject[string]): void {
    this.over = true;
    const inner = isObject(error) ? error : typeof error === 'string' ? { message: error } : {};
    this.stream.emit({ type: 'error', error: responsesErrorFrom(inner) });
  }
}
