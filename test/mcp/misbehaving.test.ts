import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { callTool, fake, isAlive, listTools, namesOf } from './servers.js';

const TOKEN = 'sk-planted-0123456789';
let folder: string;
let gateway: Embedded;
const logOf = (server: string): string => readFileSync(join(folder, server), 'utf8');
const logged = (server: string) => ({ FAKE_LOG: join(folder, server), SECRET_TOKEN: TOKEN });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-mcp-'));
  const timeouts = { call: '10s', list: '10s', connect: '5s' };
  gateway = await embed({
    env: { TOKEN },
    config: {
      observability: { log_level: 'error' },
      mcp: {
        servers: {
          bad: {
            ...fake(),
            env: logged('bad'),
            timeouts,
            result_limit: '1mb',
            cwd: folder,
            tools: { sleep: { timeout: '1s' } },
          },
          'exit-on-probe': { ...fake('exit-on-probe'), env: logged('exit-on-probe'), timeouts },
          'silent-probe': {
            ...fake('silent-probe'),
            env: logged('silent-probe'),
            timeouts: { connect: '4s' },
          },
          deaf: { ...fake(), timeouts: { call: '30s' } },
          mute: { ...fake('mute'), timeouts: { connect: '300ms' } },
          crash: { ...fake('crash'), env: logged('crash') },
          endless: { ...fake('endless'), timeouts },
          small: { ...fake(), timeouts, memory: '120mb' },
        },
      },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Calls that run there. */
async function stateOf(server: string): Promise<number | undefined> {
  const { data } = (await (await gateway.fetch('/api/mcp/servers')).json()) as {
    data: { id: string; running_calls: number }[];
  };
  return data.find(({ id }) => id === server)?.running_calls;
}

const call = (tool: string, args: object = {}, more: { signal?: AbortSignal } = {}) =>
  callTool(gateway, 'bad', tool, args, more);

describe('a server that does not answer', () => {
  it('in time is given up, and told so', async () => {
    expect(await call('sleep', { ms: 60_000 })).toMatchObject({ status: 504, code: 'mcp_timeout' });
    await until('the server is told', () => logOf('bad').includes('cancelled'));
    expect((await call('echo', { say: 'still there' })).text).toBe('still there');
  });

  it('at all is no server, and not asked again at once', async () => {
    const first = await callTool(gateway, 'mute', 'echo', { say: 'x' });
    expect([first.status, first.code]).toEqual([503, 'mcp_server_unavailable']);
  });

  it('when its caller leaves hears of that', async () => {
    const before = logOf('bad').split('cancelled').length;
    const leaving = new AbortController();
    const asked = call('sleep', { ms: 60_000 }, { signal: leaving.signal });
    const told = logOf('bad').split('call sleep').length;
    await until('it was asked', () => logOf('bad').split('call sleep').length > told || told > 2);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until('the server is told', () => logOf('bad').split('cancelled').length > before);
  });
});

describe('a server that ends', () => {
  it('in the middle of a call fails that call, with its last words, and is started again for the next', async () => {
    const dead = await call('die');
    expect(dead).toMatchObject({ status: 502, code: 'mcp_server_gone' });
    expect(dead.message).toContain('it ended with code 7: the end is near');
    expect((await call('echo', { say: 'back' })).text).toBe('back');
  });

  it('at its start says why, without the secrets that it prints', async () => {
    const { code, message } = await callTool(gateway, 'crash', 'echo', { say: 'x' });
    expect(code).toBe('mcp_server_unavailable');
    expect(message).toContain('it ended with code 3: cannot go on with ***');
    expect(message).not.toContain(TOKEN);
    // It is not started for every call.
    for (let i = 0; i < 5; i++) await callTool(gateway, 'crash', 'echo', { say: 'x' });
    expect(logOf('crash').split('start').length - 1).toBeLessThanOrEqual(4);
  });
});

it('a server that reads nothing any longer is ended before what waits for it fills the memory', async () => {
  const deaf = callTool(gateway, 'deaf', 'deaf');
  await until('it is asked', async () => (await stateOf('deaf')) === 1);
  const say = 'x'.repeat(8 * 1024 * 1024);
  const more = await Promise.all(
    Array.from({ length: 12 }, () => callTool(gateway, 'deaf', 'echo', { say })),
  );
  for (const { code, message } of [await deaf, ...more]) {
    expect(['mcp_server_gone', 'mcp_server_unavailable']).toContain(code);
    expect(message).toContain('it does not read what it is sent');
  }
});

describe('a server that sends too much', () => {
  it('in a result fails that call alone', async () => {
    const huge = call('huge', { mb: 100 });
    expect(await huge).toMatchObject({ status: 502, code: 'mcp_result_too_large' });
    expect((await call('echo', { say: 'x' })).text).toBe('x');
    // Over the limit of results, under that of messages.
    expect((await call('huge', { mb: 2 })).code).toBe('mcp_result_too_large');
  });

  it('in lists without end has no list', async () => {
    const { missing } = await listTools(gateway, { query: '?server=endless' });
    expect(missing).toMatchObject([{ server: 'endless', code: 'mcp_server_unavailable' }]);
    expect(missing[0]?.message).toContain('more than 1000');
  });

  it('in messages that nobody asked for is ended', async () => {
    expect(await call('flood')).toMatchObject({ status: 502, code: 'mcp_server_gone' });
    // It has failed twice in short time, so there is a pause.
    await until('it is there again', async () => (await call('echo', { say: 'x' })).text === 'x');
  });

  it('and uses more memory than it may is ended', async () => {
    const grown = await callTool(gateway, 'small', 'grow', { mb: 200 });
    expect(grown).toMatchObject({ status: 502, code: 'mcp_server_gone' });
    expect(grown.message).toContain('bytes of memory');
  });
});

describe('a server that lies', () => {
  it('about its results is told apart from one that fails', async () => {
    expect(await call('lie')).toMatchObject({ status: 502, code: 'mcp_result_invalid' });
    expect((await call('nothing')).message).toContain('there is no structuredContent');
  });

  it('about a schema refuses that tool alone', async () => {
    expect(await call('bad-schema', { a: 1 })).toMatchObject({ status: 502, code: 'mcp_schema_invalid' });
  });

  it('in a pattern that would take for ever takes no time', async () => {
    const began = performance.now();
    expect((await call('slow-pattern', { a: `${'a'.repeat(50)}!` })).code).toBe('mcp_arguments_invalid');
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('in lines that are no messages, or answers that were given, is heard all the same', async () => {
    expect((await call('junk')).text).toBe('junk');
    expect((await call('twice')).text).toBe('first');
    expect((await call('echo', { say: 'third?' })).text).toBe('third?');
  });

  it('with an error of its own is quoted, without secrets', async () => {
    const failed = await call('fail');
    expect(failed).toMatchObject({ status: 502, code: 'mcp_call_failed' });
    expect(failed.message).toContain('-32000: no luck with ***');
  });
});

it('a list that changes is asked for again', async () => {
  expect(namesOf((await listTools(gateway, { query: '?server=bad' })).data)).toContain('bad/echo');
  await call('change', { drop: true });
  await until('it is gone', async () => {
    const { data } = await listTools(gateway, { query: '?server=bad' });
    return !namesOf(data).includes('bad/echo');
  });
  expect((await call('echo', { say: 'x' })).code).toBe('mcp_tool_unknown');
  await call('die');
});

it.each(['exit-on-probe', 'silent-probe'])(
  'a server that knows the old revisions alone works: %s',
  async (server) => {
    expect((await callTool(gateway, server, 'echo', { say: 'old' })).text).toBe('old');
  },
);

it('a server has its own environment and folder, and nothing of the gateway’s', async () => {
  process.env['GATEWAY_SECRET_FOR_THE_TEST'] = 'not for servers';
  try {
    const env = JSON.parse((await callTool(gateway, 'silent-probe', 'env')).text) as Record<string, string>;
    expect(Object.keys(env).toSorted()).toEqual(['FAKE_LOG', 'HOME', 'PATH', 'SECRET_TOKEN']);
    expect(JSON.parse((await call('where')).text)).toMatchObject({ cwd: folder });
  } finally {
    delete process.env['GATEWAY_SECRET_FOR_THE_TEST'];
  }
});

it('nothing of a server is left when the gateway is closed, what it started neither', async () => {
  const other = await embed({
    config: { observability: { log_level: 'error' }, mcp: { servers: { bad: fake('stubborn') } } },
  });
  const { pid } = JSON.parse((await callTool(other, 'bad', 'where')).text) as { pid: number };
  const child = Number((await callTool(other, 'bad', 'grandchild')).text);
  expect([isAlive(pid), isAlive(child)]).toEqual([true, true]);
  await other.close();
  expect([isAlive(pid), isAlive(child)]).toEqual([false, false]);
});
