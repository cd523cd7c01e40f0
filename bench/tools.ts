/**
 * `npm run bench:tools`: what Headgate adds to a call of a tool, against calling the reference server with the same client
 * library, and a thousand calls at once.
 *
 *   --calls N          one after the other in each round, instead of 500
 *   --rounds N         instead of 5
 *   --threads N        I/O threads of Headgate, instead of 1
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { added, inTurns, median } from './call-times.js';
import { directServer, type Echo } from './direct-server.js';
import { EVERYTHING } from './everything-server.js';
import { startWith } from './headgate.js';
import { describeMachine, machineLine } from './machine.js';

const CLIENT_KEY = 'hg-bench-key-0123456789';
const AT_ONCE = 1000;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
  },
});

/** Over HTTP, with a key, limits, a budget and a price; the call's answer is read whole. */
function through(port: number): Echo {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  return (message) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ server: 'everything', tool: 'echo', arguments: { message } });
      const headers = {
        authorization: `Bearer ${CLIENT_KEY}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const asked = request({ port, path: '/api/mcp/call', method: 'POST', headers, agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => {
          if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode}: ${text}`));
          else
            resolve(
              (JSON.parse(text) as { result: { content: { text: string }[] } }).result.content[0]?.text ?? '',
            );
        });
      });
      asked.on('error', reject);
      asked.end(body);
    });
}

const ms = (value: number): string => `${value.toFixed(3)} ms`;

async function main(): Promise<void> {
  const [calls, rounds] = [Number(values.calls), Number(values.rounds)];
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-tools-'));
  const alone = await directServer();
  const config = {
    server: { threads: Number(values.threads) },
    auth: { required: true },
    admin: { required: false },
    keys: [
      {
        name: 'bench',
        value: CLIENT_KEY,
        budget: { usd: 1_000_000, per: 'month' },
        limits: { rpm: 100_000_000 },
      },
    ],
    mcp: {
      servers: {
        everything: { ...EVERYTHING, tools: { echo: { price_usd: 0.000001, limits: { rpm: 100_000_000 } } } },
      },
    },
  };
  const gateway = await startWith(config, folder, Number(values.threads));
  const call = through(gateway.port);
  try {
    console.log(machineLine(describeMachine()));
    const pid = gateway.child.pid as number;
    const times = await inTurns({ direct: alone.echo, through: call }, { calls, rounds, pid });
    times.direct.forEach((direct, round) => {
      const { p50, p99, cpu } = times.through[round] as (typeof times.through)[number];
      console.log(
        `round ${round + 1}: direct p50 ${ms(direct.p50)} p99 ${ms(direct.p99)}, ` +
          `through Headgate p50 ${ms(p50)} p99 ${ms(p99)}, ${cpu.toFixed(0)} us of its CPU a call`,
      );
    });
    console.log(
      `added p50, median of ${rounds} rounds: ${ms(added(times.through, times.direct))}; ` +
        `CPU ${median(times.through.map(({ cpu }) => cpu)).toFixed(0)} us a call`,
    );
    for (const [name, how] of [
      ['direct', alone.echo],
      ['through Headgate', call],
    ] as const) {
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => how(`at once ${i}`)));
      if (answers.some((text, i) => text !== `Echo: at once ${i}`)) throw new Error('another answer');
      console.log(`${AT_ONCE} calls at once, ${name}: all answered in ${ms(performance.now() - began)}`);
    }
  } finally {
    gateway.child.kill('SIGTERM');
    await alone.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
process.exit(0);
