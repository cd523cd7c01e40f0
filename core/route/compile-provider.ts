import type { HeaderList, ProviderRow, Signer, Transport, WireFormat } from '@headgate/sdk';
import type { ProviderConfig } from '../config/config.js';
import { KeyRing, type KeySource } from './key-ring.js';
import type { Provider } from './provider.js';
import type { Speech } from './target.js';

export interface ProviderParts {
  readonly row: ProviderRow;
  readonly signer: Signer;
  /** The transport of a provider that answers inside the process. */
  readonly local: Transport | null;
  /** A pool for an origin; the same one for the same origin and time-out. */
  readonly http: (origin: string, connectTimeoutMs: number) => Transport;
}

/** A provider with everything done that can be done before a request comes. */
export function compileProvider(config: ProviderConfig, parts: ProviderParts): Provider {
  const { row, local } = parts;
  const url = new URL(config.baseUrl ?? row.baseUrl ?? 'http://localhost');
  const basePath = url.pathname.replace(/\/$/, '');
  const fixed: HeaderList = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'headgate',
  ];
  for (const [name, value] of Object.entries(row.headers)) set(fixed, name.toLowerCase(), value);
  for (const [name, value] of config.headers) set(fixed, name, value.reveal());
  return {
    id: config.id,
    row,
    transport: (connectTimeoutMs) => local ?? parts.http(url.origin, connectTimeoutMs),
    signer: parts.signer,
    keys: new KeyRing(keySources(config), parts.signer, row.signerOptions, fixed),
    paths: new Map(
      Object.entries(config.formats ?? row.formats).map(([format, path]) => [format, basePath + path]),
    ),
    priceId: config.row,
  };
}

function keySources(config: ProviderConfig): KeySource[] {
  if (config.keys.length === 0) return [{ name: 'none', value: '', weight: 1, models: null }];
  return config.keys.map((key) => ({ ...key, value: key.value.reveal() }));
}

function set(headers: HeaderList, name: string, value: string): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    headers[i + 1] = value;
    return;
  }
  headers.push(name, value);
}

/**
 * How a provider is spoken to for each client format: in the format itself when it has it, else in the first format of
 * the same operation that can be translated. Formats it cannot serve are absent.
 */
export function speeches(provider: Provider, formats: ReadonlyMap<string, WireFormat>): Map<string, Speech> {
  const found = new Map<string, Speech>();
  for (const client of formats.values()) {
    const path = provider.paths.get(client.id);
    if (path !== undefined) {
      found.set(client.id, { format: client, path, same: true, codec: client.request ?? null });
      continue;
    }
    for (const [id, otherPath] of provider.paths) {
      const other = formats.get(id);
      if (other === undefined || other.operation !== client.operation || !translatable(other, client))
        continue;
      found.set(client.id, { format: other, path: otherPath, same: false, codec: other.request ?? null });
      break;
    }
  }
  return found;
}

function translatable(target: WireFormat, client: WireFormat): boolean {
  return [target, client].every((format) => format.request && format.response && format.stream);
}
