import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../dist/bin/library.js';
import { json, until } from './embedded.js';

const mounted: string[] = [];

afterAll(() => {
  for (const dir of mounted) {
    spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  }
});

/** A disk of 4 MB; null where this process may mount none. */
function smallDisk(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-full-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]);
  if (status === 0) mounted.push(dir);
  else rmSync(dir, { recursive: true, force: true });
  return status === 0 ? dir : null;
}

/** Leaves no room on it, and returns what makes room again. */
function fill(dir: string): () => void {
  const file = join(dir, 'ballast');
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(file, Buffer.alloc(bavail * bsize));
  return () => unlinkSync(file);
}

const ask = (gateway: Gateway): Promise<Response> =>
  gateway.fetch(
    '/v1/chat/completions',
    json({ model: 'mock/hello', messages: [{ role: 'user', content: 'x' }] }, {}),
  );

async function answered(gateway: Gateway, times: number): Promise<number> {
  let good = 0;
  for (let i = 0; i < times; i++) if ((await ask(gateway)).status === 200) good++;
  return good;
}

async function counted(gateway: Gateway, outcome: string): Promise<number> {
  const usage = await (await gateway.fetch('/api/usage?group_by=')).json();
  const { requests, errors } = (usage as { total: { requests: number; errors: number } }).total;
  return outcome === 'ok' ? requests - errors : errors;
}

const problems = async (gateway: Gateway): Promise<string> => (await gateway.fetch('/health/ready')).text();

const disk = smallDisk();
const SKIPPED = disk === null;
if (SKIPPED) console.warn('full-disk: skipped, since this process may not mount a small disk');

test.skipIf(SKIPPED).each(['serve', 'refuse'] as const)(
  'a full disk: health says so, on_failure: %s is followed, nothing is lost, and it recovers',
  async (onFailure) => {
    const dataDir = join(disk ?? '', onFailure);
    const observability = { log_level: 'silent' } as const;
    const store = { on_failure: onFailure, durable: onFailure === 'refuse' ? 'request' : 'batch' } as const;
    const gateway = await createGateway({ config: { store, observability }, dataDir, env: {}, port: 0 });
    let good = 0;
    const some = async (times: number): Promise<number> => {
      const answers = await answered(gateway, times);
      good += answers;
      return answers;
    };
    expect(await some(20)).toBe(20);
    expect(await counted(gateway, 'ok')).toBe(20);

    const makeRoom = fill(disk ?? '');
    await until('it says that the disk is full', async () => {
      await some(50);
      return /ENOSPC|full/.test(await problems(gateway));
    });
    expect(await some(10)).toBe(onFailure === 'serve' ? 10 : 0);

    makeRoom();
    await until('it answers', async () => (await some(1)) === 1);
    await until('it is ready', async () => (await gateway.fetch('/health/ready')).ok);
    const kept = await counted(gateway, 'ok');
    // An answer that was held back for its record has a record of what it cost all the same, if memory could keep it.
    if (onFailure === 'serve') expect(kept).toBe(good);
    else expect(kept).toBeGreaterThanOrEqual(good);
    await gateway.close();

    // Nothing was kept twice, and what was kept is there for the next start.
    const again = await createGateway({ config: { observability }, dataDir, env: {}, port: 0 });
    expect(await counted(again, 'ok')).toBe(kept);
    await again.close();
  },
  30_000,
);
