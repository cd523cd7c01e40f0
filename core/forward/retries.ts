import { DEFAULT_RETRIES } from '../config/resolve-models.js';
import type { Exchange } from '../exchange.js';
import type { Speech } from '../route/speech.js';
import type { Retries } from '../route/target.js';

/** What may be done twice without harm is tried again; what makes something is not, unless a model's own chain says so. */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const ONCE: Retries = {
  ...DEFAULT_RETRIES,
  attempts: 1,
  statuses: new Set(),
  onTimeout: false,
  onConnection: false,
};

export function retriesOf(x: Exchange): Retries {
  return x.route?.retries ?? (REPEATABLE.has(x.incoming.method) ? DEFAULT_RETRIES : ONCE);
}

/** Whether the body is still here after it was sent once: an upload is nowhere any more. */
export function mayTryAgain({ incoming, forward }: Exchange): boolean {
  return !incoming.body.streamed || forward?.form?.whole === true;
}

/** For errors: the provider's words are in the client's format. */
export function speechOf(x: Exchange): Speech {
  return { format: x.endpoint.format, path: { whole: '', streamed: '' }, same: true, codec: null };
}
