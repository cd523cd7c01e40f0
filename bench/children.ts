/** Starts the processes of a run, pinned to a core where there are two, and ends every one of them however the run ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism } from 'node:os';

/** The core of the gateway and the floor, and that of the load and the upstream. */
export const GATEWAY_CORE = 0;
export const LOAD_CORE = 1;

const canPin =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', process.execPath, '--version']).status === 0;

/** What to print when processes cannot be kept apart; undefined when they are pinned. */
export function pinningProblem(): string | undefined {
  if (canPin) return undefined;
  return availableParallelism() > 1
    ? 'not pinned: `taskset` is missing (Debian package util-linux)'
    : 'not pinned: one core only, so the load and the gateway compete for it';
}

/** Command and arguments that run the given ones on `core`; null leaves them unpinned. */
export function pinned(core: number | null, command: string, args: string[]): [string, string[]] {
  return canPin && core !== null ? ['taskset', ['-c', String(core), command, ...args]] : [command, args];
}

const running = new Set<ChildProcess>();

export interface ChildOptions {
  core: number | null;
  /** File that takes its output; without one only errors are shown. */
  output?: string;
  ipc?: boolean;
  env?: Record<string, string>;
  cwd?: string;
}

export function startChild(command: string, args: string[], options: ChildOptions): ChildProcess {
  const sink = options.output === undefined ? undefined : openSync(options.output, 'a');
  const [program, programArgs] = pinned(options.core, command, args);
  const child = spawn(program, programArgs, {
    stdio: ['ignore', sink ?? 'ignore', sink ?? 'inherit', ...(options.ipc ? (['ipc'] as const) : [])],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
  adopt(child);
  return child;
}

/** Has a child that was started elsewhere ended with the others. */
export function adopt(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Runs a command and waits for its end; fails when it does. */
export async function runToEnd(command: string, args: string[], cwd: string): Promise<void> {
  const child = startChild(command, args, { core: null, cwd });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
}

/** Starts one of our own scripts and waits for the port it announces. */
export async function startScript(
  file: string,
  args: string[],
  core: number,
): Promise<[ChildProcess, number]> {
  const child = startChild(process.execPath, [file, ...args], { core, ipc: true });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  return [child, port];
}

/** Waits until GET `path` answers 200; fails when the process ends first or the time is up. */
export async function waitReady(
  child: ChildProcess,
  port: number,
  path: string,
  seconds: number,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    if (hasEnded(child)) throw new Error('it ended while starting');
    if (await answers(port, path)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not answer ${path} within ${seconds} s`);
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.setTimeout(5000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString('latin1').startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** A port that was free a moment ago, for programs that must be told theirs. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Asks a child to end, and ends it if it has not after a while. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(force);
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stopChild));
}

/** Ends all children on Ctrl-C, which also calls `onInterrupt`, and whatever else ends this process. */
export function endChildrenWithUs(onInterrupt: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      onInterrupt();
      stopAll().then(() => process.exit(130));
    });
  }
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
}
