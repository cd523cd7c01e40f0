import type { StreamEvent } from './canonical/event.js';
import type { OpaquePart, Part, TextPart } from './canonical/part.js';
import type { CanonicalResponse, Choice } from './canonical/response.js';
import type { JsonObject, JsonValue } from './json.js';

/** Joins the log probabilities of two deltas: lists under the same name are concatenated, other members replaced. */
function joinLogprobs(all: JsonValue | undefined, more: JsonValue): JsonValue {
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return more;
  if (typeof more !== 'object' || more === null || Array.isArray(more)) return all;
  const joined: JsonObject = { ...all };
  for (const key of Object.keys(more)) {
    const before = joined[key];
    const after = more[key];
    joined[key] = Array.isArray(before) && Array.isArray(after) ? [...before, ...after] : (after ?? before);
  }
  return joined;
}

function newPart(event: Extract<StreamEvent, { type: 'part-start' }>): Part {
  const part: Part =
    event.kind === 'tool-call'
      ? { type: 'tool-call', id: event.toolCallId ?? '', name: event.toolName ?? '', arguments: '' }
      : { type: event.kind, text: '' };
  if (event.custom === true && part.type === 'tool-call') part.custom = true;
  if (event.extra !== undefined) part.extra = event.extra;
  return part;
}

function addDelta(choice: Choice, part: Part, event: Extract<StreamEvent, { type: 'part-delta' }>): void {
  if (part.type === 'tool-call') part.arguments += event.text;
  else if (part.type === 'text' || part.type === 'reasoning' || part.type === 'refusal')
    part.text += event.text;
  if (part.type === 'reasoning') {
    if (event.signature !== undefined) part.signature = (part.signature ?? '') + event.signature;
    if (event.encrypted !== undefined) part.encrypted = (part.encrypted ?? '') + event.encrypted;
  }
  if (part.type === 'text' && event.citation !== undefined) (part.citations ??= []).push(event.citation);
  if (event.logprobs !== undefined) choice.logprobs = joinLogprobs(choice.logprobs, event.logprobs);
}

/** The format name under which {@link unfoldResponse} sends parts of the hub itself. */
const HUB = 'hub';

function wholePart(format: string, value: JsonObject): Part {
  return format === HUB ? (value as unknown as Part) : { type: 'opaque', format, value };
}

/** One choice while it is built: parts are found by their number, which need not be dense. */
interface Building {
  choice: Choice;
  parts: Map<number, Part>;
}

/**
 * The whole response that a list of stream events describes. Pings and errors add nothing; an unfinished choice keeps
 * `finish: null`.
 */
export function foldEvents(events: Iterable<StreamEvent>): CanonicalResponse {
  const response: CanonicalResponse = { origin: '', id: '', model: '', created: 0, choices: [], usage: null };
  const building = new Map<number, Building>();
  const at = (index: number): Building => {
    let found = building.get(index);
    if (found === undefined) {
      found = { choice: { index, parts: [], finish: null }, parts: new Map() };
      building.set(index, found);
    }
    return found;
  };
  const put = (index: number, number: number, part: Part): void => {
    const { choice, parts } = at(index);
    choice.parts.push(part);
    parts.set(number, part);
  };
  for (const event of events) {
    switch (event.type) {
      case 'start':
        response.id = event.id;
        response.model = event.model;
        response.created = event.created;
        response.origin = event.origin ?? '';
        if (event.serviceTier !== undefined) response.serviceTier = event.serviceTier;
        if (event.extra !== undefined) response.extra = event.extra;
        break;
      case 'part-start':
        put(event.choice, event.part, newPart(event));
        break;
      case 'part-delta': {
        const { choice, parts } = at(event.choice);
        const part = parts.get(event.part);
        if (part !== undefined) addDelta(choice, part, event);
        break;
      }
      case 'part-whole':
        put(event.choice, event.part, wholePart(event.format, event.value));
        break;
      case 'finish': {
        const { choice } = at(event.choice);
        choice.finish = event.reason;
        if (event.raw !== undefined) choice.finishRaw = event.raw;
        if (event.stopSequence !== undefined) choice.stopSequence = event.stopSequence;
        if (event.extra !== undefined) choice.extra = event.extra;
        break;
      }
      case 'usage':
        response.usage = event.usage;
        break;
    }
  }
  response.choices = [...building.values()].map((one) => one.choice).sort((a, b) => a.index - b.index);
  return response;
}

function unfoldText(
  part: TextPart,
  at: { choice: number; part: number },
  logprobs: JsonValue | undefined,
): StreamEvent[] {
  const events: StreamEvent[] = [];
  if (part.text !== '' || logprobs !== undefined) {
    const delta: StreamEvent = { type: 'part-delta', ...at, text: part.text };
    if (logprobs !== undefined) delta.logprobs = logprobs;
    events.push(delta);
  }
  for (const citation of part.citations ?? []) events.push({ type: 'part-delta', ...at, text: '', citation });
  return events;
}

/** A part that never streams in the hub's own terms travels whole. */
function whole(part: Part): { format: string; value: JsonObject } {
  return part.type === 'opaque'
    ? { format: (part as OpaquePart).format, value: (part as OpaquePart).value }
    : { format: HUB, value: part as unknown as JsonObject };
}

/**
 * The events a stream of this response would have had: the inverse of {@link foldEvents} for what a stream can say.
 * Log probabilities travel with the first text part. Pictures and other parts that never stream become `part-whole`
 * events of the format `hub`.
 */
export function unfoldResponse(response: CanonicalResponse): StreamEvent[] {
  const start: StreamEvent = {
    type: 'start',
    id: response.id,
    model: response.model,
    created: response.created,
  };
  if (response.origin !== '') start.origin = response.origin;
  if (response.serviceTier !== undefined) start.serviceTier = response.serviceTier;
  if (response.extra !== undefined) start.extra = response.extra;
  const events: StreamEvent[] = [start];
  for (const choice of response.choices) {
    let logprobs = choice.logprobs;
    choice.parts.forEach((part, number) => {
      const at = { choice: choice.index, part: number };
      if (
        part.type !== 'text' &&
        part.type !== 'reasoning' &&
        part.type !== 'refusal' &&
        part.type !== 'tool-call'
      ) {
        events.push({ type: 'part-whole', ...at, ...whole(part) });
        return;
      }
      const opened: StreamEvent = { type: 'part-start', ...at, kind: part.type };
      if (part.type === 'tool-call') {
        opened.toolCallId = part.id;
        opened.toolName = part.name;
        if (part.custom === true) opened.custom = true;
      }
      if (part.extra !== undefined) opened.extra = part.extra;
      events.push(opened);
      if (part.type === 'text') {
        events.push(...unfoldText(part, at, logprobs));
        logprobs = undefined;
      } else {
        const text = part.type === 'tool-call' ? part.arguments : part.text;
        if (text !== '') events.push({ type: 'part-delta', ...at, text });
      }
      if (part.type === 'reasoning' && part.signature !== undefined)
        events.push({ type: 'part-delta', ...at, text: '', signature: part.signature });
      if (part.type === 'reasoning' && part.encrypted !== undefined)
        events.push({ type: 'part-delta', ...at, text: '', encrypted: part.encrypted });
      events.push({ type: 'part-end', ...at });
    });
    if (choice.finish !== null) {
      const finish: StreamEvent = { type: 'finish', choice: choice.index, reason: choice.finish };
      if (choice.finishRaw !== undefined) finish.raw = choice.finishRaw;
      if (choice.stopSequence !== undefined) finish.stopSequence = choice.stopSequence;
      if (choice.extra !== undefined) finish.extra = choice.extra;
      events.push(finish);
    }
  }
  if (response.usage !== null) events.push({ type: 'usage', usage: response.usage });
  events.push({ type: 'end' });
  return events;
}
