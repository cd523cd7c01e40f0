import type { Cluster } from '../cluster/cluster.js';
import type { Config } from '../config/config.js';
import type { WatchedRules } from '../identity/watched-rules.js';
import type { McpService } from '../mcp/mcp-service.js';
import type { BudgetFact, ExpiryFact, MainFacts } from '../observe/main-facts.js';
import { counter, gauge, type MetricFamily } from '../observe/metric-family.js';
import type { PluginMetrics } from '../observe/plugin-metrics.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import { threadState } from '../observe/thread-watch.js';
import type { RotationCounts } from './rotation-schedule.js';
import { ruleWindow } from './rule-window.js';

export interface FactSources {
  readonly metrics: PluginMetrics;
  readonly process: ProcessMetrics;
  readonly mcp: McpService;
  readonly cluster: Cluster | null;
  readonly rules: WatchedRules;
  readonly rotations: RotationCounts;
  /** Of the worker pool. */
  readonly pool?: () => PoolState;
  readonly config: () => Config;
}

/** How the pool for CPU work fares. */
export interface PoolState {
  readonly threads: number;
  readonly waiting: number;
  readonly completed: number;
}

/** Most budgets and expiries that are told of at a time: each budget is a question to the database. */
const MOST = 1000;
const SOON_MS = 90 * 86_400_000;

/** What the main thread has to say at the moment. */
export async function gatherFacts(sources: FactSources, now = Date.now()): Promise<MainFacts> {
  const { config, rules, metrics, process, cluster, mcp, pool } = sources;
  const watched = rules.of(config());
  const budgets: BudgetFact[] = [];
  const expiring: ExpiryFact[] = [];
  for (const { link, expiresMs } of watched) {
    const { kind, id, name } = link;
    if (expiresMs !== null && expiresMs > now && expiresMs < now + SOON_MS)
      expiring.push({ kind, id, name, expiresMs });
    for (const { capNanos, raise, hard, ...window } of link.budgets) {
      const { start, end } = ruleWindow(window, now);
      const raised = raise !== null && now < raise.untilMs ? raise.nanos : 0;
      const per = window.window === 'rolling' ? `rolling ${window.per}` : window.per;
      budgets.push({ kind, id, name, per, hard, capNanos: capNanos + raised, startMs: start, endMs: end });
    }
  }
  return {
    families: [
      ...metrics.families(),
      ...(await process.families()),
      ...(await clusterFamilies(cluster)),
      ...(await mcpFamilies(mcp)),
      ...rotationFamilies(sources.rotations),
      ...(pool === undefined ? [] : poolFamilies(pool())),
    ],
    threads: [threadState('main')],
    budgets: budgets.slice(0, MOST),
    expiring: expiring.toSorted((a, b) => a.expiresMs - b.expiresMs).slice(0, MOST),
  };
}

async function clusterFamilies(cluster: Cluster | null): Promise<MetricFamily[]> {
  if (cluster === null) return [];
  // Loaded by those that have others.
  const loaded = await import('../cluster/cluster-metrics.js');
  return loaded.clusterFamilies(cluster);
}

function rotationFamilies({ done, failed }: RotationCounts): MetricFamily[] {
  return [
    counter('headgate_key_rotations_total', 'Keys that got another secret by their schedule.', [
      { labels: {}, value: done },
    ]),
    counter('headgate_key_rotation_failures_total', 'Tries of that which failed; they are made again.', [
      { labels: {}, value: failed },
    ]),
  ];
}

const STATES = ['idle', 'connecting', 'ready', 'failed'] as const;

async function mcpFamilies(mcp: McpService): Promise<MetricFamily[]> {
  const reply = await mcp.ask({ do: 'states', behalf: {} });
  if (!('states' in reply) || reply.states.length === 0) return [];
  const { states } = reply;
  const each = (of: (one: (typeof states)[number]) => number) =>
    states.map((one) => ({ labels: { server: one.id }, value: of(one) }));
  return [
    gauge(
      'headgate_mcp_server_state',
      'MCP servers, 1 for the state that a server is in.',
      states.flatMap(({ id, state }) =>
        STATES.map((one) => ({ labels: { server: id, state: one }, value: one === state ? 1 : 0 })),
      ),
    ),
    gauge(
      'headgate_mcp_server_tools',
      'Tools of an MCP server by its last list.',
      each(({ tools }) => tools ?? 0),
    ),
    gauge(
      'headgate_mcp_server_calls_running',
      'Calls that run at an MCP server.',
      each(({ running }) => running),
    ),
    counter(
      'headgate_mcp_server_restarts_total',
      'Times that an MCP server had to be connected again.',
      each(({ restarts }) => restarts),
    ),
  ];
}

function poolFamilies({ threads, waiting, completed }: PoolState): MetricFamily[] {
  return [
    gauge('headgate_pool_threads', 'Threads of the pool for CPU work.', [{ labels: {}, value: threads }]),
    gauge('headgate_pool_tasks_waiting', 'Tasks that wait for a thread of the pool.', [
      { labels: {}, value: waiting },
    ]),
    counter('headgate_pool_tasks_total', 'Tasks that the pool has done.', [{ labels: {}, value: completed }]),
  ];
}
