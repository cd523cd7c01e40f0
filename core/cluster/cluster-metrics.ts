import { type MetricFamily, single } from '../observe/metric-family.js';
import type { Cluster } from './cluster.js';

/** How this node fares among the others. */
export function clusterFamilies(cluster: Cluster): MetricFamily[] {
  const { counts, holds, active } = cluster.lessor;
  return [
    single('gauge', 'headgate_cluster_nodes', 'Nodes that are there.', cluster.nodes),
    single('gauge', 'headgate_cluster_redis_up', 'Whether Redis answers.', cluster.away ? 0 : 1),
    single(
      'counter',
      'headgate_cluster_reservations_total',
      'Times that a request took from its limits or budgets.',
      cluster.reservations,
    ),
    single(
      'counter',
      'headgate_cluster_waits_total',
      'Times that a request had to wait for Redis to take from one of them.',
      counts.waits,
    ),
    single('counter', 'headgate_cluster_round_trips_total', 'Writes of counters to Redis.', holds.roundTrips),
    single(
      'counter',
      'headgate_cluster_recalls_total',
      'Times that other nodes were asked to give back what they held.',
      counts.recalls,
    ),
    single('gauge', 'headgate_cluster_counters', 'Counters in use that nodes share.', active.size),
  ];
}
