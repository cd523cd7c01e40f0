import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './children.js';

const READY_MS = 15_000;

export interface RealRedis {
  readonly port: number;
  readonly url: string;
  /** One command by `redis-cli`; its answer as text. */
  cli(...command: string[]): string;
  /** Ends it at once, as a crash does. What was in it is lost. */
  crash(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const program = (name: string): string | null =>
  ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(':')]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? null;

/** Whether Redis is installed. */
export const hasRedis = (): boolean => program('redis-server') !== null;

const CLI = program('redis-cli') ?? 'redis-cli';

function flagsOf(port: number, password?: string): string[] {
  const account = password === undefined ? [] : ['-a', password, '--no-auth-warning'];
  return ['-p', String(port), ...account];
}

/** A server of its own, in memory, on loopback and a free port. */
export async function startRedis(
  options: { password?: string; flags?: readonly string[]; sentinelOf?: RealRedis } = {},
): Promise<RealRedis> {
  const { password, flags = [], sentinelOf } = options;
  const dir = mkdtempSync(join(tmpdir(), 'headgate-redis-'));
  const port = await freePort();
  const account = flagsOf(port, password);
  const cli = (...command: string[]): string =>
    execFileSync(CLI, [...account, ...command], { encoding: 'utf8' }).trim();
  let server: ChildProcess | null = null;
  const kill = (): void => {
    server?.kill('SIGKILL');
  };
  process.on('exit', kill);
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...flags];
    if (password !== undefined) args.push('--requirepass', password);
    if (sentinelOf !== undefined) args.splice(0, args.length, ...sentinel(dir, port, sentinelOf));
    server = spawn(program('redis-server') ?? 'redis-server', args, { stdio: 'ignore' });
    server.on('error', () => {});
    const until = Date.now() + READY_MS;
    while (!(await answers(account))) {
      if (Date.now() > until) throw new Error('redis-server does not start');
      await sleep(20);
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  await start();
  const user = password === undefined ? '' : `:${password}@`;
  return {
    port,
    url: `redis://${user}127.0.0.1:${port}`,
    cli,
    crash: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGKILL');
      process.off('exit', kill);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Asked without stopping this thread, in which other tests may go on. */
async function answers(flags: readonly string[]): Promise<boolean> {
  try {
    return (await promisify(execFile)(CLI, [...flags, 'ping'])).stdout.trim() === 'PONG';
  } catch {
    return false;
  }
}

/** A sentinel is told what it watches by a file that it may write to. */
function sentinel(dir: string, port: number, master: RealRedis): string[] {
  const file = join(dir, 'sentinel.conf');
  const watch = `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`;
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${dir}\n${watch}\n`);
  return [file, '--sentinel'];
}

/** Three masters of one Redis cluster. */
export async function startRedisCluster(): Promise<{ nodes: RealRedis[]; stop(): Promise<void> }> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis({ flags })));
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
    nodes[0]?.cli('--cluster', 'create', ...places, '--cluster-yes');
    const until = Date.now() + READY_MS;
    while (!nodes.every((node) => node.cli('cluster', 'info').includes('cluster_state:ok'))) {
      if (Date.now() > until) throw new Error('the Redis cluster does not come up');
      await sleep(50);
    }
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
