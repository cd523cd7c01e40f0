import { definePlugin } from '@headgate/sdk';
import { z } from 'zod';
import { RateLimiter } from './limiter.js';

const config = z.strictObject({
  /** Also limit principals whose chain says so, as it is when they are first seen. */
  chain: z.boolean().default(false),
  keys: z.array(
    z.strictObject({
      /** The principal's id. */
      id: z.string(),
      /** Its name, for messages. */
      name: z.string(),
      /** Requests a minute. */
      rpm: z.int().positive().optional(),
      /** Tokens a minute, input and output together. */
      tpm: z.int().positive().optional(),
    }),
  ),
});

/**
 * Requests and tokens a minute per virtual key, in fixed windows that start with each minute of the clock. Counted over
 * all threads; a burst across a minute's boundary may reach twice the limit, as with every fixed window.
 */
export default definePlugin({
  name: 'rate-limit',
  version: '1.0.0',
  config,
  async setup(host, { keys, chain }) {
    const limiter = new RateLimiter(host, chain);
    await Promise.all(keys.map((key) => limiter.watch(key)));
    return {
      // Before guards and caches: what is over the limit should cost nothing.
      request: { handler: (view) => limiter.admit(view), order: -100 },
      settled: (record, view) => limiter.correct(record, view),
    };
  },
});
