import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definePlugin } from '@headgate/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed, json } from './embedded.js';

let provider: FakeProvider;
let tokens: Server;
let gateway: Embedded;
let asked = 0;
let answer: { status: number; body: object } = { status: 200, body: {} };

beforeAll(async () => {
  provider = await startOpenAi();
  tokens = createServer((request, response) => {
    asked++;
    request.resume();
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
  const tokenUrl = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/{realm}/token`;
  const cloud = definePlugin({
    name: 'cloud',
    version: '1.0.0',
    providers: [
      {
        row: {
          id: 'cloud',
          name: 'Cloud',
          variables: { realm: { description: 'the realm', default: 'main' } },
          baseUrl: 'http://127.0.0.1',
          formats: { 'openai-chat': '/v1/chat/completions' },
          signer: 'oauth-client-credentials',
          signerOptions: { tokenUrl },
          headers: { 'x-realm': '{realm}' },
          renames: { 'openai-chat': { max_completion_tokens: 'max_tokens' } },
          body: { 'openai-chat': { set: { user: 'realm-{realm}' }, remove: ['metadata'] } },
        },
      },
    ],
  });
  const targets = ['cloud/gpt-4o'];
  gateway = await embed({
    plugins: [cloud],
    config: {
      providers: {
        cloud: {
          base_url: provider.url,
          keys: [{ value: 'id:s3cret-s3cret' }],
          variables: { realm: 'blue' },
        },
        openai: { base_url: `${provider.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
      },
      models: {
        alone: { targets, retries: { attempts: 1 } },
        both: { targets: [...targets, 'openai/gpt-4o'], retries: { attempts: 1 } },
      },
    },
  });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await gateway.close();
  await provider.close();
  await new Promise((resolve) => tokens.close(resolve));
});

const chat = (model: string, more: object = {}) =>
  gateway.fetch(
    '/v1/chat/completions',
    json({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  );

describe('a provider whose signer must ask for a token', () => {
  it('answers with an error of the gateway when there is none to be had, and the next target steps in', async () => {
    answer = { status: 401, body: { error: 'invalid_client', error_description: 's3cret-s3cret is wrong' } };
    const alone = await chat('alone');
    expect(alone.status).toBe(502);
    const text = await alone.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'provider_credentials_unavailable' } });
    expect(text).not.toContain('s3cret');
    const both = await chat('both');
    expect(both.status).toBe(200);
    expect(both.headers.get('x-headgate-provider')).toBe('openai');
  });

  it('asks once for many requests, and sends them as the row has it', async () => {
    answer = { status: 200, body: { access_token: 'fresh', expires_in: 3600 } };
    // A failure is remembered for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    asked = 0;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => chat('alone', { max_completion_tokens: 9, metadata: { a: 'b' } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(asked).toBe(1);
    const received = await provider.request(1);
    await received.complete;
    expect(received.headers['authorization']).toBe('Bearer fresh');
    expect(received.headers['x-realm']).toBe('blue');
    const body = received.json();
    expect(body).toMatchObject({ model: 'gpt-4o', max_tokens: 9, user: 'realm-blue' });
    expect(body).not.toHaveProperty('metadata');
    expect(body).not.toHaveProperty('max_completion_tokens');
  });
});
