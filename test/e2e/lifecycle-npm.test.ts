import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { freePort } from './harness.js';
import { chatBody, get, post } from './http-client.js';
import { openaiProvider } from './two-providers.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const openai = await startOpenAi();
beforeEach(() => openai.reset());
afterAll(() => openai.close());

interface Started {
  /** npm's. */
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  output(): string;
}

/** `npm start` as the README says, without the build before it. It and its children are a process group of their own. */
async function npmStart(): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-npm-'));
  const config = join(dir, 'headgate.yaml');
  const models = { smart: { targets: ['openai/gpt-4o'] } };
  writeFileSync(config, JSON.stringify({ providers: { openai: openaiProvider(openai) }, models }));
  const port = await freePort();
  const flags = ['--config', config, '--port', String(port), '--data', join(dir, 'data')];
  const child = spawn('npm', ['start', '--ignore-scripts', '--', ...flags], {
    cwd: checkout,
    env: { PATH: process.env['PATH'] ?? '', HOME: dir, npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const output = collect(child);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(() => {
    if (groupLives(pid)) process.kill(-pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 30_000;
  while (!(await get({ url }, '/health/ready').catch(() => null))) {
    if (Date.now() > deadline) throw new Error(`npm start did not come up:\n${output()}`);
    await sleep(50);
  }
  return { pid, url, port, exited, output };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

function groupLives(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

// npm runs the script in `sh -c` and passes signals to that shell alone. A shell that stays (dash does, bash does not)
// died of the signal, npm with it, and the gateway went on, with the port, as a child of nobody.
describe('a gateway under npm start', () => {
  it.each([
    ['SIGTERM', 'npm', 'SIGTERM', false],
    ['SIGINT', 'npm', 'SIGINT', false],
    ['Ctrl-C', 'the whole group', 'SIGINT', true],
    ['SIGTERM', 'the whole group', 'SIGTERM', true],
  ] as const)('drains and is gone after %s to %s', async (_, __, signal, toGroup) => {
    const started = await npmStart();
    openai.next({ delayBetweenMs: 120 });
    const streamed = post(started, '/v1/chat/completions', chatBody('smart', { stream: true }));
    await openai.request();
    process.kill(toGroup ? -started.pid : started.pid, signal);
    expect((await streamed).text).toContain('[DONE]');
    expect(await started.exited, started.output()).toEqual({ code: 0, signal: null });
    expect(groupLives(started.pid)).toBe(false);
    expect(await isListening(started.port)).toBe(false);
  });

  it('ends it at once, and npm with 1, after a second SIGINT', async () => {
    const started = await npmStart();
    openai.next({ hangAfter: 2 });
    const streamed = post(started, '/v1/chat/completions', chatBody('smart', { stream: true }));
    await openai.request();
    process.kill(started.pid, 'SIGINT');
    await sleep(800);
    process.kill(started.pid, 'SIGINT');
    expect((await streamed).text).toContain('gateway_stopping');
    expect(await started.exited).toEqual({ code: 1, signal: null });
    expect(groupLives(started.pid)).toBe(false);
    expect(started.output()).toMatch(/^headgate: SIGINT again: /m);
  });
});
