import type { JsonObject, Meter, StreamMeter, Usage } from '@headgate/sdk';
import { objectFrom, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import { responsesUsageFrom } from '../shared/responses-usage.js';
import { addServerTools } from '../shared/server-tools.js';
import { serviceTierIn } from '../shared/service-tier.js';
import { eventEnd, eventStart } from '../shared/sse-bytes.js';
import { ENDS, FAILED, hasType } from './event-type.js';
import { hasResponsesCounts } from './usage.js';

const buffers = (texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const USAGE = Buffer.from('"usage"');
/** As servers write it, with and without a space. In text the inner quotes are escaped, so these are members. */
const USAGE_OBJECT = buffers(['"usage":{', '"usage": {']);
const FINISHED = Object.values(ENDS);
const ERROR_EVENT = buffers(['event: error', 'event:error', 'data: {"type":"error"', 'data:{"type":"error"']);
/** Events that carry something the model made. */
const CONTENT = buffers([
  '"response.output_text.delta"',
  '"response.reasoning_summary_text.delta"',
  '"response.reasoning_text.delta"',
  '"response.function_call_arguments.delta"',
  '"response.custom_tool_call_input.delta"',
  '"response.refusal.delta"',
  '"response.output_item.done"',
]);
/** `answer`: the whole of it, or the event that repeats it. */
function usageOf(raw: Record<string, unknown> | undefined, answer: () => Buffer): Usage | null {
  if (raw === undefined || !hasResponsesCounts(raw as JsonObject)) return null;
  const bytes = answer();
  const usage = responsesUsageFrom(raw as JsonObject, serviceTierIn(bytes));
  addServerTools(usage, bytes);
  return usage;
}

/** The last `usage` object in these events: only the snapshot at the end has one that is not null. */
function lastUsage(events: Buffer): Usage | null {
  for (const key of USAGE_OBJECT) {
    for (let at = events.lastIndexOf(key); at !== -1; at = at === 0 ? -1 : events.lastIndexOf(key, at - 1)) {
      const value = valueOfKeyAt(events, at, USAGE.length);
      const event = (): Buffer => events.subarray(eventStart(events, at), eventEnd(events, at));
      const usage = value === -1 ? null : usageOf(objectFrom(events, value), event);
      if (usage !== null) return usage;
    }
  }
  return null;
}

class ResponsesStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private tail: Buffer | null = null;

  get failed(): boolean {
    const { tail } = this;
    return tail !== null && (hasType(tail, FAILED) || ERROR_EVENT.some((bytes) => tail.includes(bytes)));
  }

  usage(): Usage | null {
    return this.last;
  }

  push(events: Buffer): Buffer {
    this.tail = events;
    if (!this.started) this.started = CONTENT.some((type) => hasType(events, type));
    this.last = lastUsage(events) ?? this.last;
    if (!this.finished) this.finished = FINISHED.some((type) => hasType(events, type));
    return events;
  }
}

/** Answers and streams always carry usage, so there is nothing to strip. */
export const openaiResponsesMeter: Meter = {
  body: (body) => usageOf(topLevelObject(body, USAGE), () => body),
  stream: () => new ResponsesStreamMeter(),
};
