import { definePlugin } from '@headgate/sdk';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, createGateway, StartError } from '../../dist/bin/library.js';
import { chatBody } from '../e2e/http-client.js';
import { startOpenAi } from '../fakes/openai.js';
import { tempDir } from '../store/temp-dir.js';
import { behind, embed, json, until } from './embedded.js';

const openai = await startOpenAi();
beforeEach(() => openai.reset());
afterAll(() => openai.close());

const hello = json(chatBody('mock/hello'));
const stream = json(chatBody('openai/gpt-4o', { stream: true }));
const CHAT = '/v1/chat/completions';

describe('close', () => {
  it('lets running requests end, keeps their records and refuses new ones', async () => {
    const gateway = await embed({ config: { providers: behind(openai) } });
    openai.next({ delayBetweenMs: 30 });
    const response = await gateway.fetch(CHAT, stream);
    const closing = gateway.close();
    const late = await gateway.fetch(CHAT, hello);
    expect(late.status).toBe(503);
    expect(await late.text()).toContain('draining');
    expect(await response.text()).toContain('[DONE]');
    expect(await closing).toBe(true);
    for (const path of [CHAT, '/v1/models', '/api/usage', '/health/ready'])
      expect((await gateway.fetch(path)).status).toBe(503);
    await expect(gateway.listen()).rejects.toThrow('closed');
  });

  it('ends a stream that takes too long with an error of its own API', async () => {
    const gateway = await embed({
      config: { server: { drain_timeout: '200ms' }, providers: behind(openai) },
    });
    openai.next({ hangAfter: 3 });
    const response = await gateway.fetch(CHAT, stream);
    const upstream = await openai.request();
    const [inTime, text] = await Promise.all([gateway.close(), response.text()]);
    expect(inTime).toBe(false);
    expect(text).toContain('gateway_stopping');
    await upstream.gone;
  });

  it('gives up an upload that takes too long', async () => {
    const gateway = await embed({ config: { server: { drain_timeout: '100ms' } } });
    let cancelled = false;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('{')),
      cancel: () => {
        cancelled = true;
      },
    });
    const answer = gateway.fetch(CHAT, { method: 'POST', body, duplex: 'half' } as RequestInit);
    const [inTime, response] = await Promise.all([gateway.close(), answer]);
    expect(inTime).toBe(false);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'gateway_stopping' } });
    await until('the upload is cancelled', () => cancelled);
  });

  it('closes the port, once however often it is called', async () => {
    const gateway = await embed();
    const url = await gateway.listen();
    expect(await gateway.listen()).toBe(url);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await Promise.all([gateway.close(), gateway.close()])).toEqual([true, true]);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });

  it('leaves its folder to the next gateway, which knows what this one recorded', async () => {
    const dataDir = tempDir();
    const options = { dataDir, env: {} };
    const first = await createGateway(options);
    const headers = { 'x-headgate-metadata': 'customer=acme' };
    await first.fetch(CHAT, json(chatBody('mock/hello'), { headers }));
    await expect(createGateway(options)).rejects.toThrow(StartError);
    await first.close();
    const second = await createGateway(options);
    expect(await (await second.fetch('/api/usage?group_by=customer')).text()).toContain('acme');
    await second.close();
  });
});

describe('gateways in one process', () => {
  it('know nothing of each other', async () => {
    const names = ['one', 'two'];
    const gateways = await Promise.all(
      names.map((name) => embed({ config: { models: { [name]: { targets: ['mock/hello'] } } } })),
    );
    const urls = await Promise.all(gateways.map((gateway) => gateway.listen()));
    expect(new Set(urls).size).toBe(2);
    for (const [i, gateway] of gateways.entries()) {
      for (const [j, name] of names.entries()) {
        const asked = json(chatBody(name), { headers: { 'x-headgate-metadata': `customer=of-${names[i]}` } });
        expect((await gateway.fetch(CHAT, asked)).status).toBe(i === j ? 200 : 404);
      }
    }
    const usage = await Promise.all(
      gateways.map(async (gateway) => (await gateway.fetch('/api/usage?group_by=customer')).text()),
    );
    expect(usage[0]).toContain('of-one');
    expect(usage[0]).not.toContain('of-two');
    await gateways[0]?.close();
    expect((await gateways[1]?.fetch(CHAT, json(chatBody('two'))))?.status).toBe(200);
    await gateways[1]?.close();
  });
});

describe('a start', () => {
  it('leaves the process its signals, its exit and its errors', async () => {
    const events = [
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'exit',
      'uncaughtException',
      'unhandledRejection',
    ] as const;
    const listeners = (): number[] => events.map((event) => process.listenerCount(event));
    const before = listeners();
    const gateway = await embed();
    await gateway.listen();
    expect(listeners()).toEqual(before);
    await gateway.close();
    expect(listeners()).toEqual(before);
  });

  it('names every mistake of the configuration', async () => {
    const config = { server: { prot: 1 }, models: { x: { targets: ['nobody/x'] } } } as object;
    const failure = await embed({ config }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toContain('did you mean "port"');
    expect(String(failure)).toContain('models.x');
  });

  it('reads variables from the environment that it is given', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
    const config = { models: { said: { targets: ['${TARGET}'] } } };
    await expect(embed({ config })).rejects.toThrow('TARGET is not set');
    const gateway = await embed({ config, env: { TARGET: 'mock/hello' } });
    expect((await gateway.fetch(CHAT, json(chatBody('said')))).status).toBe(200);
    await gateway.close();
  });

  it('fails with a plugin that fails, and can be tried again with the same folder', async () => {
    let broken = true;
    const plugin = definePlugin({
      name: 'fragile',
      version: '1.0.0',
      setup() {
        if (broken) throw new Error('not today');
      },
    });
    const options = { plugins: [plugin], dataDir: tempDir() };
    await expect(embed(options)).rejects.toThrow('not today');
    broken = false;
    const gateway = await embed(options);
    await gateway.close();
  });

  it('gives a plugin the settings that the configuration lists under its name, and closes it at the end', async () => {
    const seen: unknown[] = [];
    const plugin = definePlugin({
      name: 'greeter',
      version: '1.0.0',
      config: z.strictObject({ greeting: z.string().default('none') }),
      setup: (_, config) => void seen.push(config.greeting),
      close: () => void seen.push('closed'),
    });
    const listed = await embed({
      config: { plugins: [{ use: 'greeter', config: { greeting: 'hello' } }] },
      plugins: [plugin],
    });
    await listed.close();
    expect(seen).toEqual(['hello', 'closed']);
    const unlisted = await embed({ plugins: [plugin] });
    await unlisted.close();
    expect(seen).toEqual(['hello', 'closed', 'none', 'closed']);
    await expect(embed({ plugins: [plugin, plugin] })).rejects.toThrow(StartError);
  });
});
