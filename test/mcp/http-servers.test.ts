import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { type FakeMcp, startFakeMcp } from '../fakes/mcp-http.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { callTool, everything, listTools } from './servers.js';

let servers: ChildProcess[];
let fakes: FakeMcp[];
let gateway: Embedded;

async function start(kind: 'streamableHttp' | 'sse'): Promise<string> {
  const port = await freePort();
  const { command, args } = everything(kind);
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', PORT: String(port) },
    stdio: 'ignore',
  });
  servers.push(child);
  // It loads much before it listens.
  for (let tries = 0; tries < 600; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    if (answered !== null) break;
    await sleep(50);
  }
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  servers = [];
  fakes = await Promise.all([startFakeMcp(), startFakeMcp()]);
  const [hand, other] = fakes as [FakeMcp, FakeMcp];
  other.token = 'sk-header-0123456789';
  const [http, sse] = await Promise.all([start('streamableHttp'), start('sse')]);
  const timeouts = { call: '3s', connect: '3s' };
  gateway = await embed({
    env: { TOKEN: 'sk-header-0123456789' },
    config: {
      observability: { log_level: 'error' },
      mcp: {
        servers: {
          http: { url: `${http}/mcp`, timeouts },
          sse: { url: `${sse}/sse`, transport: 'sse', timeouts },
          auto: { url: `${sse}/sse`, timeouts },
          hand: { url: `${hand.url}/mcp`, timeouts, result_limit: '100kb' },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file
          locked: { url: `${other.url}/mcp`, headers: { Authorization: 'Bearer ${TOKEN}' }, timeouts },
          wrong: {
            url: `${other.url}/mcp`,
            headers: { authorization: 'Bearer sk-wrong-0123456789' },
            timeouts,
          },
          moved: { url: `${hand.url}/moved?to=${encodeURIComponent(`${other.url}/mcp`)}`, timeouts },
          nowhere: { url: `http://127.0.0.1:${await freePort()}/mcp`, timeouts },
        },
      },
    },
  });
});
afterAll(async () => {
  // First, since the rest may fail where the beginning did.
  for (const server of servers) server.kill('SIGKILL');
  await gateway.close();
  await Promise.all(fakes.map((one) => one.close()));
});

it.each(['http', 'sse', 'auto'])('the reference server over HTTP works: %s', async (server) => {
  const { data, missing } = await listTools(gateway, { query: `?server=${server}` });
  expect(missing).toEqual([]);
  expect(data.map(({ name }) => name)).toContain('echo');
  expect((await callTool(gateway, server, 'echo', { message: 'over HTTP' })).text).toBe('Echo: over HTTP');
});

it('headers are sent to the server, and what it refuses is told without them', async () => {
  expect((await callTool(gateway, 'locked', 'echo', { say: 'in' })).text).toBe('in');
  const refused = await callTool(gateway, 'wrong', 'echo', { say: 'in' });
  expect([refused.status, refused.code]).toEqual([503, 'mcp_server_unavailable']);
  expect(refused.message).not.toContain('sk-wrong');
});

it('a redirect to another address is not followed', async () => {
  const before = fakes[1]?.requests;
  expect((await callTool(gateway, 'moved', 'echo', { say: 'x' })).code).toBe('mcp_server_unavailable');
  expect(fakes[1]?.requests).toBe(before);
});

it('a server that is not there is told as such', async () => {
  const { status, code, message } = await callTool(gateway, 'nowhere', 'echo', { say: 'x' });
  expect([status, code]).toEqual([503, 'mcp_server_unavailable']);
  expect(message).toContain('ECONNREFUSED');
});

describe('a server by hand', () => {
  const call = (tool: string, args: object = {}) => callTool(gateway, 'hand', tool, args);

  it('may answer in JSON or in a stream', async () => {
    expect((await call('echo', { say: 'json' })).text).toBe('json');
    expect((await call('stream', { say: 'stream' })).text).toBe('stream');
  });

  it.each(['huge', 'huge-stream'])('that sends 100 MB fails that call alone: %s', async (tool) => {
    expect(await call(tool)).toMatchObject({ status: 502, code: 'mcp_result_too_large' });
    expect((await call('echo', { say: 'x' })).text).toBe('x');
  });

  it.each(['cut', 'ends-without'])(
    'whose stream ends without the answer is not waited for: %s',
    async (tool) => {
      const began = performance.now();
      expect(await call(tool)).toMatchObject({ status: 502, code: 'mcp_server_gone' });
      expect(performance.now() - began).toBeLessThan(2500);
    },
  );

  it('that has forgotten the session is asked anew, once', async () => {
    expect((await call('echo', { say: 'before' })).text).toBe('before');
    fakes[0]?.forget();
    expect((await call('echo', { say: 'after' })).text).toBe('after');
  });

  it('that answers in words no client knows is told as such', async () => {
    expect((await call('html')).status).toBe(502);
  });
});
