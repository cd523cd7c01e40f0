import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
// Threads run JavaScript: these tests need the build, which `npm test` makes first.
import {
  createPool,
  PoolBusy,
  type PoolOptions,
  type TaskPool,
  TaskTimeout,
} from '../../dist/workers/pool.js';

let pools: TaskPool[] = [];
const open = (options: Partial<PoolOptions> = {}): TaskPool => {
  const pool = createPool({ threads: 1, ...options });
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  pools = [];
});

const hi = { model: 'gpt-4o', text: 'hello world' };
/** Random letters are the slowest text there is: this one keeps a thread busy for seconds. */
const slow = {
  model: 'gpt-4o',
  text: Array.from({ length: 8_000_000 }, (_, i) =>
    String.fromCharCode(97 + ((i * 7919 + ((i * i) >> 3)) % 26)),
  ).join(''),
};

describe('the worker pool', () => {
  it('starts no thread before the first task and counts on one', async () => {
    const pool = open();
    expect(pool.threads).toBe(0);
    expect(await pool.run('countTokens', hi)).toBe(2);
    expect(pool.threads).toBe(1);
  });

  it('lets idle threads end', async () => {
    const pool = open({ idleTimeoutMs: 50 });
    await pool.run('countTokens', hi);
    for (let i = 0; i < 100 && pool.threads > 0; i++) await sleep(20);
    expect(pool.threads).toBe(0);
    expect(await pool.run('countTokens', hi)).toBe(2);
  });

  it('gets through a megabyte of one letter, of spaces and of rules', { timeout: 60_000 }, async () => {
    const pool = open();
    for (const unit of ['a', ' ', '=', '7', '\n', '🌍']) {
      const text = unit.repeat(2 ** 20 / unit.length);
      // Not a matter of speed: uncut, the first of these would take minutes.
      const tokens = await pool.run('countTokens', { model: 'gpt-4o', text }, { timeoutMs: 20_000 });
      expect(tokens).toBeGreaterThan(1000);
      expect(tokens).toBeLessThanOrEqual(2 ** 20);
    }
  });

  it('refuses clearly when its queue is full, and serves what it accepted', async () => {
    const pool = open({ maxQueue: 2 });
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => pool.run('countTokens', hi)));
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) expect(one.reason).toBeInstanceOf(PoolBusy);
    expect(refused[0]?.reason.message).toContain('no room for countTokens');
    expect(all.filter((one) => one.status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    expect(await pool.run('countTokens', hi)).toBe(2);
  });

  it('gives a running task up at its time-out and works on', async () => {
    const pool = open();
    await pool.run('countTokens', hi);
    await expect(pool.run('countTokens', slow, { timeoutMs: 100 })).rejects.toThrow(TaskTimeout);
    expect(await pool.run('countTokens', hi)).toBe(2);
  });

  it('rejects with the signal’s reason, running or not begun', async () => {
    const pool = open();
    const stop = new AbortController();
    const running = pool.run('countTokens', slow, { signal: stop.signal });
    const reason = new Error('the client left');
    setTimeout(() => stop.abort(reason), 50);
    await expect(running).rejects.toBe(reason);
    await expect(pool.run('countTokens', hi, { signal: stop.signal })).rejects.toBe(reason);
    expect(
      await pool.run('countTokens', hi, { signal: new AbortController().signal, timeoutMs: 10_000 }),
    ).toBe(2);
  });

  it('passes a task’s own error on and survives it', async () => {
    const pool = open();
    await expect(
      pool.run('countTokens', { model: 'gpt-4o', text: undefined as unknown as string }),
    ).rejects.toThrow(TypeError);
    expect(await pool.run('countTokens', hi)).toBe(2);
  });

  it('rejects what waits and what comes after it is closed', async () => {
    const pool = open();
    const running = pool.run('countTokens', slow);
    const ended = expect(running).rejects.toThrow();
    await pool.close();
    await ended;
    await expect(pool.run('countTokens', hi)).rejects.toThrow(/closed/);
    await pool.close();
  });

  it('does not keep a process alive', async () => {
    const pool = fileURLToPath(new URL('../../dist/workers/pool.js', import.meta.url));
    const script = `
      import { createPool } from ${JSON.stringify(pool)};
      const pool = createPool({ threads: 1 });
      console.log(await pool.run('countTokens', { model: 'gpt-4o', text: 'hello world' }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 15_000,
    });
    expect(stdout.trim()).toBe('2');
  });
});
