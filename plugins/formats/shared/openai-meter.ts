import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from './json-bytes.js';
import { hasOpenaiCounts, openaiUsageFrom } from './openai-usage.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';
import { serviceTierIn } from './service-tier.js';
import { eventData, eventEnd, eventStart } from './sse-bytes.js';

/** Metering for every API of the OpenAI family; chunks and bodies carry `usage` and `finish_reason` in one shape. */

const USAGE = Buffer.from('"usage"');
/** As servers write it, with and without a space. In text the inner quotes are escaped, so these are members. */
const USAGE_OBJECT = ['"usage":{', '"usage": {'].map((text) => Buffer.from(text));
const FINISHED = ['"finish_reason":"', '"finish_reason": "'].map((text) => Buffer.from(text));
const ERROR_EVENT = ['data: {"error"', 'data:{"error"'].map((text) => Buffer.from(text));
const DONE = Buffer.from('[DONE]');
const NO_CHOICES = [Buffer.from('"choices":[]'), Buffer.from('"choices": []')];
/** Members of a delta that carry an answer: a non-empty string or list under one of them is content. */
const CONTENT = [
  '"content"',
  '"reasoning_content"',
  '"reasoning"',
  '"tool_calls"',
  '"refusal"',
  '"text"',
  '"audio"',
].map((key) => Buffer.from(key));
const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** `around`: the answer, or the events, in which the usage stands. */
function usageOf(raw: Record<string, unknown> | undefined, around: Buffer): Usage | null {
  if (raw === undefined || !hasOpenaiCounts(raw as JsonObject)) return null;
  return openaiUsageFrom(raw as JsonObject, serviceTierIn(around));
}

/** True when the last line that is not empty ends with `[DONE]`; a JSON event always ends with a brace. */
function endsWithDone(events: Buffer): boolean {
  let end = events.length;
  while (end > 0 && (events[end - 1] === 0x0a || events[end - 1] === 0x0d || events[end - 1] === 0x20)) end--;
  return end >= DONE.length && DONE.compare(events, end - DONE.length, end) === 0;
}

/** A finish reason that is not null. One native search a spelling, however many events there are. */
function hasFinishReason(events: Buffer): boolean {
  return FINISHED.some((bytes) => events.includes(bytes));
}

/** The last `usage` object in these events: most chunks say `"usage":null` or nothing. */
function lastUsage(events: Buffer): Usage | null {
  for (const key of USAGE_OBJECT) {
    for (let at = events.lastIndexOf(key); at !== -1; at = at === 0 ? -1 : events.lastIndexOf(key, at - 1)) {
      const value = valueOfKeyAt(events, at, USAGE.length);
      const usage = value === -1 ? null : usageOf(objectFrom(events, value), events);
      if (usage !== null) return usage;
    }
  }
  return null;
}

function hasContent(events: Buffer): boolean {
  for (const key of CONTENT) {
    for (let at = events.indexOf(key); at !== -1; at = events.indexOf(key, at + key.length)) {
      const value = valueOfKeyAt(events, at, key.length);
      if (value === -1) continue;
      const byte = events[value];
      const next = events[value + 1];
      if (byte === QUOTE && next !== QUOTE) return true;
      if (byte === OPEN_BRACKET && next !== 0x5d) return true;
      if (byte === OPEN_BRACE && next !== 0x7d) return true;
    }
  }
  return false;
}

/** True for the chunk a provider sends only because usage was asked for: no choices, but usage. */
function isUsageOnly(event: Buffer): boolean {
  if (!NO_CHOICES.some((bytes) => event.includes(bytes))) return false;
  const chunk = tryParse(eventData(event.toString('utf8')));
  if (!isObject(chunk) || !isObject(chunk['usage'])) return false;
  const choices = chunk['choices'];
  return Array.isArray(choices) && choices.length === 0;
}

/** Where the next `usage` that is an object begins, from `from` on; -1 when there is none. */
function nextUsageObject(events: Buffer, from: number): number {
  let next = -1;
  for (const key of USAGE_OBJECT) {
    const at = events.indexOf(key, from);
    if (at !== -1 && (next === -1 || at < next)) next = at;
  }
  return next;
}

function withoutUsageEvents(events: Buffer): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = nextUsageObject(events, 0); at !== -1; ) {
    const start = eventStart(events, at);
    const end = eventEnd(events, at);
    if (isUsageOnly(events.subarray(start, end))) {
      if (start > from) kept.push(events.subarray(from, start));
      from = end;
    }
    at = nextUsageObject(events, end);
  }
  if (from === 0) return events;
  if (from < events.length) kept.push(events.subarray(from));
  return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
}

class OpenaiStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private tail: Buffer | null = null;

  constructor(private readonly strip: boolean) {}

  get failed(): boolean {
    return ERROR_EVENT.some((bytes) => this.tail?.includes(bytes));
  }

  usage(): Usage | null {
    return this.last;
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = hasContent(events);
    if (!this.finished) this.finished = endsWithDone(events) || hasFinishReason(events);
    const usage = lastUsage(events);
    if (usage === null) return events;
    this.last = usage;
    return this.strip ? withoutUsageEvents(events) : events;
  }
}

export const openaiMeter: Meter = {
  body: (body) => usageOf(topLevelObject(body, USAGE), body),
  stream: ({ strip }) => new OpenaiStreamMeter(strip),
};
