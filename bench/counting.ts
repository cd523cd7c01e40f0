/**
 * Scenario `k`: what a virtual key with nine rules costs a request. Three links (key, team, organization) have a limit of
 * requests, one of tokens and a budget each; the same requests also go to a Headgate that asks for no key. Both are asked
 * for the mock provider, so that nothing else runs on their core. Scenario `n`: the same where nodes share what is counted.
 */
import { join } from 'node:path';
import { stopChild } from './children.js';
import type { LoadDriver } from './driver.js';
import { startWith } from './headgate.js';
import type { Options } from './options.js';
import { cpuBetween, readCpu } from './proc.js';
import { startPostgres } from './real-postgres.js';
import { startRedis } from './real-redis.js';
import { chatRequest } from './shapes.js';
import { median } from './summary.js';
import type { Target } from './target.js';

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

const KEY = 'hg-bench-key-0123456789';
const CONNECTIONS = 64;

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
  keys: [{ name: 'bench', value: KEY, models: ['*'], team: 't', ...rules }],
};

/** Puts each of them under the same load in turn. `after` is called before they are stopped. */
async function compare<Name extends string>(
  configs: Readonly<Record<Name, object>>,
  folder: string,
  driver: LoadDriver,
  options: Options,
  after: (targets: readonly Target[]) => Promise<void> = async () => {},
): Promise<{ costs: Record<Name, number[]>; problems: Record<string, number> }> {
  const targets: Target[] = [];
  for (const [name, config] of Object.entries(configs)) {
    const { port, child } = await startWith(config as object, join(folder, name), 1);
    const headers = () => ({ authorization: `Bearer ${KEY}` });
    targets.push({ name, port, child, headers, model: (model) => model });
  }
  const problems: Record<string, number> = {};
  const costs = Object.fromEntries(targets.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  const cpuOf = async (target: Target, seconds: number): Promise<number> => {
    const pid = target.child!.pid!;
    const headers = { 'content-type': 'application/json', ...target.headers('same') };
    const before = readCpu(pid);
    const load = {
      target,
      headers,
      body: chatRequest('mock/hello', false),
      connections: CONNECTIONS,
      seconds,
    };
    const result = await driver.fast(load);
    Object.assign(problems, result.problems);
    return cpuBetween(before, readCpu(pid)).used / result.requests;
  };
  // Code that has not run yet is slow.
  for (const target of targets) await cpuOf(target, options.smoke ? 1 : 3);
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const target = targets[(turn + round) % targets.length]!;
      costs[target.name as Name].push(await cpuOf(target, options.seconds));
    }
  }
  await after(targets);
  for (const { child } of targets) await stopChild(child!);
  return { costs, problems };
}

const middle = (values: number[]): number => median(values) ?? Number.NaN;
const more = (some: number[], less: number[]): number => middle(some.map((cost, i) => cost - less[i]!));

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
