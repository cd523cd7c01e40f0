/**
 * Scenario `k`: what a virtual key with nine rules costs a request. Three links (key, team, organization) have a limit of
 * requests, one of tokens and a budget each; the same requests also go to a Headgate that asks for no key. Both are asked
 * for the mock provider, so that nothing else runs on their core.
 */
import { join } from 'node:path';
import { stopChild } from './children.js';
import type { LoadDriver } from './driver.js';
import { startWith } from './headgate.js';
import type { Options } from './options.js';
import { cpuBetween, readCpu } from './proc.js';
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

const KEY = 'hg-bench-key-0123456789';
const CONNECTIONS = 64;

/** Far above what a run can use, so that they are counted but never refuse. */
const rules = {
  budgets: [{ usd: 1_000_000, per: 'month' }],
  limits: { rpm: 100_000_000, tpm: 1_000_000_000_000 },
};
/** A price, so that budgets have something to count. */
const prices = { 'mock/*': { input_per_million_usd: 1, output_per_million_usd: 2 } };
const shared = { server: { threads: 1 }, prices, observability: { prometheus: true } };

const configs = {
  without: { ...shared, auth: { required: false } },
  rules: {
    ...shared,
    auth: { required: true },
    organizations: { o: rules },
    teams: { t: { ...rules, organization: 'o' } },
    keys: [{ name: 'bench', value: KEY, models: ['*'], team: 't', ...rules }],
  },
};

export async function measureCounting(
  folder: string,
  driver: LoadDriver,
  options: Options,
): Promise<CountingResult> {
  const targets: Target[] = [];
  for (const [name, config] of Object.entries(configs)) {
    const { port, child } = await startWith(config, join(folder, name), 1);
    const headers = () => ({ authorization: `Bearer ${KEY}` });
    targets.push({ name, port, child, headers, model: (model) => model });
  }
  const problems: Record<string, number> = {};
  const costs = new Map<string, number[]>(targets.map(({ name }) => [name, []]));
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
      costs.get(target.name)!.push(await cpuOf(target, options.seconds));
    }
  }
  for (const { child } of targets) await stopChild(child!);
  const [without, withRules] = [costs.get('without')!, costs.get('rules')!];
  const middle = (values: number[]) => median(values) ?? Number.NaN;
  return {
    rounds: options.rounds,
    without: middle(without),
    rules: middle(withRules),
    added: middle(withRules.map((cost, i) => cost - without[i]!)),
    problems,
  };
}
