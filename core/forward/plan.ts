import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { Forward } from './forward.js';
import { spokenAt } from './spoken-at.js';

/**
 * The hooks of a request that is only forwarded: those that need no more of it than its head and bytes. Chats that some
 * hook must read in the hub do not get past it on a provider's own path.
 */
export function plan(x: Exchange): void {
  const { plans } = x.runtime;
  const { path } = x.forward as Forward;
  const spoken = spokenAt(x.io, path);
  if (spoken !== null) {
    const { readsRequest, answer } = plans.find(spoken, x.model);
    if (readsRequest || answer === 'events' || answer === 'whole')
      throw gatewayError('forward_unguarded', { path: `the path of ${spoken.id}` });
  }
  x.plan = plans.find(x.endpoint.format, x.route?.name ?? x.model);
  x.runtime.bodies?.begin(x);
}
