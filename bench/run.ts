/**
 * `npm run bench`: direct, the floor and Headgate (and peers) under the same loads in the same run. Every round puts every
 * contender through a scenario in turn, in an order that rotates, so that a machine that gets slower or faster meanwhile
 * does so for all. Fails only when something is broken: an error, a missing event; never because something is slow.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildrenWithUs, LOAD_CORE, startScript, stopAll } from './children.js';
import {
  type CountingResult,
  measureCounting,
  measureSharedCounting,
  type SharedCountingResult,
} from './counting.js';
import { countingTable, sharedCountingTable } from './counting-table.js';
import { LoadDriver } from './driver.js';
import { startHeadgate } from './headgate.js';
import { describeMachine, machineLine } from './machine.js';
import { type MemoryResult, measureMemory } from './memory.js';
import { measureObserving, type ObservingResult } from './observing.js';
import { observingTable } from './observing-table.js';
import { type Options, readOptions, USAGE } from './options.js';
import { startLitellm, startPortkey } from './peers.js';
import { postgresPrograms } from './real-postgres.js';
import { hasRedis } from './real-redis.js';
import { measureRealtime, type RealtimeResult } from './realtime.js';
import { realtimeTable } from './realtime-table.js';
import { type Scenario, scenarios } from './scenarios.js';
import { isValid, type ScenarioResult, summarise } from './summary.js';
import { memoryTable, scenarioTable } from './table.js';
import { direct, startFloor, type Target } from './target.js';
import { measure, type Window } from './window.js';

const resultsFolder = join(import.meta.dirname, '..', '..', 'bench', 'results');

const wanted = (list: string[], name: string) =>
  list.length === 0 || list.some((each) => name.startsWith(each));

async function startTargets(options: Options, upstreamPort: number, folder: string): Promise<Target[]> {
  const log = (name: string) => join(folder, `${name}.log`);
  const starts: [string, () => Target | Promise<Target>][] = [
    ['direct', () => direct(upstreamPort)],
    ['floor', () => startFloor(upstreamPort)],
    ['headgate', () => startHeadgate(upstreamPort, join(folder, 'headgate'), 1)],
  ];
  if (options.peers) {
    starts.push(['portkey', () => startPortkey(upstreamPort, log('portkey'))]);
    starts.push(['litellm', () => startLitellm(upstreamPort, log('litellm'))]);
  }
  const targets: Target[] = [];
  for (const [name, start] of starts) {
    if (!wanted(options.targets, name)) continue;
    try {
      targets.push(await start());
    } catch (error) {
      throw new Error(`${name} did not start: ${(error as Error).message}`);
    }
  }
  return targets;
}

async function runScenario(
  scenario: Scenario,
  targets: Target[],
  driver: LoadDriver,
  options: Options,
): Promise<ScenarioResult> {
  const admitted = targets.filter((target) => scenario.admits(target));
  const windows = new Map<Target, Window[]>(admitted.map((target) => [target, []]));
  // Code that has not run yet is slow: a first window that is not counted.
  if (!options.smoke) for (const target of admitted) await measure(scenario, target, driver, 1, 0);
  for (let round = 1; round <= options.rounds; round++) {
    for (let turn = 0; turn < admitted.length; turn++) {
      const target = admitted[(turn + round) % admitted.length]!;
      windows.get(target)!.push(await measure(scenario, target, driver, options.seconds, round));
    }
  }
  return summarise(scenario, windows);
}

async function run(options: Options, folder: string): Promise<boolean> {
  const machine = describeMachine();
  console.log(`${machineLine(machine)}\n`);
  const [, upstreamPort] = await startScript(join(import.meta.dirname, 'upstream.js'), [], LOAD_CORE);
  const driver = new LoadDriver();
  const targets = await startTargets(options, upstreamPort, folder);
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios(options)) {
    if (!wanted(options.only, scenario.id)) continue;
    const result = await runScenario(scenario, targets, driver, options);
    console.log(scenarioTable(result));
    results.push(result);
  }
  let memory: MemoryResult | undefined;
  if (wanted(options.only, 'f') && wanted(options.targets, 'headgate')) {
    memory = await measureMemory(upstreamPort, join(folder, 'memory'), driver, options.memoryRequests);
    console.log(memoryTable(memory));
  }
  let counting: CountingResult | undefined;
  if (wanted(options.only, 'k') && wanted(options.targets, 'headgate')) {
    counting = await measureCounting(join(folder, 'counting'), driver, options);
    console.log(countingTable(counting));
  }
  let observing: ObservingResult | undefined;
  if (wanted(options.only, 'o') && wanted(options.targets, 'headgate')) {
    observing = await measureObserving(join(folder, 'observing'), driver, options);
    console.log(observingTable(observing));
  }
  let sharing: SharedCountingResult | undefined;
  if (wanted(options.only, 'n') && wanted(options.targets, 'headgate')) {
    if (postgresPrograms() !== null && hasRedis()) {
      sharing = await measureSharedCounting(join(folder, 'sharing'), driver, options);
      console.log(sharedCountingTable(sharing));
    } else console.log('n  left out: it needs Postgres and Redis (Debian: postgresql, redis-server)\n');
  }
  let realtime: RealtimeResult | undefined;
  if (wanted(options.only, 'r') && wanted(options.targets, 'headgate')) {
    realtime = await measureRealtime(join(folder, 'realtime'), options);
    console.log(realtimeTable(realtime));
  }
  if (!options.smoke) {
    mkdirSync(resultsFolder, { recursive: true });
    const file = join(resultsFolder, `${machine.date.replaceAll(':', '-')}.json`);
    writeFileSync(
      file,
      `${JSON.stringify({ machine, options, scenarios: results, memory, counting, observing, sharing, realtime }, null, 2)}\n`,
    );
    console.log(`written to ${file}`);
  }
  const valid = results.every((result) => result.rows.every((row) => row.windows.every(isValid)));
  const troubles = [memory, counting, observing, sharing, realtime].map((result) => result?.problems ?? {});
  return valid && troubles.every((found) => Object.keys(found).length === 0);
}

let options: Options | 'help';
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exit(2);
}
if (options === 'help') {
  console.log(USAGE);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
let interrupted = false;
endChildrenWithUs(() => {
  interrupted = true;
});
let sound = false;
// The logs are what explains a broken run: only then they stay.
process.on('exit', () => {
  if (sound || interrupted) rmSync(folder, { recursive: true, force: true });
  else console.error(`logs are in ${folder}`);
});
try {
  sound = await run(options, folder);
  if (!sound) console.error('some windows were invalid: see above');
} catch (error) {
  // Ending the children breaks whatever was waiting for them: no news after Ctrl-C.
  if (!interrupted) console.error(`the benchmark broke: ${(error as Error).message}`);
}
await stopAll();
process.exit(interrupted ? 130 : sound ? 0 : 1);
