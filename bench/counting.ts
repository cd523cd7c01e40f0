/**
 * Scenario `k`: what a virtual key with nine rules costs a request. Three links (key, team, organization) have a limit of
 * requests, one of tokens and a budget each; the same requests also go to a Headgate that asks for no key. Both are asked
 * for the mock provider, so that nothing else runs on their core. Scenario `n`: the same where nodes share what is counted.
 */
import { CLIENT_KEY, compare, middle, more } from './compare.js';
import type { LoadDriver } from './driver.js';
import type { Options } from './options.js';
import { startPostgres } from './real-postgres.js';
import { startRedis } from './real-redis.js';

/** CPU time of a request in microseconds, medians over the rounds. */
export interface CountingResult {
  rounds: number;
  without: number;
  rules: number;
  /** Of the differences within a round. */
  added: number;
  problems: Record<string, number>;
}

/** The same, and of a node that shares what it counts. */
export interface SharedCountingResult extends CountingResult {
  shared: number;
  addedShared: number;
  /** Of a hundred requests: waits for Redis, and writes to it for whatever reason. */
  waits: number;
  roundTrips: number;
}

/** Far above what a run can use, so that they are counted but never refuse. */
const rules = {
  budgets: [{ usd: 1_000_000, per: 'month' }],
  limits: { rpm: 100_000_000, tpm: 1_000_000_000_000 },
};
/** A price, so that budgets have something to count. */
const prices = { 'mock/*': { input_per_million_usd: 1, output_per_million_usd: 2 } };
const base = { server: { threads: 1 }, prices, observability: { prometheus: true } };
const withoutKeys = { ...base, auth: { required: false } };
const withRules = {
  ...base,
  auth: { required: true },
  organizations: { o: rules },
  teams: { t: { ...rules, organization: 'o' } },
  keys: [{ name: 'bench', value: CLIENT_KEY, models: ['*'], team: 't', ...rules }],
};

export async function measureCounting(
  folder: string,
  driver: LoadDriver,
  options: Options,
): Promise<CountingResult> {
  const configs = { without: withoutKeys, rules: withRules };
  const { costs, problems } = await compare(configs, folder, driver, options);
  return {
    rounds: options.rounds,
    without: middle(costs.without),
    rules: middle(costs.rules),
    added: more(costs.rules, costs.without),
    problems,
  };
}

/** All three have databases of one Postgres that is started for them, one also a Redis. */
export async function measureSharedCounting(
  folder: string,
  driver: LoadDriver,
  options: Options,
): Promise<SharedCountingResult> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  try {
    const stored = async () => ({ store: { url: await postgres.database() } });
    const admin = {
      token: 'hga-bench-admin-token-0123456789',
      secret: 'bench-secret-of-all-nodes-0123456789',
    };
    let page = '';
    const configs = {
      without: { ...withoutKeys, ...(await stored()) },
      rules: { ...withRules, ...(await stored()) },
      shared: { ...withRules, ...(await stored()), admin, cluster: { redis: redis.url } },
    };
    const { costs, problems } = await compare(configs, folder, driver, options, async (targets) => {
      const node = targets.find(({ name }) => name === 'shared')!;
      const headers = { authorization: `Bearer ${admin.token}` };
      page = await (await fetch(`http://127.0.0.1:${node.port}/metrics`, { headers })).text();
    });
    const metric = (name: string): number =>
      Number(new RegExp(`^headgate_cluster_${name} (.*)$`, 'm').exec(page)?.[1]);
    // Each request takes from limits once, and once from budgets.
    const requests = metric('reservations_total') / 2;
    return {
      rounds: options.rounds,
      without: middle(costs.without),
      rules: middle(costs.rules),
      added: more(costs.rules, costs.without),
      shared: middle(costs.shared),
      addedShared: more(costs.shared, costs.without),
      waits: (100 * metric('waits_total')) / requests,
      roundTrips: (100 * metric('round_trips_total')) / requests,
      problems,
    };
  } finally {
    await Promise.all([postgres.stop(), redis.stop()]);
  }
}
