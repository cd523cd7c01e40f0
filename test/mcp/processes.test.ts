import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate } from '../e2e/harness.js';
import { until } from '../gateway/embedded.js';
import { callTool, fake, isAlive } from './servers.js';

/** As long as a server takes that ends by no other way than being killed. */
const LONG_ENOUGH_MS = 10_000;

const config = (more: object = {}) => ({
  server: { threads: 2 },
  admin: { required: false },
  observability: { log_level: 'info', log_requests: false },
  mcp: { servers: { bad: { ...fake('stubborn'), timeouts: { call: '20s' } }, ...more } },
});
const via = (gateway: Headgate) => ({ fetch, url: gateway.url });
const call = (gateway: Headgate, server: string, tool: string, args: object = {}) =>
  callTool(via(gateway), server, tool, args, { url: gateway.url });
const pidOf = async (gateway: Headgate, server: string): Promise<number> =>
  (JSON.parse((await call(gateway, server, 'where')).text) as { pid: number }).pid;

async function goneWithin(ms: number, ...pids: number[]): Promise<number[]> {
  const deadline = Date.now() + ms;
  while (pids.some(isAlive) && Date.now() < deadline) await sleep(50);
  return pids.filter(isAlive);
}

describe('the program with two threads', () => {
  let gateway: Headgate;
  let pid: number;
  beforeAll(async () => {
    gateway = await startHeadgate({ config: config({ other: fake() }) });
    pid = await pidOf(gateway, 'bad');
  });
  afterAll(() => gateway.kill());

  it('has one server for both, and answers calls over either', async () => {
    // Each connection is of one thread; a fetch of its own each time makes new ones.
    const answers = await Promise.all(Array.from({ length: 40 }, () => pidOf(gateway, 'bad')));
    expect(new Set(answers)).toEqual(new Set([pid]));
  });

  it('tells both when a list changes', async () => {
    await call(gateway, 'other', 'change', { drop: true });
    await until('nobody finds it', async () => {
      const codes = await Promise.all(
        Array.from({ length: 8 }, async () => (await call(gateway, 'other', 'echo', { say: 'x' })).code),
      );
      return codes.every((code) => code === 'mcp_tool_unknown');
    });
  });

  it('takes a changed configuration over: what is as it was stays, the rest is stopped or started', async () => {
    const other = await pidOf(gateway, 'other');
    gateway.writeConfig(config({ third: fake() }));
    await until(
      'the new one is there',
      async () => (await call(gateway, 'third', 'echo', { say: 'x' })).text === 'x',
    );
    expect((await call(gateway, 'other', 'where')).code).toBe('mcp_server_unknown');
    expect(await goneWithin(LONG_ENOUGH_MS, other)).toEqual([]);
    expect(await pidOf(gateway, 'bad')).toBe(pid);
    // One that changes is another.
    gateway.writeConfig({ ...config(), mcp: { servers: { bad: fake() } } });
    await until('it is another', async () => (await pidOf(gateway, 'bad')) !== pid);
    expect(await goneWithin(LONG_ENOUGH_MS, pid)).toEqual([]);
  });

  it('ends its servers when it is asked to end', async () => {
    const server = await pidOf(gateway, 'bad');
    const child = Number((await call(gateway, 'bad', 'grandchild')).text);
    // The harness looks whether something of its own group is left; servers have groups of theirs.
    expect((await gateway.stop()).code).toBe(0);
    expect([server, child].filter(isAlive)).toEqual([]);
  });
});

it('the program leaves no server behind when it is killed', async () => {
  const gateway = await startHeadgate({ config: config() });
  const server = await pidOf(gateway, 'bad');
  const child = Number((await call(gateway, 'bad', 'grandchild')).text);
  expect([server, child].filter(isAlive)).toHaveLength(2);
  await gateway.kill();
  expect(await goneWithin(LONG_ENOUGH_MS, server, child)).toEqual([]);
});

it('a server with start: boot is there before anybody asks, and again after it has ended', async () => {
  const gateway = await startHeadgate({
    config: config({ boot: { ...fake(), start: 'boot' } }),
  });
  try {
    const state = async (): Promise<string> => {
      const answer = await fetch(`${gateway.url}/api/mcp/servers`);
      const { data } = (await answer.json()) as { data: { id: string; state: string; restarts: number }[] };
      const boot = data.find(({ id }) => id === 'boot');
      return `${boot?.state} ${boot?.restarts}`;
    };
    await until('it is ready', async () => (await state()) === 'ready 0');
    process.kill(await pidOf(gateway, 'boot'), 'SIGKILL');
    await until('it is ready again', async () => (await state()) === 'ready 1');
  } finally {
    await gateway.kill();
  }
});

it('a server that is not used is asked whether it is there, and one that does not say so is started anew', async () => {
  const pinged = (log: string): number => readFileSync(log, 'utf8').split('ping').length - 1;
  const gateway = await startHeadgate({ config: config() });
  try {
    const logOf = (name: string): string => join(gateway.dir, name);
    gateway.writeConfig(
      config({
        well: { ...fake(), env: { FAKE_LOG: logOf('well') }, timeouts: { ping: '100ms' } },
        idle: { ...fake(), timeouts: { ping: '100ms', idle: '300ms' } },
      }),
    );
    await until('it is there', async () => (await call(gateway, 'well', 'echo', { say: 'x' })).text === 'x');
    const idle = await pidOf(gateway, 'idle');
    await until('it is asked', () => pinged(logOf('well')) >= 2);
    expect(await goneWithin(LONG_ENOUGH_MS, idle)).toEqual([]);
    expect(await pidOf(gateway, 'idle')).not.toBe(idle);
  } finally {
    await gateway.kill();
  }
});
