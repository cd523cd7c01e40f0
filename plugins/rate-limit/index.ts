import { definePlugin } from '@headgate/sdk';
import { RateLimiter } from './limiter.js';

/**
 * Requests and tokens a window, and requests at once, of virtual keys and of all they belong to. Counted over all threads. A
 * burst across the boundary of a calendar window may reach twice the limit, as with every fixed window; a rolling one has none.
 */
export default definePlugin({
  name: 'rate-limit',
  version: '1.0.0',
  setup(host) {
    const limiter = new RateLimiter(host);
    return {
      // Before guards and caches: what is over the limit should cost nothing.
      request: { handler: (view) => limiter.admit(view), order: -100 },
      refused: (_, view) => limiter.giveBack(view),
      settled: (record, view) => limiter.correct(record, view),
    };
  },
});
