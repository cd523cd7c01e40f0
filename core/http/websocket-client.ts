import type { HeaderList } from '@headgate/sdk';
import type { ClientListener, ClientSocket } from '../realtime/client-socket.js';
import type { HttpResponse, WebSocket } from './uws.js';
import type { UwsSink } from './uws-sink.js';

/** What uWebSockets.js keeps with a socket. */
export interface SocketData {
  readonly client: UwsClientSocket;
}

/** What an upgrade needs and a request that is gone no longer has. */
export interface Handshake {
  upgrade(client: UwsClientSocket, protocol: string): void;
}

interface Queued {
  message: Buffer | string;
  binary: boolean;
}

/**
 * The client's WebSocket over uWebSockets.js. What is sent in one tick leaves in one write inside one cork.
 *
 * The library has no way to stop reading from a WebSocket, but one for an HTTP response, which is the same native socket
 * under another name: that of the response which became this socket is used. See docs/adr/0014-pausing-clients.md.
 */
export class UwsClientSocket implements ClientSocket {
  listener: ClientListener | null = null;
  private ws: WebSocket<SocketData> | null = null;
  private queue: Queued[] = [];
  private scheduled = false;
  private full = false;
  private paused = false;
  private readonly pauseNative: () => unknown;
  private readonly resumeNative: () => unknown;
  private readonly flushLater = (): void => {
    if (this.scheduled) this.flush();
  };

  constructor(
    res: HttpResponse,
    private readonly sink: UwsSink,
    private readonly handshake: Handshake,
  ) {
    this.pauseNative = res.pause;
    this.resumeNative = res.resume;
  }

  get isOpen(): boolean {
    return this.ws !== null;
  }

  open(protocol: string, headers: HeaderList): boolean {
    if (this.sink.gone) return false;
    this.sink.upgrade(headers, () => this.handshake.upgrade(this, protocol));
    return this.isOpen;
  }

  send(message: Buffer | string, binary: boolean): void {
    if (this.ws === null) return;
    this.queue.push({ message, binary });
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(this.flushLater);
  }

  ping(payload: Buffer): void {
    this.ws?.ping(payload);
  }

  close(code: number | undefined, reason: Buffer | string): void {
    if (this.ws === null) return;
    this.flush();
    const { ws } = this;
    this.listener = null;
    this.ws = null;
    if (code === undefined) ws.end();
    else ws.end(code, reason);
  }

  pause(): void {
    this.paused = true;
    this.stopReading();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const { ws } = this;
    if (ws !== null && ws.getBufferedAmount() === 0) this.resumeNative.call(ws);
  }

  /** Calls of the server. */
  opened(ws: WebSocket<SocketData>): void {
    this.ws = ws;
    if (this.paused) this.stopReading();
  }

  received(message: ArrayBuffer, binary: boolean): void {
    if (this.paused) this.stopReading();
    this.listener?.onClientMessage(Buffer.from(message), binary);
  }

  pinged(payload: ArrayBuffer): void {
    this.listener?.onClientPing(Buffer.from(payload));
  }

  drained(): void {
    const { ws } = this;
    if (ws === null || !this.full || ws.getBufferedAmount() > 0) return;
    if (this.paused) this.stopReading();
    else this.caughtUp();
  }

  /** Its connection is gone, before it was open or after. */
  closed(code: number, reason: Buffer): void {
    this.ws = null;
    this.queue = [];
    const { listener } = this;
    this.listener = null;
    listener?.onClientClose(code, reason);
  }

  flush(): void {
    this.scheduled = false;
    const { ws, queue } = this;
    if (ws === null || queue.length === 0) return;
    this.queue = [];
    let room = true;
    if (queue.length === 1) room = sent(ws, queue[0] as Queued);
    else
      ws.cork(() => {
        for (const one of queue) room = sent(ws, one) && room;
      });
    if (room || this.full || this.ws === null) return;
    this.full = true;
    this.listener?.onClientFull();
  }

  /**
   * A pause stops the writing too, and a write that has to wait ends a pause. So one that has to stay is begun again when
   * something comes all the same, and none is begun while something waits for the client: it would wait for ever.
   */
  private stopReading(): void {
    const { ws } = this;
    if (ws === null || ws.getBufferedAmount() > 0) return;
    this.pauseNative.call(ws);
    // Nobody will say so any more.
    if (this.full) this.caughtUp();
  }

  private caughtUp(): void {
    this.full = false;
    this.listener?.onClientDrain();
  }
}

/** False: it waits for the client, and so should the next. */
function sent(ws: WebSocket<SocketData>, { message, binary }: Queued): boolean {
  return ws.send(message, binary) === 1;
}
