import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { spawnHeadgate } from './harness.js';

let openai: FakeProvider;
beforeAll(async () => {
  openai = await startOpenAi();
});
afterAll(() => openai.close());

async function run(
  args: string[],
  config: object | null = null,
  env: Record<string, string> = {},
  command = 'providers',
) {
  const withFile = config === null ? [] : ['--config', 'headgate.yaml'];
  const spawned = spawnHeadgate([command, ...args, ...withFile], {
    env,
    ...(config !== null && { config }),
  });
  const { code } = await spawned.exited;
  const out = spawned.stdoutLines().join('\n');
  const err = spawned.stderr();
  await spawned.stop();
  return { code, out, err };
}

const KEY = 'sk-fake-openai-0123456789';
const config = () => ({
  providers: { openai: { base_url: `${openai.url}/v1`, keys: [{ value: KEY, name: 'main' }] } },
});

describe('headgate providers', () => {
  it('lists every provider with its key variable and whether it is set', async () => {
    const { code, out } = await run([], null, { GROQ_API_KEY: 'gsk-secret-value' });
    expect(code).toBe(0);
    expect(out).toMatch(/^\* {2}groq +Groq +openai-chat.* GROQ_API_KEY, set +https:/m);
    expect(out).toMatch(/^ {3}anthropic .* ANTHROPIC_API_KEY, not set/m);
    expect(out).not.toContain('gsk-secret-value');
  });

  it('gives the same to programs', async () => {
    const { out } = await run(['--json'], {
      providers: { mine: { extends: 'openai', keys: [{ value: KEY }] } },
    });
    const listed = JSON.parse(out) as { id: string }[];
    expect(listed.length).toBeGreaterThan(120);
    expect(listed.find(({ id }) => id === 'mine')).toMatchObject({
      ready: true,
      key: 'file',
      signer: 'bearer',
    });
    expect(listed.find(({ id }) => id === 'azure')).toMatchObject({
      ready: false,
      key: null,
      keyEnv: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
    });
  });
});

describe('headgate providers test', () => {
  it('says that all is well', async () => {
    openai.reset();
    const { code, out } = await run(['test', 'openai', '--model', 'gpt-4o'], config());
    expect(out).toMatch(/^openai, main: gpt-4o \(openai-chat\)\n {2}ok, \d+ ms\n {2}HTTP 200$/);
    expect(code).toBe(0);
    expect(openai.received[0]?.headers['authorization']).toBe(`Bearer ${KEY}`);
  });

  it.each([
    [401, 'the key was refused'],
    [404, 'the model is not there'],
    [429, 'rate-limited'],
    [500, 'the provider has trouble'],
  ])('tells what HTTP %i means', async (status, outcome) => {
    openai.next({ status, error: { message: `wrong: ${KEY}` } });
    const { code, out } = await run(['test', 'openai', '--model', 'gpt-4o'], config());
    expect(code).toBe(1);
    expect(out).toContain(`  ${outcome}, `);
    expect(out).toContain(`HTTP ${status}, wrong: ***`);
    expect(out).not.toContain(KEY);
  });

  it('tells an answer that is none, and a provider that is not there', async () => {
    openai.next({ body: '<html>hello</html>', headers: { 'content-type': 'text/html' } });
    const odd = await run(['test', 'openai', '--model', 'gpt-4o'], config());
    expect(odd.out).toContain('the answer makes no sense');
    const gone = { providers: { openai: { base_url: 'http://127.0.0.1:9/v1', keys: [{ value: KEY }] } } };
    expect((await run(['test', 'openai', '--model', 'x'], gone)).out).toContain(
      'it could not be reached\n  the connection was refused',
    );
  });

  it('takes a model that the configuration uses', async () => {
    const { out } = await run(['test', 'openai'], {
      ...config(),
      models: { m: { targets: ['openai/gpt-4o-mini'] } },
    });
    expect(out).toContain('gpt-4o-mini (openai-chat)');
  });

  it('says what to set for a provider that is not set up, and what one may have meant', async () => {
    const missing = await run(['test', 'groq']);
    expect(missing.code).toBe(2);
    expect(missing.err).toContain(
      'the provider "groq" is not set up: set GROQ_API_KEY, or list it under "providers"',
    );
    expect((await run(['test', 'gorq'])).err).toContain('did you mean "groq"?');
    expect((await run(['tset', 'groq'])).err).toContain('did you mean "providers test"?');
    expect((await run(['test'])).err).toContain('headgate providers test NAME');
  });
});

describe('headgate models', () => {
  it('lists the models of a pattern with what they cost', async () => {
    const { code, out } = await run(['gpt-4o-mini'], null, { OPENAI_API_KEY: KEY }, 'models');
    expect(code).toBe(0);
    expect(out).toMatch(/^openai\/gpt-4o-mini +128000 +16384 +0\.15 \/ 0\.6 +vision tools/m);
    expect(out).not.toMatch(/^anthropic/m);
  });
});
