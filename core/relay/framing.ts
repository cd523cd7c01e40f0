import type { Framing } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Speech } from '../route/speech.js';
import { MessageHold } from '../wire/aws-boundary.js';
import {
  EventStreamDamaged,
  EventStreamMessageTooLarge,
  EventStreamReader,
} from '../wire/aws-eventstream.js';
import { LineHold } from '../wire/ndjson-boundary.js';
import { NdjsonLineTooLarge, NdjsonSplitter } from '../wire/ndjson-split.js';
import { EventHold } from '../wire/sse-boundary.js';
import { SseEventTooLarge, SseSplitter } from '../wire/sse-split.js';

/** Reads the pieces of a stream. */
export interface Splitter {
  push(bytes: Uint8Array): void;
  /** The stream is over: a piece that still waits for its end is delivered, or an error thrown. */
  end(): void;
}

/** Lets only whole pieces of a stream pass. */
export interface PieceHold {
  /** What was let out so far ends inside a piece that was too long to be held. */
  readonly midEvent: boolean;
  take(bytes: Uint8Array): Buffer | null;
  rest(): Buffer | null;
}

export function splitterOf(framing: Framing, onPiece: (event: string, data: string) => void): Splitter {
  switch (framing) {
    case 'ndjson':
      return new NdjsonSplitter(onPiece);
    case 'aws-eventstream':
      return new EventStreamReader(onPiece);
    default:
      return new SseSplitter(onPiece);
  }
}

export function holdOf(framing: Framing): PieceHold {
  switch (framing) {
    case 'ndjson':
      return new LineHold();
    case 'aws-eventstream':
      return new MessageHold();
    default:
      return new EventHold();
  }
}

const UNREADABLE = [SseEventTooLarge, NdjsonLineTooLarge, EventStreamDamaged, EventStreamMessageTooLarge];

/** What a splitter throws about bytes that it cannot read, rather than about a mistake of ours. */
export function isUnreadable(reason: unknown): reason is Error {
  return UNREADABLE.some((kind) => reason instanceof kind);
}

/** Google's system parameter by either of its names, https://cloud.google.com/apis/docs/system-parameters. */
const ASKS_EVENTS = /(^|&)(?:\$|%24)?alt=sse(&|$)/;

/** How the client reads a stream. Google's APIs send one JSON array unless the query says `alt=sse`. */
export function clientFraming({ endpoint, incoming }: Exchange): Framing {
  const { otherFraming, format } = endpoint;
  if (otherFraming !== null && !ASKS_EVENTS.test(incoming.query)) return otherFraming;
  return format.framing ?? 'sse';
}

/** Content type of a stream in the client's format. */
export function streamType(x: Exchange): string {
  const framing = clientFraming(x);
  if (framing === 'json-array') return 'application/json';
  return x.endpoint.format.streamType ?? 'text/event-stream';
}

/** The upstream's stream is one that the client can be given as it is. */
export function framedAlike(x: Exchange, { same, format }: Speech): boolean {
  return same && (!x.stream || clientFraming(x) === (format.framing ?? 'sse'));
}

/** Whether an answer of that content type is a stream of that format. */
export function isStream(contentType: string, { format }: Speech): boolean {
  return contentType.startsWith(format.streamType ?? 'text/event-stream');
}
