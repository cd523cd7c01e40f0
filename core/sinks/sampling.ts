import type { SettledRecord, TraceContext } from '@headgate/sdk';
import type { SinkSampling } from './sink-settings.js';

/** Told of everything. */
export const EVERYTHING: SinkSampling = {
  share: 1,
  rules: [],
  followParent: false,
  keepErrors: true,
  keepSlowerMs: null,
  keepCostlierNano: null,
};

/**
 * Whether a sink is told of a request. The share is taken of traces, by their ids: all requests of a trace are in it or none, on
 * every node, in every sink with that share. What is kept for being an error, slow or dear is seen request by request.
 */
export function isSampled(record: SettledRecord, trace: TraceContext, sampling: SinkSampling): boolean {
  const share =
    sampling.followParent && record.trace !== '' ? Number(trace.sampled) : shareOf(record, sampling);
  if (share >= 1) return true;
  if (sampling.keepErrors && record.outcome === 'error') return true;
  if (sampling.keepSlowerMs !== null && record.totalMs >= sampling.keepSlowerMs) return true;
  if (sampling.keepCostlierNano !== null && (record.costNano ?? 0) >= sampling.keepCostlierNano) return true;
  // The last digits, which W3C asks to be random: https://www.w3.org/TR/trace-context-2/#randomness-of-trace-id.
  return Number.parseInt(trace.traceId.slice(24), 16) < share * 2 ** 32;
}

function shareOf(record: SettledRecord, { rules, share }: SinkSampling): number {
  const rule = rules.find(
    ({ keys, models, teams, metadata = {} }) =>
      fits(keys, record.keyName) &&
      fits(models, record.model) &&
      fits(teams, record.team) &&
      Object.entries(metadata).every(
        ([name, values]) => Object.hasOwn(record.metadata, name) && fits(values, record.metadata[name] ?? ''),
      ),
  );
  return rule?.share ?? share;
}

function fits(patterns: readonly string[] | undefined, name: string): boolean {
  return (
    patterns === undefined ||
    patterns.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name))
  );
}
