import { connect, type createConnection, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { FrameWalk } from './websocket-walk.js';

/** All connections of a thread read into this. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

const HEAD_END = '\r\n\r\n';
const SWITCHING = /^HTTP\/1\.1 101 /;

/**
 * How the connection of a WebSocket is made and read. The usual way makes a buffer of 64 KB for every read: memory outside
 * the heap, and for every 64 MB of it a full garbage collection, however little of it is in use. Here one buffer is read into
 * again and again, and is only copied out of where part of it will be needed later.
 */
export class SocketReads {
  /** For the request that becomes the WebSocket. */
  readonly connect: typeof createConnection;
  /** The handshake is over, and whoever gets the messages is done with them when `onRead` has returned. */
  sharing = false;
  private readonly walk = new FrameWalk();
  /** What came before the first frame; null once that is complete. */
  private head: string | null = '';

  constructor(
    secure: boolean,
    private readonly onRead: () => void,
  ) {
    const connector = (options: ConnectionOptions): Socket => this.open(options, secure);
    this.connect = connector as typeof createConnection;
  }

  private open(options: ConnectionOptions, secure: boolean): Socket {
    const { servername, host = '' } = options;
    const onread = {
      buffer: shared,
      callback: (size: number, buffer: Uint8Array): boolean => {
        const view = shared.subarray(0, size);
        // As the stream itself would say it.
        socket.emit('data', this.mayPass(view) ? view : Buffer.from(buffer.subarray(0, size)));
        this.onRead();
        return true;
      },
    };
    const given = { ...options, path: undefined, onread };
    const socket: Socket = secure
      ? connectTls({ ...given, servername: servername ?? (isIP(host) === 0 ? host : '') })
      : connect({ ...given, port: options.port ?? 0 });
    return socket;
  }

  private mayPass(chunk: Buffer): boolean {
    if (this.head === null) return this.walk.holdsWholeMessages(chunk) && this.sharing;
    this.skipHead(chunk);
    return false;
  }

  /** Frames may come in one chunk with the end of the handshake. Before it there may be answers that say nothing yet. */
  private skipHead(chunk: Buffer): void {
    let text = `${this.head}${chunk.toString('latin1')}`;
    for (;;) {
      const end = text.indexOf(HEAD_END);
      if (end < 0) break;
      const isSwitch = SWITCHING.test(text);
      text = text.slice(end + HEAD_END.length);
      if (!isSwitch) continue;
      this.head = null;
      this.walk.holdsWholeMessages(Buffer.from(text, 'latin1'));
      return;
    }
    this.head = text;
  }
}
