import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { callTool, fake } from './servers.js';

const MODERN = fileURLToPath(new URL('../fakes/mcp-modern.mjs', import.meta.url));
let gateway: Embedded;
let server: ChildProcess;

beforeAll(async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  server = spawn(process.execPath, [MODERN], { env: { PORT: String(port) }, stdio: 'ignore' });
  for (let tries = 0; tries < 600 && (await fetch(url).catch(() => null)) === null; tries++) await sleep(50);
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      mcp: {
        servers: {
          program: { command: process.execPath, args: [MODERN] },
          address: { url },
          old: fake(),
        },
      },
    },
  });
});
afterAll(async () => {
  server.kill('SIGKILL');
  await gateway.close();
});

it.each(['program', 'address'])('a server that speaks the newest revision alone works: %s', async (name) => {
  const sum = await callTool(gateway, name, 'add', { a: 1, b: 2 });
  expect([sum.message, sum.text]).toEqual(['', '3']);
});

it('the revision that was agreed on is told', async () => {
  await callTool(gateway, 'old', 'echo', { say: 'x' });
  const { data } = (await (await gateway.fetch('/api/mcp/servers')).json()) as {
    data: { id: string; protocol: string; state: string; server: object }[];
  };
  expect(data.map(({ id, protocol, state }) => [id, protocol, state])).toEqual([
    ['program', '2026-07-28', 'ready'],
    ['address', '2026-07-28', 'ready'],
    ['old', '2025-11-25', 'ready'],
  ]);
  expect(data[2]?.server).toEqual({ name: 'fake', version: '1.2.3' });
});
