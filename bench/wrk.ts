/**
 * Closed-loop load by `wrk` (Debian package `wrk`), which costs a fraction of a client in Node and so leaves the core it
 * shares with the upstream free. Without it the load process drives the same closed loop, at lower rates.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adopt, LOAD_CORE, pinned } from './children.js';
import type { LoadResult } from './tally.js';

export const hasWrk = spawnSync('wrk', ['--version']).error === undefined;

export const WRK_MISSING =
  '`wrk` is missing (Debian and Ubuntu: apt-get install wrk): the closed loops run on a slower driver in Node';

const REPORT = `
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nREPORT {"requests":%d,"micros":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"p50":%f,"p99":%f}\\n',
    summary.requests, summary.duration, e.connect, e.read, e.write, e.status, e.timeout, latency:percentile(50), latency:percentile(99)))
end
`;

export interface WrkJob {
  port: number;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  connections: number;
  seconds: number;
}

type Report = Record<'requests' | 'micros' | 'p50' | 'p99', number> & Record<string, number>;

export async function wrk(job: WrkJob): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  try {
    const script = join(folder, 'load.lua');
    const headers = Object.entries(job.headers).map(
      ([name, value]) => `wrk.headers[ ${lua(name)} ] = ${lua(value)}\n`,
    );
    const body = `wrk.method = "POST"\nwrk.body = ${lua(job.body.toString())}\n`;
    writeFileSync(script, body + headers.join('') + REPORT);
    const url = `http://127.0.0.1:${job.port}${job.path}`;
    const size = [
      '-t1',
      `-c${job.connections}`,
      `-d${Math.max(1, Math.round(job.seconds))}s`,
      '--timeout',
      '10s',
    ];
    return toResult(await output('wrk', [...size, '-s', script, url]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Lua long string keeps every byte as it is, but drops a newline at its start: there is none in what we send. */
function lua(text: string): string {
  return `[==[${text}]==]`;
}

function output(command: string, args: string[]): Promise<string> {
  const [program, programArgs] = pinned(LOAD_CORE, command, args);
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArgs, { stdio: ['ignore', 'pipe', 'inherit'] });
    adopt(child);
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

function toResult(text: string): LoadResult {
  const line = /^REPORT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk gave no report:\n${text}`);
  const report = JSON.parse(line) as Report;
  const problems: Record<string, number> = {};
  for (const kind of ['connect', 'read', 'write', 'status', 'timeout']) {
    if (report[kind]) problems[`${kind} errors`] = report[kind];
  }
  if (report.requests === 0) problems['no answer at all'] = 1;
  return {
    requests: report.requests,
    events: 0,
    problems,
    seconds: report.micros / 1e6,
    latency: { p50: report.p50, p99: report.p99 },
    firstEvent: undefined,
  };
}
