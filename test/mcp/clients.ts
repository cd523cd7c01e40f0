import {
  type ClientOptions,
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

type Fetch = typeof globalThis.fetch;

export interface Way {
  readonly fetch: Fetch;
  readonly key?: string;
  /** After the host. */
  readonly path?: string;
  readonly url?: string;
}

function optionsOf({ fetch, key }: Way): { fetch: Fetch; requestInit: RequestInit } {
  return { fetch, requestInit: { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } } };
}

const urlOf = ({ url = 'http://127.0.0.1', path = '/mcp' }: Way): URL => new URL(url + path);

/** The official client of the second generation; `auto` finds the newest revision. */
export async function newClient(
  way: Way,
  mode: 'legacy' | 'auto' = 'legacy',
  options: ClientOptions = {},
  wire: (client: NewClient) => void = () => {},
): Promise<NewClient> {
  const client = new NewClient({ name: 'test', version: '1' }, { ...options, versionNegotiation: { mode } });
  wire(client);
  await client.connect(new NewTransport(urlOf(way), optionsOf(way)));
  return client;
}

/** The official client of the first generation. */
export async function oldClient(
  way: Way,
  capabilities: object = {},
  wire: (client: OldClient) => void = () => {},
): Promise<OldClient> {
  const client = new OldClient({ name: 'test', version: '1' }, { capabilities });
  wire(client);
  await client.connect(new OldTransport(urlOf(way), optionsOf(way)) as never);
  return client;
}

export function textOf(result: object): string {
  return (result as { content: { text?: string }[] }).content.map(({ text = '' }) => text).join('');
}
