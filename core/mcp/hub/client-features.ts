import type { Client, ClientCapabilities } from '@modelcontextprotocol/client';

import type { ListKind } from '../protocol.js';

export type { Client, ClientCapabilities };

/** What a server that is connected for one client alone can ask of that client, and tell it. */
export interface ClientFeatures {
  readonly capabilities: ClientCapabilities;
  /** Before it is connected. */
  wire(client: Client): void;
  /** Whenever it is, so also after a restart. */
  connected(client: Client): void;
  /** A list of the server has changed. */
  changed(what: ListKind): void;
}
