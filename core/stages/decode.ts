import { canonicalOf } from '../canonical-of.js';
import type { Exchange } from '../exchange.js';

/** Stage 7. To the hub, only when a plugin of the plan reads the request there. */
export function decode(x: Exchange): void {
  if (x.plan?.readsRequest === true) canonicalOf(x);
}
