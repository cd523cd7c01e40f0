import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_MS = 60_000;

/** Where a program is; null when it is not installed. */
export const program = (name: string): string | null =>
  ['/usr/bin', '/usr/sbin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(':')]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? null;

export const required = process.env['HEADGATE_TEST_REQUIRE_ALL'] === '1';

/** A server of a test's own, which ends with the tests' process at the latest. */
export class RealServer {
  private child: ChildProcess | null = null;
  private said = '';
  private readonly kill = (): void => void this.child?.kill('SIGKILL');

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    private readonly port: number,
  ) {
    process.on('exit', this.kill);
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(this.command, this.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.on('error', () => {});
    const hear = (chunk: Buffer): void => {
      this.said = (this.said + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    const until = Date.now() + READY_MS;
    while (!(await isOpen(this.port))) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`${this.command} does not start: ${this.said}`);
      await sleep(50);
    }
  }

  /** It keeps its connections and does nothing, until it is woken. */
  hang(): void {
    this.child?.kill('SIGSTOP');
  }

  wake(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it at once, as a crash does. */
  async crash(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.crash();
    process.off('exit', this.kill);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
