import { crc32 } from 'node:zlib';

/**
 * Messages of AWS's event stream, https://smithy.io/2.0/aws/amazon-eventstream.html: the lengths of the whole and of the
 * headers, their CRC-32, headers, payload, and the CRC-32 of all before it. Numbers are big-endian.
 */

const PRELUDE = 12;
const CHECKSUM = 4;
const STRING = 7;

function header(name: string, value: string): Buffer {
  const bytes = Buffer.from(`\0${name}\0\0\0${value}`);
  bytes[0] = name.length;
  bytes[name.length + 1] = STRING;
  bytes.writeUInt16BE(value.length, name.length + 2);
  return bytes;
}

function headersOf(kind: 'event' | 'exception', type: string): Buffer {
  return Buffer.concat([
    header(kind === 'event' ? ':event-type' : ':exception-type', type),
    header(':content-type', 'application/json'),
    header(':message-type', kind),
  ]);
}

/** Headers of the few types there are, made once each. */
const events = new Map<string, Buffer>();
const exceptions = new Map<string, Buffer>();

function message(headers: Buffer, json: string): Buffer {
  const length = PRELUDE + headers.length + Buffer.byteLength(json) + CHECKSUM;
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.set(headers, PRELUDE);
  bytes.write(json, PRELUDE + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, length - CHECKSUM)), length - CHECKSUM);
  return bytes;
}

function cached(cache: Map<string, Buffer>, kind: 'event' | 'exception', type: string): Buffer {
  let headers = cache.get(type);
  if (headers === undefined) {
    headers = headersOf(kind, type);
    cache.set(type, headers);
  }
  return headers;
}

/** One event. `type` is ASCII, one of the API's own names. */
export function eventMessage(type: string, json: string): Buffer {
  return message(cached(events, 'event', type), json);
}

/** One exception, which ends the stream. `type` is ASCII, one of the API's own names. */
export function exceptionMessage(type: string, json: string): Buffer {
  return message(cached(exceptions, 'exception', type), json);
}
