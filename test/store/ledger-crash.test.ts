import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rowsOf } from '../../core/store/usage-table.js';
import { startLedger } from '../../dist/core/store/ledger.js';
import { EVERYTHING, storedIn } from './reading.js';
import { tempDir } from './temp-dir.js';

const child = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));

/** Lets a process record at full speed, kills it without warning, and returns how many records it was told are safe. */
function runAndKill(dataDir: string, run: string, lines: number, afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [child, dataDir, run], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let doomed = false;
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (doomed || output.split('\n').length <= lines) return;
      doomed = true;
      setTimeout(() => started.kill('SIGKILL'), afterMs);
    });
    started.once('error', reject);
    started.once('exit', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error('the child ended by itself'));
      else resolve(Number(output.split('\n').at(-2) ?? 0));
    });
  });
}

test('after kill -9 at full speed every acknowledged record is there, and every record there is counted once', async () => {
  const dataDir = tempDir();
  const safe: number[] = [];
  for (const [i, afterMs] of [0, 13, 41].entries())
    safe.push(await runAndKill(dataDir, `run${i}`, 2 + i, afterMs));
  const ledger = await startLedger({ dataDir, logLevel: 'silent', retention: { days: 10_000 } });
  const { total, table } = await ledger.usage({ ...EVERYTHING, groupBy: ['customer'] });
  await ledger.close();

  const ids = (await storedIn(`${dataDir}/headgate.db`)).map((record) => record.id);
  const runs = ['run0', 'run1', 'run2'].map((run) => ids.filter((id) => id.slice(4, 8) === run).sort());
  expect(runs.flat()).toHaveLength(ids.length);
  for (const [i, found] of runs.entries()) {
    expect(safe[i]).toBeGreaterThan(0);
    expect(found.length).toBeGreaterThanOrEqual(safe[i]!);
    expect(new Set(found).size).toBe(found.length);
    // One thread's records arrive in order, so what is there is all from the first to the last.
    expect(Number(found.at(-1)!.slice(-8))).toBe(found.length - 1);
  }
  expect(total.requests).toBe(ids.length);
  expect(total.costNano).toBe(BigInt(ids.length));
  expect(rowsOf(table).reduce((sum, row) => sum + row.sums.requests, 0)).toBe(ids.length);
}, 60_000);
