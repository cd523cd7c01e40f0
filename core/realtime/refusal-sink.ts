import type { HeaderList } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { ClientSink } from '../relay/sink.js';
import type { ClientSocket } from './client-socket.js';
import { codeOf, reasonText } from './close-code.js';

/** Where an answer goes once the client's handshake was accepted: an error becomes a message, and a close that says it. */
export class RefusalSink implements ClientSink {
  readonly full = false;
  onDrain: (() => void) | null = null;

  constructor(
    private readonly x: Exchange,
    private readonly client: ClientSocket,
  ) {}

  send(_status: number, _headers: HeaderList, _body: Uint8Array | string): void {
    const { x, client } = this;
    const error = x.error ?? canonicalError('session_ended');
    const message = x.endpoint.format.socket?.error(error, x.id) ?? null;
    if (message !== null) client.send(message, false);
    client.close(codeOf(error), reasonText(error.message));
  }

  start(): void {}

  write(): boolean {
    return true;
  }

  flush(): void {}

  end(): void {}

  cut(): void {
    this.client.close(undefined, '');
  }
}
