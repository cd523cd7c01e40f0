/**
 * `npm run bench:mcp`: what Headgate adds to a call of a tool at its own MCP endpoint, over a session and without one, against
 * calling the reference server with the client library; a thousand calls at once, and the memory of a thousand sessions that do
 * nothing.
 *
 *   --calls N          one after the other in each round, instead of 500
 *   --rounds N         instead of 5
 *   --threads N        I/O threads of Headgate, instead of 1
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { added, inTurns, median } from './call-times.js';
import { directServer } from './direct-server.js';
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
  options: {
    calls: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
  },
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
async function echo(port: number, said: string, session: string | null): Promise<string> {
  const name = 'everything__echo';
  const params = { name, arguments: { message: said }, ...(session === null && { _meta: MODERN }) };
  const headers =
    session === null
      ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
      : { 'mcp-session-id': session };
  return (await post(port, { id: ++ids, method: 'tools/call', params }, headers as never)).text;
}

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
const mb = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
const ms = (value: number): string => `${value.toFixed(2)} ms`;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-mcp-'));
  const threads = Number(values.threads);
  const [calls, rounds] = [Number(values.calls), Number(values.rounds)];
  const alone = await directServer();
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
    const ways = {
      direct: alone.echo,
      'over a session': (said: string) => echo(port, said, session),
      'without sessions (2026-07-28)': (said: string) => echo(port, said, null),
    };
    const pid = child.pid as number;
    const times = await inTurns(ways, { calls, rounds, pid });
    for (const [name, all] of Object.entries(times)) {
      const p50 = median(all.map((one) => one.p50));
      const p99 = median(all.map((one) => one.p99));
      const cpu = median(all.map((one) => one.cpu)).toFixed(0);
      const more =
        name === 'direct' ? '' : `, added p50 ${ms(added(all, times.direct))}, CPU ${cpu} us a call`;
      console.log(`${name}: p50 ${ms(p50)}, p99 ${ms(p99)}${more} (medians of ${rounds} rounds)`);
    }
    for (const [name, how] of Object.entries(ways)) {
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => how(`at once ${i}`)));
      if (answers.some((text, i) => !text.includes(`Echo: at once ${i}`))) throw new Error('another answer');
      console.log(`${name}: ${AT_ONCE} calls at once, all answered in ${ms(performance.now() - began)}`);
    }
    await sleep(3000);
    const before = rssOf(pid);
    for (let i = 0; i < SESSIONS; i += 50) await Promise.all(Array.from({ length: 50 }, () => begin(port)));
    await sleep(3000);
    const used = rssOf(pid) - before;
    console.log(
      `${SESSIONS} idle sessions: ${mb(used)} more memory (${mb(before)} before), ${Math.round(used / SESSIONS / 1024)} KB each`,
    );
  } finally {
    await alone.close();
    child.kill('SIGTERM');
    agent.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
process.exit(0);
