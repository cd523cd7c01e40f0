import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import {
  addCounts,
  anthropicUsageFrom,
  hasAnthropicCounts,
  noCounts,
  type UsageCounts,
  usageOfCounts,
} from './usage.js';

const USAGE = Buffer.from('"usage"');
const STOP = Buffer.from('"message_stop"');
const TYPE = Buffer.from('"type"');
const CONTENT = Buffer.from('content_block_delta');
const ERROR_EVENT = ['event: error', 'event:error'].map((text) => Buffer.from(text));
const COLON = 0x3a;

/**
 * True when `message_stop` at `at` is the value of `type`. A model may well write `message_stop` as its text, and then
 * the same bytes follow another name.
 */
function isType(events: Buffer, at: number): boolean {
  let before = at - 1;
  while (events[before] === 0x20) before--;
  if (events[before] !== COLON) return false;
  before--;
  while (events[before] === 0x20) before--;
  const from = before + 1 - TYPE.length;
  return from >= 0 && TYPE.compare(events, from, before + 1) === 0;
}

class AnthropicStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private counts: UsageCounts | null = null;
  private tail: Buffer | null = null;

  get failed(): boolean {
    return ERROR_EVENT.some((bytes) => this.tail?.includes(bytes));
  }

  usage(): Usage | null {
    return this.counts === null ? null : usageOfCounts(this.counts);
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = events.includes(CONTENT);
    // Only two events of a stream carry usage, so this is one search a chunk.
    for (let at = events.indexOf(USAGE); at !== -1; at = events.indexOf(USAGE, at + USAGE.length)) {
      const value = valueOfKeyAt(events, at, USAGE.length);
      if (value === -1) continue;
      const raw = objectFrom(events, value) as JsonObject | undefined;
      if (raw === undefined || !hasAnthropicCounts(raw)) continue;
      this.counts ??= noCounts();
      addCounts(this.counts, raw);
    }
    if (!this.finished) {
      const at = events.lastIndexOf(STOP);
      if (at !== -1) this.finished = isType(events, at);
    }
    return events;
  }
}

export const anthropicMeter: Meter = {
  body(body) {
    const raw = topLevelObject(body, USAGE) as JsonObject | undefined;
    return raw !== undefined && hasAnthropicCounts(raw) ? anthropicUsageFrom(raw) : null;
  },
  stream: () => new AnthropicStreamMeter(),
};
