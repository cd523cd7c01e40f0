import { headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';

/** Scheme and host by which the client has reached the gateway; null when they cannot be told. */
export function ownOrigin({ incoming, runtime }: Exchange): string | null {
  const host = headerOf(incoming.headers, 'host');
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return null;
  const asked = headerOf(incoming.headers, 'x-forwarded-proto');
  const secure = asked === 'https' || runtime.config.server.tls !== null;
  return `${secure ? 'https' : 'http'}://${host}`;
}
