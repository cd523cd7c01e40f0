import { definePlugin } from '@headgate/sdk';
import { z } from 'zod';
import { Budgets } from './budgets.js';

const config = z.strictObject({
  /** Also keep the budgets of principals whose chain says so, as it is when they are first seen. */
  chain: z.boolean().default(false),
  keys: z.array(
    z.strictObject({
      /** The principal's id. */
      id: z.string(),
      /** Its name, for messages. */
      name: z.string(),
      /** Nano-dollars: 1 US dollar is 1e9. */
      capNanos: z.int().positive(),
      /** Calendar period in UTC; a week begins on Monday. */
      per: z.enum(['minute', 'hour', 'day', 'week', 'month', 'year']),
    }),
  ),
});

/**
 * What a virtual key may spend in a calendar period. Each request first reserves the most it can cost, so that the sum
 * never passes the cap however many requests run at once, and gives back what it did not use when it is settled. Counted
 * over all threads; what the ledger knows of the running period is counted before the first request.
 */
export default definePlugin({
  name: 'budget',
  version: '1.0.0',
  config,
  async setup(host, { keys, chain }) {
    const budgets = new Budgets(host, chain);
    await Promise.all(keys.map((key) => budgets.watch(key)));
    return {
      // After guards, caches and edits: what they answer costs nothing, and what they change changes the cost.
      request: { handler: (view) => budgets.admit(view), order: 100 },
      settled: (record, view) => budgets.settle(record, view),
    };
  },
});
