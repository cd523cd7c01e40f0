import { type Reply, reply } from '@headgate/sdk';

/** The 503 when nobody can tell what of a limit or budget is left. */
export function uncounted(who: string): Reply {
  return reply.error(
    'unavailable',
    'counters_unavailable',
    `${who} cannot be counted at the moment: Redis, which the nodes share (cluster.redis), does not answer.`,
    { retryAfterMs: RETRY_MS },
  );
}

const RETRY_MS = 1000;
