import type { WireFormat } from '@headgate/sdk';
import type { IoThread } from '../io-thread.js';
import type { ForwardPath } from './forward-path.js';

/** The wire format that is spoken at a provider's own path, where it is one that is known here. */
export function spokenAt(io: IoThread, path: ForwardPath): WireFormat | null {
  if (path.api !== null) return null;
  const basePath = io.runtime.providers.get(path.provider)?.provider.basePath ?? '';
  const tail = path.tail.startsWith(`${basePath}/`) ? path.tail.slice(basePath.length) : path.tail;
  const found = io.endpoints.at(tail) ?? io.endpoints.at(`/v1${tail}`);
  return found?.endpoint.format ?? null;
}
