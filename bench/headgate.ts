/** Starts Headgate as a user would run it: virtual key, limits, budget, cost, log and metrics on. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, GATEWAY_CORE, startChild, waitReady } from './children.js';
import { UPSTREAM_KEY } from './shapes.js';
import type { Target } from './target.js';

const program = join(import.meta.dirname, '..', 'bin', 'headgate.js');
const CLIENT_KEY = 'hg-bench-key-0123456789';

/**
 * @param folder for its config, data and log
 * @param threads I/O threads; more than one leaves it unpinned
 */
export async function startHeadgate(upstreamPort: number, folder: string, threads: number): Promise<Target> {
  const { port, child } = await startWith(benchConfig(upstreamPort, threads), folder, threads);
  return {
    name: 'headgate',
    port,
    child,
    headers: () => ({ authorization: `Bearer ${CLIENT_KEY}` }),
    model: (name) => `${name.startsWith('claude') ? 'bench-anthropic' : 'bench'}/${name}`,
  };
}

/** Starts it with this configuration, and resolves when it is ready. */
export async function startWith(
  config: object,
  folder: string,
  threads: number,
): Promise<{ port: number; child: ChildProcess }> {
  if (!existsSync(program)) throw new Error(`${program} is missing: build first (npm run build)`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'headgate.yaml');
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(config, null, 2));
  const port = await freePort();
  const args = [program, '--config', file, '--port', String(port)];
  args.push('--data', join(folder, 'data'), '--log-level', 'info');
  const core = threads > 1 ? null : GATEWAY_CORE;
  const child = startChild(process.execPath, args, { core, output: join(folder, 'headgate.log') });
  await waitReady(child, port, '/health/ready', 30);
  return { port, child };
}

function benchConfig(upstreamPort: number, threads: number) {
  const base_url = `http://127.0.0.1:${upstreamPort}/v1`;
  const keys = [{ value: UPSTREAM_KEY }];
  return {
    server: { threads },
    auth: { required: true },
    providers: {
      bench: { extends: 'openai', base_url, keys },
      'bench-anthropic': { extends: 'anthropic', base_url, keys },
    },
    keys: [
      {
        name: 'bench',
        value: CLIENT_KEY,
        models: ['*'],
        // Far above what a run can use, so that they are counted but never refuse.
        budget: { usd: 1_000_000, per: 'month' },
        limits: { rpm: 100_000_000, tpm: 1_000_000_000_000 },
      },
    ],
    observability: { prometheus: true },
  };
}
