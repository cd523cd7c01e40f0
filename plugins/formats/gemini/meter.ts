import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { eventData } from '../shared/sse-bytes.js';
import { addSearches } from './grounding.js';
import { geminiUsageFrom, hasGeminiCounts } from './usage.js';

/** Works on SSE events and on the elements of a JSON array alike: it only looks for members. */

const USAGE = Buffer.from('"usageMetadata"');
const GROUNDING = Buffer.from('"groundingMetadata"');
/** It holds the passages that were found, and a page to show with them. */
const GROUNDING_BYTES = 1024 * 1024;
const ERROR = Buffer.from('"error"');
/** Said once at the end of a candidate, or of a prompt that was refused. */
const FINISHED = ['"finishReason"', '"blockReason"'].map((key) => Buffer.from(key));
/** Members of a part that carry an answer. */
const CONTENT = [
  '"text"',
  '"functionCall"',
  '"inlineData"',
  '"executableCode"',
  '"codeExecutionResult"',
  '"toolCall"',
].map((key) => Buffer.from(key));
const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;

function usageOf(raw: JsonObject | undefined): Usage | null {
  return raw !== undefined && hasGeminiCounts(raw) ? geminiUsageFrom(raw) : null;
}

function bodyUsage(body: Buffer): Usage | null {
  const usage = usageOf(topLevelObject(body, USAGE) as JsonObject | undefined);
  if (usage !== null) addSearches(usage, groundingIn(body));
  return usage;
}

function lastUsage(events: Buffer): Usage | null {
  for (
    let at = events.lastIndexOf(USAGE);
    at !== -1;
    at = at === 0 ? -1 : events.lastIndexOf(USAGE, at - 1)
  ) {
    const value = valueOfKeyAt(events, at, USAGE.length);
    const usage = value === -1 ? null : usageOf(objectFrom(events, value) as JsonObject | undefined);
    if (usage !== null) return usage;
  }
  return null;
}

/** What the answer says of its searches; the last word counts. */
function groundingIn(bytes: Buffer): JsonObject | undefined {
  const at = bytes.lastIndexOf(GROUNDING);
  const value = at === -1 ? -1 : valueOfKeyAt(bytes, at, GROUNDING.length);
  return value === -1 ? undefined : (objectFrom(bytes, value, GROUNDING_BYTES) as JsonObject | undefined);
}

/** A member of one of these names that holds a text, or an object where `objects` are wanted too. */
function says(events: Buffer, keys: readonly Buffer[], objects: boolean): boolean {
  for (const key of keys) {
    for (let at = events.indexOf(key); at !== -1; at = events.indexOf(key, at + key.length)) {
      const value = valueOfKeyAt(events, at, key.length);
      if (value === -1) continue;
      const byte = events[value];
      if (byte === QUOTE && events[value + 1] !== QUOTE) return true;
      if (objects && byte === OPEN_BRACE) return true;
    }
  }
  return false;
}

function isError(text: string): boolean {
  const parsed = tryParse(text);
  const object = Array.isArray(parsed) ? parsed[0] : parsed;
  return isObject(object) && object['error'] != null;
}

/** An event of its own, or an element of the array, which may open or close with it. */
function holdsError(events: Buffer): boolean {
  if (!events.includes(ERROR)) return false;
  const text = events.toString('utf8');
  if (!/^data:/m.test(text)) return isError(text.replace(/^[\s,[]+/, '').replace(/[\s,\]]+$/, ''));
  return text.split(/\r\n\r\n|\n\n|\r\r/).some((event) => isError(eventData(event)));
}

class GeminiStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private grounding: JsonObject | undefined;
  private tail: Buffer | null = null;

  get failed(): boolean {
    return this.tail !== null && holdsError(this.tail);
  }

  usage(): Usage | null {
    const { last, grounding } = this;
    // Each piece may repeat the grounding so far, so it is added once, when somebody asks.
    if (last !== null && last.units?.webSearches === undefined) addSearches(last, grounding);
    return last;
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = says(events, CONTENT, true);
    if (!this.finished) this.finished = says(events, FINISHED, false);
    // Every piece carries the counts so far; only the last one is read.
    this.last = lastUsage(events) ?? this.last;
    this.grounding = groundingIn(events) ?? this.grounding;
    return events;
  }
}

export const geminiMeter: Meter = {
  body: bodyUsage,
  stream: () => new GeminiStreamMeter(),
};
