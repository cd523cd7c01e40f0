import { crc32 } from 'node:zlib';
import { asBuffer } from './as-buffer.js';
import { ByteHold } from './byte-hold.js';
import type { OnEvent } from './sse-split.js';

/** Lengths of the whole message and of its headers, and their CRC-32. */
export const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** A message without headers and payload. */
export const LEAST_MESSAGE_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;

const DEFAULT_MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const STRING = 7;
/** Bytes of a header's value by its type: true, false, byte, short, int, long; then bytes, string, timestamp, UUID. */
const VALUE_BYTES = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];

const NO_BYTES = Buffer.alloc(0);

/** Put before the type of an exception, or the code of an error, where the type of an event would be. */
export const EXCEPTION_PREFIX = 'exception:';

export interface EventStreamLimits {
  /** Bytes that a message may have, all told. Default 32 MiB. */
  readonly maxMessageBytes?: number;
}

/** Thrown when the bytes are no event stream, or not the one that was sent. The reader is of no use afterwards. */
export class EventStreamDamaged extends Error {
  override readonly name = 'EventStreamDamaged';
}

/** Thrown when a message is larger than allowed. The reader is of no use afterwards. */
export class EventStreamMessageTooLarge extends Error {
  override readonly name = 'EventStreamMessageTooLarge';

  constructor(readonly maxMessageBytes: number) {
    super(`the event stream has a message of more than ${maxMessageBytes} bytes`);
  }
}

/** What is wrong with the prelude that stands at `at`, or undefined. */
export function preludeFault(bytes: Buffer, at: number): string | undefined {
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32BE(at + 8))
    return 'the checksum of a prelude is wrong';
  const length = bytes.readUInt32BE(at);
  return length < LEAST_MESSAGE_BYTES || bytes.readUInt32BE(at + 4) > length - LEAST_MESSAGE_BYTES
    ? 'the lengths of a message contradict each other'
    : undefined;
}

/**
 * Reads messages of AWS's event stream (https://smithy.io/2.0/aws/amazon-eventstream.html) from chunks that may be cut at
 * any byte. Calls back with the `:event-type` and the payload as text; for an exception with
 * {@link EXCEPTION_PREFIX} and the `:exception-type`, for an error with the prefix and the `:error-code` and a payload of
 * `{ message }`. A message that is damaged or too large throws, those before it were delivered. Calls back in the middle of
 * `push`; what the callback throws goes through, and ends the reader's use.
 */
export class EventStreamReader {
  readonly #onEvent: OnEvent;
  readonly #maxMessageBytes: number;
  /** The start of a message whose end has not come yet. */
  readonly #held = new ByteHold();
  /** Length of the message held; 0 while its prelude is not there. */
  #length = 0;
  #lastHeaders: Buffer = NO_BYTES;
  #lastNames = new MessageHeaders();

  constructor(onEvent: OnEvent, limits: EventStreamLimits = {}) {
    this.#onEvent = onEvent;
    this.#maxMessageBytes = limits.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  }

  push(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    let at = this.#held.length > 0 ? this.#complete(chunk) : 0;
    while (at < chunk.length) {
      const left = chunk.length - at;
      const length = left < PRELUDE_BYTES ? 0 : this.#lengthAt(chunk, at);
      if (length === 0 || length > left) {
        this.#length = length;
        this.#held.append(chunk, at, chunk.length);
        return;
      }
      this.#message(chunk, at, length);
      at += length;
    }
  }

  /** The stream is over: throws when it was cut in the middle of a message. */
  end(): void {
    if (this.#held.length === 0) return;
    this.#held.take();
    throw new EventStreamDamaged('the event stream ends in the middle of a message');
  }

  /** Adds to the message held what belongs to it, and delivers it when it is whole. Returns where the next one starts. */
  #complete(chunk: Buffer): number {
    const held = this.#held;
    let at = 0;
    if (this.#length === 0) {
      at = Math.min(chunk.length, PRELUDE_BYTES - held.length);
      held.append(chunk, 0, at);
      if (held.length < PRELUDE_BYTES) return at;
      this.#length = this.#lengthAt(held.lastBytes(PRELUDE_BYTES), 0);
    }
    const end = Math.min(chunk.length, at + this.#length - held.length);
    held.append(chunk, at, end);
    if (held.length < this.#length) return end;
    this.#length = 0;
    const message = held.take();
    this.#message(message, 0, message.length);
    return end;
  }

  /** Length of the message whose prelude stands at `at`, checked before anything is kept because of it. */
  #lengthAt(bytes: Buffer, at: number): number {
    const fault = preludeFault(bytes, at);
    if (fault !== undefined) throw this.#damaged(fault);
    const length = bytes.readUInt32BE(at);
    if (length <= this.#maxMessageBytes) return length;
    this.#held.take();
    throw new EventStreamMessageTooLarge(this.#maxMessageBytes);
  }

  #message(bytes: Buffer, at: number, length: number): void {
    const end = at + length - CHECKSUM_BYTES;
    if (crc32(bytes.subarray(at, end)) !== bytes.readUInt32BE(end))
      throw this.#damaged('the checksum of a message is wrong');
    const payload = at + PRELUDE_BYTES + bytes.readUInt32BE(at + 4);
    const headers = this.#headers(bytes, at + PRELUDE_BYTES, payload);
    const data = headers.error === null ? bytes.toString('utf8', payload, end) : headers.error;
    this.#onEvent(headers.event, data);
  }

  /** Streams repeat the same headers over and over: comparing them with the last ones is cheaper than reading them. */
  #headers(bytes: Buffer, start: number, end: number): MessageHeaders {
    const last = this.#lastHeaders;
    if (end - start === last.length && last.compare(bytes, start, end) === 0) return this.#lastNames;
    const names = new MessageHeaders();
    const fault = names.read(bytes, start, end);
    if (fault !== undefined) throw this.#damaged(fault);
    this.#lastHeaders = Buffer.from(bytes.subarray(start, end));
    this.#lastNames = names;
    return names;
  }

  #damaged(why: string): EventStreamDamaged {
    this.#held.take();
    return new EventStreamDamaged(`${why} in the event stream`);
  }
}

/** What the headers of a message say about it. */
class MessageHeaders {
  event = '';
  /** The payload of an error, which has none on the wire: its message is a header. Null for anything else. */
  error: string | null = null;

  /** Returns what is wrong with the headers, or undefined. */
  read(bytes: Buffer, start: number, end: number): string | undefined {
    const found = new Map<string, string>();
    for (let at = start; at < end; ) {
      const nameEnd = at + 1 + (bytes[at] as number);
      const type = nameEnd < end ? (bytes[nameEnd] as number) : -1;
      const fixed = VALUE_BYTES[type];
      if (fixed === undefined || nameEnd === at + 1) return 'a header is malformed';
      const from = nameEnd + (fixed < 0 ? 3 : 1);
      if (from > end) return 'a header is cut short';
      const to = from + (fixed < 0 ? bytes.readUInt16BE(nameEnd + 1) : fixed);
      if (to > end) return 'a header is cut short';
      if (type === STRING)
        found.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', from, to));
      at = to;
    }
    this.#name(found);
    return undefined;
  }

  #name(found: ReadonlyMap<string, string>): void {
    switch (found.get(':message-type')) {
      case 'exception':
        this.event = EXCEPTION_PREFIX + (found.get(':exception-type') ?? '');
        break;
      case 'error':
        this.event = EXCEPTION_PREFIX + (found.get(':error-code') ?? '');
        this.error = JSON.stringify({ message: found.get(':error-message') ?? '' });
        break;
      default:
        this.event = found.get(':event-type') ?? '';
    }
  }
}
