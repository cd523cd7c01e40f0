// How long the built gateway takes to start, and how much CPU: node scripts/measure-start.mjs [STARTS] [flags of headgate].
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tick of /proc/PID/stat. */
const TICK_MS = 10;

const [, , starts = '10', ...flags] = process.argv;
const program = join(import.meta.dirname, '..', 'dist', 'bin', 'headgate.js');
const wall = [];
const cpu = [];
for (let i = 0; i < Number(starts); i++) {
  const cwd = mkdtempSync(join(tmpdir(), 'headgate-start-'));
  const from = performance.now();
  const child = spawn(process.execPath, [program, '--port', '0', ...flags], {
    cwd,
    env: { PATH: process.env.PATH ?? '' },
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
      if (said.includes('is listening on')) resolve(undefined);
    });
    child.stdout.resume();
    child.once('exit', () => reject(new Error(said)));
  });
  wall.push(performance.now() - from);
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  cpu.push((Number(fields[11]) + Number(fields[12])) * TICK_MS);
  child.kill('SIGTERM');
  await gone;
  rmSync(cwd, { recursive: true, force: true });
}

const told = (times) => {
  const sorted = times.toSorted((a, b) => a - b);
  return `median ${Math.round(sorted[sorted.length >> 1])} ms, least ${Math.round(sorted[0])} ms`;
};
console.log(`until it listens: ${told(wall)}; CPU of all threads: ${told(cpu)}`);
