import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { McpTransportConfig } from '../../config/mcp-config.js';
import type { OrphanGuard } from './orphan-guard.js';

/** How long a server may take to end by itself once its input has ended, and again once it was asked to. */
const END_MS = 1000;

export type StdioConfig = Extract<McpTransportConfig, { kind: 'stdio' }>;

/** The program of a server, with everything that it starts, as a process group of its own. */
export class Child {
  readonly process: ChildProcess;
  /** How it ended, for people; '' while it runs. */
  ended = '';
  private readonly gone: Promise<void>;

  constructor({ command, args, env, cwd }: StdioConfig, guard: OrphanGuard) {
    this.process = spawn(command, args.reveal(), {
      cwd,
      env: environment(env),
      // A group of its own, so that all of it can be ended together and the terminal's Ctrl-C is ours alone.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { pid } = this.process;
    if (pid !== undefined) guard.add(pid);
    this.gone = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.ended = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
        this.signal('SIGKILL');
        if (pid !== undefined) guard.delete(pid);
        resolve();
      });
      this.process.once('error', (error) => {
        this.ended ||= reasonOf(error, command);
        if (pid === undefined) resolve();
      });
    });
    this.process.stdin?.on('error', () => {});
  }

  /** Resolves when the program is gone, by itself or otherwise. */
  get exited(): Promise<void> {
    return this.gone;
  }

  get pid(): number | null {
    return this.process.pid ?? null;
  }

  /** Ends it: its input first, as the protocol has it, then by signals. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.process.stdin?.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.endsWithin(END_MS)) return;
      this.signal(signal);
    }
    await this.gone;
  }

  /** To the whole group. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nothing is left of it.
    }
  }

  private async endsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([this.gone.then(() => true), late]);
    timer.abort();
    return ended;
  }
}

/** What the configuration gives it, and what programs need to be found and to keep their files; none of the gateway's secrets. */
function environment(given: StdioConfig['env']): Record<string, string> {
  const { PATH, HOME } = process.env;
  return {
    PATH: PATH ?? '/usr/local/bin:/usr/bin:/bin',
    ...(HOME !== undefined && { HOME }),
    ...Object.fromEntries([...given].map(([name, value]) => [name, value.reveal()])),
  };
}

function reasonOf(error: Error & { code?: string }, command: string): string {
  if (error.code === 'ENOENT') return `there is no program "${command}", or its folder does not exist`;
  if (error.code === 'EACCES') return `"${command}" may not be run`;
  return error.message;
}
