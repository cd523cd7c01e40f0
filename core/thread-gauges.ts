import type { IoThread } from './io-thread.js';
import type { EjectedTarget, ThreadGauges } from './observe/recorder-protocol.js';
import { threadState } from './observe/thread-watch.js';
import type { Runtime } from './runtime.js';

/** Of the requests that have run longest, so many are told. */
const OLDEST = 20;

/**
 * How an I/O thread is at this moment, for who asks for metrics.
 *
 * @param name null: the main thread, which tells of itself
 */
export function threadGauges(io: IoThread, name: string | null): ThreadGauges {
  const now = performance.now();
  return {
    in_flight_requests: io.inFlight,
    ...(name !== null && { thread: threadState(name) }),
    resting: [...(io.configured?.providers.values() ?? [])].flatMap(({ provider }) =>
      provider.keys.keys
        .filter(({ restsUntil }) => restsUntil > now)
        .map((key) => ({ provider: provider.id, key: key.name })),
    ),
    ejected: io.configured === null ? [] : ejectedTargets(io.configured),
    oldest: io.deadlines.longest(OLDEST).map(({ id, model, target, startedAt }) => ({
      id,
      model: model.slice(0, 256),
      provider: target?.provider.id ?? '',
      ms: now - startedAt,
    })),
  };
}

/** A target of several models is there for each of them. */
function ejectedTargets({ models }: Runtime): EjectedTarget[] {
  return [...models.configured.values()].flatMap(({ targets }) =>
    targets.flatMap(({ provider, model, standing }) => {
      if (standing === null || standing.ejection.count === 0) return [];
      const { until, count } = standing.ejection;
      return [{ provider: provider.id, model, out: until !== 0, times: count }];
    }),
  );
}
