import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import { bedrockUsageFrom, hasBedrockCounts } from './usage.js';

/**
 * The payload of a message is JSON in the clear, so usage is looked for as in any other format. Names in headers are
 * found with the bytes before them, their kind and length: control characters, which JSON never holds unescaped.
 */
const USAGE = Buffer.from('"usage"');
const TIER = Buffer.from('"serviceTier"');

/** The value of a header: the kind of a string, its length in two bytes, the string. */
function value(name: string): Buffer {
  return Buffer.from(`\x07\0${String.fromCharCode(name.length)}${name}`, 'latin1');
}

const CONTENT = value('contentBlockDelta');
const STOP = value('messageStop');
const EXCEPTION = [value('exception'), value('error')];

/** `around`: the answer, or the messages, in which the usage stands. */
function usageOf(raw: Record<string, unknown> | undefined, around: Buffer): Usage | null {
  if (raw === undefined || !hasBedrockCounts(raw as JsonObject)) return null;
  const at = around.lastIndexOf(TIER);
  const value = at === -1 ? -1 : valueOfKeyAt(around, at, TIER.length);
  const tier = value === -1 ? undefined : (objectFrom(around, value) as JsonObject | undefined);
  return bedrockUsageFrom(raw as JsonObject, tier);
}

class BedrockStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private tail: Buffer | null = null;

  get failed(): boolean {
    return EXCEPTION.some((bytes) => this.tail?.includes(bytes));
  }

  usage(): Usage | null {
    return this.last;
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = events.includes(CONTENT);
    if (!this.finished) this.finished = events.includes(STOP);
    // Only the last event carries usage, so this is one search a chunk.
    for (let at = events.indexOf(USAGE); at !== -1; at = events.indexOf(USAGE, at + USAGE.length)) {
      const object = valueOfKeyAt(events, at, USAGE.length);
      if (object !== -1) this.last = usageOf(objectFrom(events, object), events) ?? this.last;
    }
    return events;
  }
}

export const bedrockMeter: Meter = {
  body: (body) => usageOf(topLevelObject(body, USAGE), body),
  stream: () => new BedrockStreamMeter(),
};
