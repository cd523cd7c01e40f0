import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderList } from '@headgate/sdk';
import { type RawData, WebSocket } from 'ws';
import { writeFrame } from './websocket-frame.js';
import { SocketReads } from './websocket-reads.js';
import { readRefusal } from './websocket-refusal.js';

/** What becomes of a handshake: one of these, once. */
export interface HandshakeListener {
  /** `messages` must be set before this returns. */
  onOpen(): void;
  /** The provider answered with HTTP instead; nothing follows. */
  onRefused(status: number, headers: HeaderList, body: string): void;
  /** No WebSocket and no answer; nothing follows. */
  onFailed(error: Error): void;
}

/** What comes over an open WebSocket. */
export interface MessageListener {
  /** The message is only borrowed: it is gone when `onRead` has returned. */
  onMessage(message: Buffer, binary: boolean): void;
  /** All messages of one read were told. */
  onRead(): void;
  /** As with messages. */
  onPing(payload: Buffer): void;
  /** What was sent has left. */
  onDrain(): void;
  /** Once, at the end. 1006: the connection broke; `error` says how, when it was this side that saw something wrong. */
  onClose(code: number, reason: Buffer, error: Error | null): void;
}

export interface UpstreamSocketOptions {
  readonly headers: HeaderList;
  /** Until the provider has accepted the WebSocket. */
  readonly handshakeTimeoutMs: number;
  readonly messageLimitBytes: number;
}

/** Bytes that wait for the provider above which `send` says that it is slow. */
const FULL_BYTES = 256 * 1024;

/** A WebSocket to a provider, with flow control both ways. Nothing is compressed: the gateway looks at the bytes. */
export class UpstreamSocket {
  messages: MessageListener | null = null;
  private readonly ws: WebSocket;
  private socket: Socket | null = null;
  private error: Error | null = null;
  private opened = false;
  private over = false;

  constructor(url: string, options: UpstreamSocketOptions, listener: HandshakeListener) {
    const reads = new SocketReads(url.startsWith('wss:'), () => this.messages?.onRead());
    const ws = new WebSocket(url, {
      headers: headersOf(options.headers),
      handshakeTimeout: options.handshakeTimeoutMs,
      maxPayload: options.messageLimitBytes,
      createConnection: reads.connect,
      perMessageDeflate: false,
      // The client is no less able to see that a text is none.
      skipUTF8Validation: true,
    });
    this.ws = ws;
    ws.on('upgrade', (response: IncomingMessage) => this.follow(response.socket));
    ws.on('open', () => {
      this.opened = true;
      listener.onOpen();
      reads.sharing = true;
    });
    ws.on('unexpected-response', (request, response: IncomingMessage) => {
      readRefusal(response, (status, headers, body) => {
        request.destroy();
        if (!this.finish()) listener.onRefused(status, headers, body);
      });
    });
    ws.on('message', (message: RawData, binary) => this.messages?.onMessage(message as Buffer, binary));
    ws.on('ping', (payload: Buffer) => this.messages?.onPing(payload));
    ws.on('error', (error) => {
      this.error = error;
      if (!this.opened && !this.finish()) listener.onFailed(withCode(error));
    });
    ws.on('close', (code, reason: Buffer) => {
      if (!this.opened || this.finish()) return;
      this.messages?.onClose(code, reason, this.error);
    });
  }

  /** `message` is only borrowed: it is copied under the mask before this returns. False: the provider is slow. */
  send(message: Buffer, binary: boolean): boolean {
    const { socket } = this;
    if (socket === null || this.ws.readyState !== WebSocket.OPEN) return true;
    writeFrame(socket, message, binary);
    return socket.writableLength < FULL_BYTES;
  }

  /** Bytes that wait for the provider. */
  get waiting(): number {
    return this.ws.bufferedAmount;
  }

  ping(payload: Buffer): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.ping(Buffer.from(payload));
  }

  /** Stops reading; what has been read already still comes. */
  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  /** Ends it as the protocol has it. Without a code where none is to be said. */
  close(code: number | undefined, reason: Buffer | string): void {
    if (this.over) return;
    // One that is paused would never read the other side's answer.
    this.ws.resume();
    if (code === undefined) this.ws.close();
    else this.ws.close(code, reason);
  }

  /** Ends it at once; the listener hears nothing more. */
  cut(): void {
    this.over = true;
    this.ws.terminate();
  }

  private follow(socket: Socket): void {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('drain', () => {
      if (!this.over) this.messages?.onDrain();
    });
  }

  /** Whether it was over already. */
  private finish(): boolean {
    const { over } = this;
    this.over = true;
    return over;
  }
}

/** What a `ws` error says of a message that is larger than was allowed. */
export function isTooLarge(error: Error | null): boolean {
  return error !== null && 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}

/** A handshake that took too long has no code of its own. */
function withCode(error: Error): Error {
  if ('code' in error || !error.message.includes('timed out')) return error;
  return Object.assign(error, { code: 'ETIMEDOUT' });
}

/** Those that speak of a body or of the connection have no place in a handshake. */
const foreign = new Set([
  'content-type',
  'content-length',
  'accept-encoding',
  'connection',
  'upgrade',
  'host',
]);

function headersOf(list: HeaderList): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!foreign.has(name) && !name.startsWith('sec-websocket-')) headers[name] = list[i + 1] as string;
  }
  return headers;
}
