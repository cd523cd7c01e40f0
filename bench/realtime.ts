/**
 * Realtime WebSockets, scenario `r`: many open sockets, a steady talk through some of them, and as many frames as pass. The
 * provider sends every frame back, so a frame's time is there and back: what Headgate adds is twice its way through.
 */
import { join } from 'node:path';
import { LOAD_CORE, startChild, startScript } from './children.js';
import { startHeadgate } from './headgate.js';
import type { Options } from './options.js';
import { cpuBetween, readCpu, readRss } from './proc.js';
import type { RealtimeJob, RealtimeLoad } from './realtime-load.js';
import { median } from './summary.js';
import type { Target } from './target.js';

const OPEN = 5_000;
const TALKING = 500;
const RATE = 20;
const FLOODED = 32;
const WINDOW = 8;

/** Times in microseconds, medians over the rounds. */
export interface RealtimeRow {
  target: string;
  sockets: number;
  /** Resident memory of a socket, bytes; absent for direct. */
  socketBytes?: number;
  p50: number;
  p99: number;
  /** CPU time for a frame one way, and share of a core, while talking. */
  cpu?: number;
  busy?: number;
  /** Frames a second one way, both ways added, as fast as it goes; its share of a core, and what that makes for a whole one. */
  rate: number;
  floodBusy?: number;
  ratePerCore?: number;
}

export interface RealtimeResult {
  rows: RealtimeRow[];
  /** Of Headgate to direct. */
  addedP50: number;
  addedP99: number;
  talking: number;
  framesEachWay: number;
  problems: Record<string, number>;
}

type Ask = (job: RealtimeJob) => Promise<RealtimeLoad>;

export async function measureRealtime(folder: string, options: Options): Promise<RealtimeResult> {
  const [, port] = await startScript(join(import.meta.dirname, 'realtime-upstream.js'), [], LOAD_CORE);
  const direct: Target = { name: 'direct', port, headers: () => ({}), model: (name) => name };
  const headgate = await startHeadgate(port, folder, 1);
  const problems: Record<string, number> = {};
  const result: RealtimeResult = {
    rows: [],
    addedP50: 0,
    addedP99: 0,
    talking: options.smoke ? 50 : TALKING,
    framesEachWay: RATE,
    problems,
  };
  const open = options.smoke ? 200 : OPEN;
  const contenders = [];
  for (const target of [direct, headgate]) contenders.push(await openAll(target, open, problems));
  // Code that has not run yet is slow: a first round that is not counted.
  if (!options.smoke)
    for (const one of contenders)
      await measureRound(one, result.talking, { ...options, seconds: 1 }, problems);
  const rounds: Round[][] = contenders.map(() => []);
  for (let round = 0; round < options.rounds; round++)
    for (const [i, one] of contenders.entries())
      rounds[i]!.push(await measureRound(one, result.talking, options, problems));
  for (const [i, one] of contenders.entries()) {
    result.rows.push(rowOf(one, open, rounds[i]!));
    await one.ask({ kind: 'close' });
  }
  const added = (key: 'p50' | 'p99') =>
    median(rounds[1]!.map((round, i) => round.talk[key] - rounds[0]![i]!.talk[key])) ?? Number.NaN;
  result.addedP50 = added('p50');
  result.addedP99 = added('p99');
  return result;
}

interface Contender {
  target: Target;
  ask: Ask;
  socketBytes: number | undefined;
}

async function openAll(target: Target, count: number, problems: Record<string, number>): Promise<Contender> {
  const child = startChild(process.execPath, [join(import.meta.dirname, 'realtime-load.js')], {
    core: LOAD_CORE,
    ipc: true,
  });
  const ask: Ask = (job) =>
    new Promise((resolve, reject) => {
      child.once('exit', reject);
      child.once('message', (load: RealtimeLoad) => {
        child.off('exit', reject);
        for (const [reason, times] of Object.entries(load.problems))
          problems[`${target.name}: ${reason}`] = times;
        resolve(load);
      });
      child.send(job);
    });
  const pid = target.child?.pid;
  const before = pid === undefined ? 0 : readRss(pid);
  await ask({ kind: 'open', port: target.port, request: handshake(target), count });
  const socketBytes = pid === undefined ? undefined : (readRss(pid) - before) / count;
  return { target, ask, socketBytes };
}

interface Round {
  talk: RealtimeLoad;
  flood: RealtimeLoad;
  talkCpu: number;
  floodCpu: number;
}

async function measureRound(
  { target, ask }: Contender,
  talking: number,
  { seconds }: Options,
  problems: Record<string, number>,
): Promise<Round> {
  const pid = target.child?.pid;
  const used = async (job: RealtimeJob): Promise<[RealtimeLoad, number]> => {
    const before = pid === undefined ? undefined : readCpu(pid);
    const load = await ask(job);
    const cpu =
      pid === undefined || before === undefined ? Number.NaN : cpuBetween(before, readCpu(pid)).used;
    return [load, cpu];
  };
  const [talk, talkCpu] = await used({ kind: 'paced', sockets: talking, rate: RATE, seconds });
  const [flood, floodCpu] = await used({ kind: 'flood', sockets: FLOODED, window: WINDOW, seconds });
  if (flood.frames === 0) problems[`${target.name}: no frame came back`] = 1;
  return { talk, flood, talkCpu, floodCpu };
}

function rowOf({ target, socketBytes }: Contender, sockets: number, rounds: Round[]): RealtimeRow {
  const over = (value: (round: Round) => number) => median(rounds.map(value)) ?? Number.NaN;
  const frames = (load: RealtimeLoad) => 2 * load.frames;
  const row: RealtimeRow = {
    target: target.name,
    sockets,
    p50: over(({ talk }) => talk.p50),
    p99: over(({ talk }) => talk.p99),
    rate: over(({ flood }) => frames(flood) / flood.seconds),
  };
  if (socketBytes === undefined) return row;
  const floodBusy = over(({ flood, floodCpu }) => floodCpu / (flood.seconds * 1e6));
  return {
    ...row,
    socketBytes,
    cpu: over(({ talk, talkCpu }) => talkCpu / frames(talk)),
    busy: over(({ talk, talkCpu }) => talkCpu / (talk.seconds * 1e6)),
    floodBusy,
    ratePerCore: over(({ flood, floodCpu }) => frames(flood) / (floodCpu / 1e6)),
  };
}

function handshake(target: Target): string {
  const headers = Object.entries(target.headers('same')).map(([name, value]) => `${name}: ${value}\r\n`);
  const path = `/v1/realtime?model=${target.model('gpt-realtime')}`;
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  return (
    `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
    `sec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n${headers.join('')}\r\n`
  );
}
