/**
 * `npm run bench:mcp`: tools called at Headgate's own MCP endpoint, over sessions and without them: how long one call takes, a
 * thousand calls at once, and the memory of a thousand sessions that do nothing.
 *
 *   --calls N          one after the other, instead of 500
 *   --threads N        I/O threads of Headgate, instead of 1
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EVERYTHING } from './everything-server.js';
import { startWith } from './headgate.js';
import { describeMachine, machineLine } from './machine.js';

const CLIENT_KEY = 'hg-bench-key-0123456789';
const AT_ONCE = 1000;
const SESSIONS = 1000;
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '500' }, threads: { type: 'string', default: '1' } },
});

interface Answer {
  readonly text: string;
  readonly session: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** One message; its answer is read whole. */
function post(port: number, message: object, more: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const headers = {
      authorization: `Bearer ${CLIENT_KEY}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...more,
    };
    const asked = request({ port, path: '/mcp', method: 'POST', headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode > 299) reject(new Error(`${statusCode}: ${text}`));
        else resolve({ text, session: String(answer.headers['mcp-session-id'] ?? '') });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function begin(port: number): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  };
  const { session } = await post(port, { id: 0, method: 'initialize', params });
  await post(port, { method: 'notifications/initialized' }, { 'mcp-session-id': session });
  return session;
}

let ids = 0;
async function echo(port: number, said: string, session: string | null): Promise<void> {
  const name = 'everything__echo';
  const params = { name, arguments: { message: said }, ...(session === null && { _meta: MODERN }) };
  const headers =
    session === null
      ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
      : { 'mcp-session-id': session };
  const { text } = await post(port, { id: ++ids, method: 'tools/call', params }, headers as never);
  if (!text.includes(`Echo: ${said}`)) throw new Error(`another answer: ${text.slice(0, 500)}`);
}

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
const mb = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
const ms = (value: number): string => `${value.toFixed(2)} ms`;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-mcp-'));
  const threads = Number(values.threads);
  const calls = Number(values.calls);
  const config = {
    server: { threads },
    auth: { required: true },
    keys: [{ name: 'bench', value: CLIENT_KEY, budget: { usd: 1_000_000, per: 'month' } }],
    mcp: { servers: { everything: { ...EVERYTHING, tools: { echo: { price_usd: 0.000001 } } } } },
  };
  const { port, child } = await startWith(config, folder, threads);
  try {
    console.log(machineLine(describeMachine()));
    const session = await begin(port);
    for (const [name, with_] of [
      ['over a session', session],
      ['without sessions (2026-07-28)', null],
    ] as const) {
      for (let i = 0; i < calls; i++) await echo(port, `warm ${i}`, with_);
      const times: number[] = [];
      for (let i = 0; i < calls; i++) {
        const began = performance.now();
        await echo(port, `number ${i}`, with_);
        times.push(performance.now() - began);
      }
      times.sort((a, b) => a - b);
      const at = (share: number): string => ms(times[Math.floor(times.length * share)] as number);
      console.log(`${name}: p50 ${at(0.5)}, p99 ${at(0.99)}`);
      const began = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => echo(port, `at once ${i}`, with_)));
      console.log(`${name}: ${AT_ONCE} calls at once, all answered in ${ms(performance.now() - began)}`);
    }
    const pid = child.pid as number;
    await sleep(3000);
    const before = rssOf(pid);
    for (let i = 0; i < SESSIONS; i += 50) await Promise.all(Array.from({ length: 50 }, () => begin(port)));
    await sleep(3000);
    const used = rssOf(pid) - before;
    console.log(
      `${SESSIONS} idle sessions: ${mb(used)} more memory (${mb(before)} before), ${Math.round(used / SESSIONS / 1024)} KB each`,
    );
  } finally {
    child.kill('SIGTERM');
    agent.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
process.exit(0);
