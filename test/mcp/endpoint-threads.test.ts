import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Headgate, startHeadgate } from '../e2e/harness.js';
import { until } from '../gateway/embedded.js';
import { newClient, textOf } from './clients.js';
import { fixture } from './servers.js';

/**
 * Two I/O threads share the port, and every request takes a connection of its own, so each session is asked for in both
 * threads.
 */
let headgate: Headgate;
beforeAll(async () => {
  headgate = await startHeadgate({
    config: {
      server: { threads: 2, drain_timeout: '10s' },
      observability: { log_level: 'warn' },
      mcp: { servers: { fixture: { ...fixture(), result_limit: '4mb' } }, sessions: { resume: '500ms' } },
    },
  });
});
afterAll(() => headgate.stop());

const apart: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return fetch(input, { ...init, headers });
};
const way = () => ({ fetch: apart, url: headgate.url, path: '/mcp/fixture' });

it('a session is the same in all threads, and so is what its server asks', async () => {
  let asked = 0;
  const client = await newClient(way(), 'legacy', { capabilities: { elicitation: {} } }, (made) =>
    made.setRequestHandler('elicitation/create', async () => {
      asked++;
      return { action: 'accept', content: { response: String(asked) } };
    }),
  );
  for (let i = 1; i <= 12; i++) {
    const result = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Which?' } });
    expect(textOf(result)).toBe(`User response: action=accept, content={"response":"${i}"}`);
  }
  await client.close();
});

it('large results pass between threads whole', async () => {
  const client = await newClient(way(), 'auto');
  const results = await Promise.all(
    Array.from({ length: 8 }, () => client.callTool({ name: 'large', arguments: {} })),
  );
  expect(results.map((result) => textOf(result).length)).toEqual(Array(8).fill(900_000));
  await client.close();
});

it('a call whose client leaves is stopped at its server', async () => {
  const client = await newClient(way(), 'auto');
  const running = async (): Promise<number> =>
    (JSON.parse(textOf(await client.callTool({ name: 'state', arguments: {} }))) as { running: number })
      .running;
  const aborted = new AbortController();
  const leaving = await newClient({
    ...way(),
    fetch: (input, init) => apart(input, { ...init, signal: aborted.signal }),
  });
  leaving.callTool({ name: 'slow', arguments: {} }).catch(() => {});
  await until('it runs', async () => (await running()) === 1);
  aborted.abort();
  await until('it has stopped', async () => (await running()) === 0);
  await client.close();
});

it('streams that wait for news do not keep the gateway from stopping', async () => {
  const client = await newClient(way(), 'legacy', { capabilities: { roots: {} } });
  await client.listTools();
  const began = performance.now();
  await headgate.stop();
  // Of the ten seconds that a drain may take.
  expect(performance.now() - began).toBeLessThan(6000);
  await client.close();
});
