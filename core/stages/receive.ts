import type { Exchange } from '../exchange.js';
import type { Wait } from '../pipeline.js';

/** Stage 4. Waits until the body is there, or has grown past the limit; most small bodies already are. */
export function receive(x: Exchange): Wait | undefined {
  const { body } = x.incoming;
  if (body.complete || body.tooLarge) return undefined;
  // Nobody knows yet; `scan` is where the wait has ended.
  x.bodyAt = Number.POSITIVE_INFINITY;
  return body;
}
