import { definePlugin } from '@headgate/sdk';
import { Budgets } from './budgets.js';

/**
 * What virtual keys and all they belong to may spend in a window. Each request first reserves the most it can cost on every
 * budget concerned, so that no sum ever passes its cap however many requests run at once, and gives back what it did not use
 * when it is settled. Counted over all threads; what the ledger knows of the running window is counted before the first request.
 */
export default definePlugin({
  name: 'budget',
  version: '1.0.0',
  setup(host) {
    const budgets = new Budgets(host);
    return {
      // After guards, caches and edits: what they answer costs nothing, and what they change changes the cost.
      request: { handler: (view) => budgets.admit(view), order: 100 },
      route: (targets, view) => budgets.route(targets, view),
      settled: (record, view) => budgets.settle(record, view),
    };
  },
});
