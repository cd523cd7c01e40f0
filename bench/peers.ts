/**
 * Other gateways, installed into a scratch folder that is kept for the next run, and put through the same load with nothing
 * switched on: no keys, no limits, no log. Their versions are fixed, so that a change of figures is ours.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, GATEWAY_CORE, runToEnd, startChild, waitReady } from './children.js';
import { BURST_MODELS, PACED_MODELS, UPSTREAM_KEY } from './shapes.js';
import type { Target } from './target.js';

const PORTKEY = '1.15.2';
const LITELLM = '1.106.2';
/** Portkey takes any 1.x of this; with 1.19 each of its streamed answers fails with "TypeError: immutable". */
const PORTKEY_PACKAGE = { private: true, overrides: { '@hono/node-server': '1.13.8' } };
const scratch = join(import.meta.dirname, '..', '..', '.scratch', 'peers');

export async function startPortkey(upstreamPort: number, output: string): Promise<Target> {
  const folder = join(scratch, `portkey-${PORTKEY}`);
  const program = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify(PORTKEY_PACKAGE));
    await runToEnd(
      'npm',
      ['install', '--no-audit', '--no-fund', '--ignore-scripts', `@portkey-ai/gateway@${PORTKEY}`],
      folder,
    );
  }
  const port = await freePort();
  const args = [program, '--headless', `--port=${port}`];
  const child = startChild(process.execPath, args, { core: GATEWAY_CORE, output, cwd: folder });
  await waitReady(child, port, '/', 60);
  return {
    name: 'portkey',
    port,
    child,
    headers: (route) => ({
      authorization: `Bearer ${UPSTREAM_KEY}`,
      'x-portkey-provider': route === 'same' ? 'openai' : 'anthropic',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    }),
    model: (name) => name,
    maxRate: 300,
    maxStreams: 100,
  };
}

export async function startLitellm(upstreamPort: number, output: string): Promise<Target> {
  const folder = join(scratch, `litellm-${LITELLM}`);
  const program = join(folder, 'bin', 'litellm');
  if (!existsSync(program)) {
    mkdirSync(scratch, { recursive: true });
    await runToEnd('python3', ['-m', 'venv', folder], scratch);
    await runToEnd(join(folder, 'bin', 'pip'), ['install', '--quiet', `litellm[proxy]==${LITELLM}`], scratch);
  }
  const config = join(folder, 'bench.yaml');
  writeFileSync(config, JSON.stringify(litellmConfig(upstreamPort), null, 2));
  const port = await freePort();
  const args = [
    program,
    '--config',
    config,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--num_workers',
    '1',
  ];
  const env = {
    LITELLM_LOCAL_MODEL_COST_MAP: 'True', // no fetch of prices at start
    LITELLM_LOG: 'ERROR',
    LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true', // without a key it would not start
  };
  const python = join(folder, 'bin', 'python');
  const child = startChild(python, args, { core: GATEWAY_CORE, output, cwd: folder, env });
  await waitReady(child, port, '/health/liveliness', 180);
  return {
    name: 'litellm',
    port,
    child,
    headers: () => ({ authorization: 'Bearer none' }),
    model: (name) => name,
    maxRate: 40,
    maxStreams: 10,
  };
}

function litellmConfig(upstreamPort: number) {
  const origin = `http://127.0.0.1:${upstreamPort}`;
  const model = (name: string, provider: string, api_base: string) => ({
    model_name: name,
    litellm_params: { model: `${provider}/${name}`, api_base, api_key: UPSTREAM_KEY },
  });
  return {
    model_list: [
      ...[PACED_MODELS.same, BURST_MODELS.same].map((name) => model(name, 'openai', `${origin}/v1`)),
      ...[PACED_MODELS.translated, BURST_MODELS.translated].map((name) => model(name, 'anthropic', origin)),
    ],
    litellm_settings: { telemetry: false },
  };
}
