import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

/** An installed package can be put to the same tests. */
const BINARY =
  process.env['HEADGATE_E2E_BINARY'] ?? fileURLToPath(new URL('../../dist/bin/headgate.js', import.meta.url));
const READY_MS = 15_000;
const STOP_MS = 15_000;

export interface StartOptions {
  /** YAML text, or what the YAML should say. Absent: no config file at all. */
  config?: string | object;
  /** Added to an environment that holds no key of any provider. */
  env?: Record<string, string>;
  /** Further flags. */
  args?: string[];
  cwd?: string;
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A started `headgate`, whether it came up or not. */
export interface Spawned {
  readonly pid: number;
  /** Folder of its config file and its data, removed when it has stopped. */
  readonly dir: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly exited: Promise<Exit>;
  /** Everything it wrote so far, both streams. */
  logs(): string;
  stdoutLines(): string[];
  stderr(): string;
  /** From now on nobody reads what it writes: its writes fail with EPIPE. */
  closeOutput(): void;
  /** Sends the signal (SIGTERM) and waits for the end; throws when that takes too long or a process is left. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** Ends it and its children at once, whatever state they are in. */
  kill(): Promise<void>;
}

export interface Headgate extends Spawned {
  readonly url: string;
  readonly port: number;
  /** Replaces the config file; the gateway notices by itself. */
  writeConfig(config: string | object): void;
}

const running = new Set<number>();
const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    // The negative id: the process and every child it may have started.
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};
const killAll = (): void => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
};
process.on('exit', killAll);
// How a test runner ends a worker that hangs: without a listener there would be no `exit` event.
process.once('SIGTERM', () => {
  killAll();
  process.exit(143);
});

/** JSON is YAML. */
const textOf = (config: string | object): string =>
  typeof config === 'string' ? config : JSON.stringify(config, null, 2);

export { freePort };

/** Starts the built binary with these arguments, in a folder of its own. Nobody waits for it to be ready. */
export function spawnHeadgate(args: string[], options: StartOptions = {}): Spawned {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`npm run build\` first`);
  const dir = mkdtempSync(join(tmpdir(), 'headgate-e2e-'));
  const dataDir = join(dir, 'data');
  const configFile = join(dir, 'headgate.yaml');
  if (options.config !== undefined) writeFileSync(configFile, textOf(options.config));
  const child = spawn(process.execPath, [BINARY, ...args, ...(options.args ?? [])], {
    cwd: options.cwd ?? dir,
    // So that tests about other things may ask the admin API; what asks for a token has tests of its own.
    env: { PATH: process.env['PATH'] ?? '', HOME: dir, HEADGATE_ADMIN_REQUIRED: 'false', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  running.add(pid);
  const output = collect(child);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const cleanUp = async (): Promise<void> => {
    const deadline = Date.now() + 1_000;
    while (signalGroup(pid, 0) && Date.now() < deadline) await sleep(20);
    const left = signalGroup(pid, 0);
    if (left) signalGroup(pid, 'SIGKILL');
    running.delete(pid);
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    if (left) throw new Error(`headgate ended but left a process behind\n${output.all()}`);
  };
  return {
    pid,
    dir,
    dataDir,
    configFile,
    exited,
    logs: output.all,
    stdoutLines: () =>
      output
        .stdout()
        .split('\n')
        .filter((line) => line !== ''),
    stderr: output.stderr,
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const exit = await Promise.race([exited, sleep(STOP_MS, null, { ref: false })]);
      if (exit === null) {
        signalGroup(pid, 'SIGKILL');
        await exited;
      }
      await cleanUp();
      if (exit === null)
        throw new Error(`headgate did not end within ${STOP_MS} ms of ${signal}\n${output.all()}`);
      return exit;
    },
    async kill() {
      signalGroup(pid, 'SIGKILL');
      await exited;
      await cleanUp();
    },
  };
}

/** Starts a gateway on a free port with its own data folder and waits until it says it is ready. */
export async function startHeadgate(options: StartOptions = {}): Promise<Headgate> {
  const port = await freePort();
  const withFile = options.config === undefined ? [] : ['--config', 'headgate.yaml'];
  const spawned = spawnHeadgate([...withFile, '--port', String(port), '--data', 'data'], options);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(spawned, url);
  return {
    ...spawned,
    url,
    port,
    writeConfig: (config) => writeFileSync(spawned.configFile, textOf(config)),
  };
}

/** Runs a command that ends by itself, such as `check`. */
export async function runHeadgate(
  args: string[],
  options: StartOptions = {},
): Promise<Exit & { stdout: string; stderr: string; all: string }> {
  const withFile = options.config === undefined ? [] : ['--config', 'headgate.yaml'];
  const spawned = spawnHeadgate([...args, ...withFile], options);
  const exit = await Promise.race([spawned.exited, sleep(READY_MS, null, { ref: false })]);
  const result = { stdout: spawned.stdoutLines().join('\n'), stderr: spawned.stderr(), all: spawned.logs() };
  await spawned.kill();
  if (exit === null) throw new Error(`headgate ${args.join(' ')} did not end by itself\n${result.all}`);
  return { ...exit, ...result };
}

/** Stops at the end of a test file; a gateway that does not drain and leave with 0 fails the file. */
export async function stopCleanly(gateway: Spawned): Promise<void> {
  const { code, signal } = await gateway.stop();
  if (code !== 0) throw new Error(`headgate ended with ${code ?? signal} on SIGTERM\n${gateway.logs()}`);
}

async function untilReady(spawned: Spawned, url: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let ended: Exit | undefined;
  void spawned.exited.then((exit) => {
    ended = exit;
  });
  for (;;) {
    try {
      const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) });
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    if (ended === undefined && Date.now() < deadline) {
      await sleep(25);
      continue;
    }
    const why =
      ended === undefined
        ? `was not ready within ${READY_MS} ms`
        : `ended with ${ended.code ?? ended.signal}`;
    const logs = spawned.logs();
    await spawned.kill();
    throw new Error(`headgate ${why}; it wrote:\n${logs}`);
  }
}

function collect(child: ChildProcess): { all(): string; stdout(): string; stderr(): string } {
  const pieces: { from: 'out' | 'err'; text: string }[] = [];
  const keep = (from: 'out' | 'err') => (text: string) => void pieces.push({ from, text });
  child.stdout?.setEncoding('utf8').on('data', keep('out'));
  child.stderr?.setEncoding('utf8').on('data', keep('err'));
  const joined = (from?: 'out' | 'err'): string =>
    pieces
      .filter((piece) => from === undefined || piece.from === from)
      .map((piece) => piece.text)
      .join('');
  return { all: () => joined(), stdout: () => joined('out'), stderr: () => joined('err') };
}
