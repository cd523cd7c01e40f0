import { gatherFacts } from '../../core/admin/gather-facts.js';
import type { Cluster } from '../../core/cluster/cluster.js';
import { clusterFamilies } from '../../core/cluster/cluster-metrics.js';
import type { Config } from '../../core/config/config.js';
import { WatchedRules } from '../../core/identity/watched-rules.js';
import type { McpService } from '../../core/mcp/mcp-service.js';
import { alertFamily } from '../../core/observe/alert-family.js';
import { budgetFamilies } from '../../core/observe/budget-families.js';
import { ejectedTargets } from '../../core/observe/ejected-targets.js';
import { litellmFamilies } from '../../core/observe/litellm-families.js';
import type { MetricFamily } from '../../core/observe/metric-family.js';
import { type MetricSettings, USUAL_METRICS } from '../../core/observe/metric-labels.js';
import { RequestMetrics } from '../../core/observe/metrics.js';
import { OtlpPush, pushFamilies } from '../../core/observe/otlp-push.js';
import { PluginMetrics } from '../../core/observe/plugin-metrics.js';
import { ProcessMetrics } from '../../core/observe/process-metrics.js';
import { requestFamilies } from '../../core/observe/request-families.js';
import { threadFamilies } from '../../core/observe/thread-families.js';
import { noCounts } from '../../core/sinks/sink-counts.js';
import { sinkFamilies } from '../../core/sinks/sink-metrics.js';
import { ledgerFamilies } from '../../core/store/ledger-metrics.js';
import { attempt, settled } from '../store/records.js';

/** Every metric that a gateway can have, each with a value. */
export async function everyFamily(settings: MetricSettings = USUAL_METRICS): Promise<MetricFamily[]> {
  const metrics = new RequestMetrics(settings);
  metrics.add([
    settled({ model: 'a"b\\c\nd', team: 'ü', customer: '世界', firstTokenMs: 5 }),
    settled({ outcome: 'error', error: 'provider_error', status: 502, attempts: [attempt({ status: 500 })] }),
    settled({ outcome: 'error', error: 'budget_exceeded', status: 402, provider: '', attempts: [] }),
    settled({ attempts: [attempt(), attempt({ provider: 'groq' })], metadata: { 'cost-center': '7"\\' } }),
    settled({ operation: 'tool', provider: 'files', targetModel: 'read', cache: 'hit-exact' }),
  ]);
  const rule = { per: 'day', hard: true, capNanos: 5e9, startMs: 0, endMs: 86_400_000, spentNanos: 1e9 };
  const budgets = (['key', 'team', 'user', 'organization', 'customer'] as const).map((kind) => ({
    kind,
    id: 'x',
    name: 'X',
    ...rule,
  }));
  const facts = await gatherFacts({
    metrics: new PluginMetrics(),
    process: new ProcessMetrics(),
    mcp: {
      ask: async () => ({ states: [{ id: 'files', state: 'ready', tools: 2, running: 1, restarts: 0 }] }),
    } as unknown as McpService,
    cluster: null,
    rotations: { done: 1, failed: 2 },
    rules: new WatchedRules(),
    pool: () => ({ threads: 1, waiting: 0, completed: 3 }),
    config: () => ({ keys: [], entities: new Map() }) as unknown as Config,
  });
  const push = new OtlpPush(
    { url: 'http://127.0.0.1:9', headers: {}, intervalMs: 1e6, timeoutMs: 1 },
    { post: () => Promise.reject(new Error()), families: async () => [], resource: {}, log: () => {} },
  );
  const [state] = facts.threads;
  const gauges = [
    {
      in_flight_requests: 3,
      resting: [{ provider: 'openai', key: 'key-1' }],
      ejected: [{ provider: 'openai', model: 'gpt-4o', out: true, times: 2 }],
    },
  ];
  const pauses = [{ kind: 'minor', count: 1, seconds: 0.001 }];
  return [
    ...requestFamilies(metrics),
    ...(settings.litellmNames ? litellmFamilies(metrics, 3, ejectedTargets(gauges)) : []),
    ...budgetFamilies(budgets, settings.litellmNames),
    ...threadFamilies(state === undefined ? [] : [{ ...state, pauses }], gauges),
    ...ledgerFamilies({
      inFlightRequests: 3,
      received: 1,
      stored: 1,
      lost: 0,
      waiting: 0,
      backlogBytes: 0,
      logWritesDropped: 0,
      bodiesDropped: 0,
      ok: true,
    }),
    ...clusterFamilies({
      nodes: 1,
      away: false,
      reservations: 1,
      lessor: { counts: { waits: 0, recalls: 0 }, holds: { roundTrips: 0 }, active: new Set() },
    } as unknown as Cluster),
    ...facts.families,
    ...pushFamilies([push]),
    ...sinkFamilies([{ name: 'x', use: 'otlp', counts: noCounts(), backlogBytes: 0, failing: null }], 0),
    alertFamily([{ name: 'ops', ok: 1, failed: 0, given_up: 0 }]),
  ];
}
