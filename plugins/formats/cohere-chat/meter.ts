import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import { cohereUsageFrom } from './usage.js';

const USAGE = Buffer.from('"usage"');
const END = Buffer.from('"message-end"');
const TYPE = Buffer.from('"type"');
const CONTENT = ['content-delta', 'tool-plan-delta', 'tool-call-start'].map((text) => Buffer.from(text));
const ERROR = Buffer.from('"error"');
/** An event that is an error and nothing else. */
const ERROR_EVENT = ['data: {"message"', 'data: {"error"'].map((text) => Buffer.from(text));
const NEWLINE = 0x0a;
const COLON = 0x3a;
const QUOTE = 0x22;

/** True when `message-end` at `at` is the value of `type`. A document that is cited may hold the same bytes. */
function isType(events: Buffer, at: number): boolean {
  let before = at - 1;
  while (events[before] === 0x20) before--;
  if (events[before] !== COLON) return false;
  before--;
  while (events[before] === 0x20) before--;
  const from = before + 1 - TYPE.length;
  return from >= 0 && TYPE.compare(events, from, before + 1) === 0;
}

class CohereStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private tail: Buffer | null = null;
  private broken = false;

  get failed(): boolean {
    return this.broken || ERROR_EVENT.some((bytes) => this.tail?.includes(bytes));
  }

  usage(): Usage | null {
    return this.last;
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = CONTENT.some((bytes) => events.includes(bytes));
    if (this.finished) return events;
    const end = events.lastIndexOf(END);
    if (end === -1 || !isType(events, end)) return events;
    this.finished = true;
    // The order of its members is up to the server.
    this.look(events, events.lastIndexOf(NEWLINE, end) + 1);
    return events;
  }

  /** The last event: usage, or why the answer failed. */
  private look(events: Buffer, from: number): void {
    for (let at = events.indexOf(USAGE, from); at !== -1; at = events.indexOf(USAGE, at + USAGE.length)) {
      const value = valueOfKeyAt(events, at, USAGE.length);
      const raw = value === -1 ? undefined : (objectFrom(events, value) as JsonObject | undefined);
      if (raw !== undefined) this.last = cohereUsageFrom(raw) ?? this.last;
    }
    const error = events.indexOf(ERROR, from);
    const value = error === -1 ? -1 : valueOfKeyAt(events, error, ERROR.length);
    this.broken = value !== -1 && events[value] === QUOTE && events[value + 1] !== QUOTE;
  }
}

export const cohereMeter: Meter = {
  body(body) {
    const raw = topLevelObject(body, USAGE) as JsonObject | undefined;
    return raw === undefined ? null : cohereUsageFrom(raw);
  },
  stream: () => new CohereStreamMeter(),
};
