import type { HeaderList } from '@headgate/sdk';

/** The client's side of a session, whatever carries it. */
export interface ClientSocket {
  /** Told of everything that comes; set by whoever follows the socket. */
  listener: ClientListener | null;
  /** Accepts the client's handshake. False: it is gone. */
  open(protocol: string, headers: HeaderList): boolean;
  readonly isOpen: boolean;
  /** Queues a message for the end of the tick, or until `flush`; it is kept until then. */
  send(message: Buffer | string, binary: boolean): void;
  flush(): void;
  ping(payload: Buffer): void;
  /** Sends what is queued, then the close. Without a code where none is to be said. Nothing is heard of it any more. */
  close(code: number | undefined, reason: Buffer | string): void;
  /** Stops reading; what has been read already still comes. */
  pause(): void;
  resume(): void;
}

export interface ClientListener {
  /** `message` is only borrowed. */
  onClientMessage(message: Buffer, binary: boolean): void;
  onClientPing(payload: Buffer): void;
  /** The client is slow: send nothing more until `onClientDrain`. */
  onClientFull(): void;
  onClientDrain(): void;
  /** Once, when it was not us who closed. Before it was open: the client has left. */
  onClientClose(code: number, reason: Buffer): void;
}
