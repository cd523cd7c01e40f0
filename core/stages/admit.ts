import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { tooLarge } from '../http/request-body.js';

/** Stage 2. Refuses what cannot be served now, before any work is done for it. */
export function admit(x: Exchange): void {
  const { io } = x;
  if (io.draining) throw gatewayError('draining');
  if (io.gate.refusing) throw gatewayError('record_unwritten');
  const { maxInFlight, maxHeaders, maxHeaderBytes } = x.runtime.config.server;
  if (io.inFlight > maxInFlight) throw gatewayError('too_many_in_flight', { limit: maxInFlight });
  let lengths = 0;
  let bytes = 0;
  const { headers, body } = x.incoming;
  for (let i = 0; i < headers.length; i += 2) {
    bytes += (headers[i] as string).length + (headers[i + 1] as string).length;
    if (headers[i] !== 'content-length') continue;
    // Two lengths mean two readings of where the next request begins: refuse both.
    if (++lengths > 1) throw gatewayError('duplicate_content_length');
    if (Number(headers[i + 1]) > body.limit) {
      body.refuse();
      throw tooLarge(body);
    }
  }
  if (bytes > maxHeaderBytes || headers.length > 2 * maxHeaders) {
    throw gatewayError('headers_too_large', { count: maxHeaders, bytes: maxHeaderBytes });
  }
}
