import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Received } from './received.js';

/** How one answer travels. Everything absent means: at once, whole, as a healthy provider does it. */
export interface Delivery {
  /** `head`: never answers. A number: sends so many events (0: the head alone), then nothing more, connection open. */
  hangAfter?: 'head' | number;
  delayHeadMs?: number;
  delayBetweenMs?: number;
  /** Closes the connection after so many bytes of the body. */
  cutAfterBytes?: number;
  /** Closes the connection after so many events; 0 cuts right after the head. */
  cutAfterEvents?: number;
  /** Closes the connection instead of answering. */
  cutBeforeHead?: boolean;
  /** Cuts with RST instead of FIN. */
  reset?: boolean;
  /** Ends the stream properly as HTTP, but without the API's own end marker. */
  noTerminator?: boolean;
  /** Bytes a write; 1 splits at every byte. */
  pieceBytes?: number;
  /** SSE lines end in CR LF. */
  crlf?: boolean;
  /** A comment line before every event, as proxies send to keep a connection alive. */
  comments?: boolean;
  gzip?: boolean;
}

interface EventBody {
  /** SSE events as text, each with its empty line; lines of NDJSON; or messages of a binary event stream. */
  events: Iterable<string | Buffer>;
  /** The API's end marker, or ''. */
  terminator: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer | EventBody;
}

const isEvents = (body: Reply['body']): body is EventBody => typeof body === 'object' && 'events' in body;

class Cut extends Error {}

/** Sends `reply` over `response` as `delivery` says. Returns when it is out, cut, or the peer has gone. */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  delivery: Delivery,
  record: Received,
): Promise<void> {
  const { signal } = record;
  try {
    if (delivery.delayHeadMs) await sleep(delivery.delayHeadMs, undefined, { signal });
    if (delivery.cutBeforeHead) throw new Cut();
    if (delivery.hangAfter === 'head') return;
    if (isEvents(reply.body)) await deliverEvents(response, reply, reply.body, delivery, record);
    else await deliverWhole(response, reply, Buffer.from(reply.body), delivery, record);
  } catch (error) {
    if (error instanceof Cut) cut(response, delivery.reset === true);
    else if (!signal.aborted) throw error;
  }
}

async function deliverWhole(
  response: ServerResponse,
  reply: Reply,
  plain: Buffer,
  delivery: Delivery,
  record: Received,
): Promise<void> {
  const body = delivery.gzip ? gzipSync(plain) : plain;
  const encoding = delivery.gzip ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(reply.status, { 'content-length': body.length, ...reply.headers, ...encoding });
  response.flushHeaders();
  if (delivery.hangAfter !== undefined) return;
  await send(response, body, delivery, record);
  await finish(response);
}

async function deliverEvents(
  response: ServerResponse,
  reply: Reply,
  body: EventBody,
  delivery: Delivery,
  record: Received,
): Promise<void> {
  response.writeHead(reply.status, reply.headers);
  response.flushHeaders();
  let sent = 0;
  const checkPoint = (): boolean => {
    if (delivery.cutAfterEvents === sent) throw new Cut();
    return delivery.hangAfter === sent;
  };
  for (const event of body.events) {
    if (checkPoint()) return;
    if (delivery.delayBetweenMs && sent > 0) {
      await sleep(delivery.delayBetweenMs, undefined, { signal: record.signal });
    }
    await send(response, eventBytes(event, delivery), delivery, record);
    sent += 1;
    record.eventsSent = sent;
    if (record.signal.aborted) return;
  }
  if (checkPoint()) return;
  if (!delivery.noTerminator) await send(response, lineBytes(body.terminator, delivery), delivery, record);
  await finish(response);
}

function eventBytes(event: string | Buffer, delivery: Delivery): Buffer {
  if (Buffer.isBuffer(event)) return event;
  return lineBytes(delivery.comments ? `: keep-alive\n\n${event}` : event, delivery);
}

const lineBytes = (text: string, delivery: Delivery): Buffer =>
  Buffer.from(delivery.crlf ? text.replace(/\r?\n/g, '\r\n') : text);

async function send(
  response: ServerResponse,
  bytes: Buffer,
  delivery: Delivery,
  record: Received,
): Promise<void> {
  const room = (delivery.cutAfterBytes ?? Number.POSITIVE_INFINITY) - record.bytesSent;
  const allowed = bytes.length > room ? bytes.subarray(0, room) : bytes;
  const piece = delivery.pieceBytes ?? allowed.length;
  for (let at = 0; at < allowed.length; at += piece) {
    if (record.signal.aborted) return;
    const chunk = allowed.subarray(at, at + piece);
    record.bytesSent += chunk.length;
    if (!response.write(chunk)) await drained(response, record.signal);
    // A turn of the loop between pieces, or the kernel would join them into one segment again.
    else if (delivery.pieceBytes) await new Promise(setImmediate);
  }
  if (allowed.length < bytes.length) throw new Cut();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    response.on('drain', go);
    signal.addEventListener('abort', go);
    if (signal.aborted) go();
  });
}

function finish(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.end(() => resolve());
  });
}

function cut(response: ServerResponse, reset: boolean): void {
  const { socket } = response;
  if (socket === null) return;
  if (reset) socket.resetAndDestroy();
  // The bytes before the cut must arrive: destroy() could drop what the kernel has not taken yet.
  else socket.destroySoon();
}
