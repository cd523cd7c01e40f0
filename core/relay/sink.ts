import type { HeaderList } from '@headgate/sdk';

/**
 * The client's side of an exchange, whatever carries it (uWebSockets.js, an in-process `fetch`). Push only: `write`
 * answers false when the client is slow, and `onDrain` is called once it has caught up.
 */
export interface ClientSink {
  /** A whole answer: status line, headers and body leave together. */
  send(status: number, headers: HeaderList, body: Uint8Array | string): void;
  /** Begins a streamed answer; the head leaves with the first bytes or at the end of the tick. */
  start(status: number, headers: HeaderList): void;
  /** Queues bytes for the end of the tick. False: the client is not keeping up. */
  write(chunk: Uint8Array | string): boolean;
  /** Sends what is queued now instead of at the end of the tick. */
  flush(): void;
  /** The client is not keeping up; `onDrain` will say when it has. */
  readonly full: boolean;
  /** Ends a streamed answer. */
  end(): void;
  /** Cuts the connection: the only honest end for a body that cannot carry an error. */
  cut(): void;
  /** Of the client's end of the connection; absent where there is none. */
  address?(): string;
  /** Set by whoever writes. */
  onDrain: (() => void) | null;
  /** Set by whoever answers without an exchange and must know that the client has left; not there where nobody can. */
  onLeft?: (() => void) | null;
}
