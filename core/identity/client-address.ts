import type { Exchange } from '../exchange.js';

/** Address of whoever is at the other end of the connection; '' inside the process. Only until the first wait. */
export function clientAddress(x: Exchange): string {
  return x.incoming.sink.address?.() ?? '';
}
