import { createHash, createHmac } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { definePlugin } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Embedded, embed, json } from './embedded.js';

const SECRET = 'the-secret-of-this-server';
const value = (name: string): string => `hg-${name}-key-0123456789`;
const chains: unknown[] = [];
const spy = definePlugin({
  name: 'spy',
  version: '1.0.0',
  config: z.strictObject({}),
  setup: () => ({
    request(view) {
      chains.push(view.principal?.chain?.map(({ kind, id }) => `${kind}:${id}`));
    },
  }),
});

describe('the rules of what a key belongs to', () => {
  let gateway: Embedded;
  beforeAll(async () => {
    gateway = await embed({
      plugins: [spy],
      config: {
        admin: { secret: SECRET },
        organizations: { acme: { denied_models: ['mock/forbidden'] } },
        teams: {
          support: { name: 'Support', organization: 'acme' },
          elsewhere: { providers: ['openai'] },
          far: { ip_ranges: ['10.0.0.0/8'] },
          old: { expires: '2020-01-01' },
        },
        projects: { bot: { team: 'support', endpoints: ['/v1/chat/*'] } },
        users: { ann: { disabled: true } },
        customers: { bad: { disabled: true }, good: { models: ['mock/hello'] } },
        tags: { nightly: { denied_providers: ['mock'] } },
        keys: [
          { name: 'bot', value: value('bot'), project: 'bot' },
          { name: 'provider', value: value('provider'), team: 'elsewhere' },
          { name: 'far', value: value('far'), team: 'far' },
          { name: 'old', value: value('old'), team: 'old' },
          { name: 'ann', value: value('ann'), user: 'ann' },
          { name: 'lost', value: value('lost'), team: 'nowhere' },
          { name: 'plain', value: value('plain') },
          { name: 'litellm', hash: `sha256:${createHash('sha256').update('sk-litellm').digest('hex')}` },
          {
            name: 'exported',
            id: 'key_1',
            hash: `hmac-sha256:${createHmac('sha256', SECRET).update('hg-exported').digest('hex')}`,
          },
        ],
      },
    });
  });
  afterAll(() => gateway.close());

  async function ask(
    key: string,
    model = 'mock/hello',
    more: Record<string, string> = {},
    path = '/v1/chat/completions',
  ) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...more };
    const body = { model, messages: [{ role: 'user', content: 'Hello' }], input: 'Hello' };
    const answer = await gateway.fetch(path, json(body, { headers }));
    const said = (await answer.json()) as { error?: { code: string; message: string } };
    return { status: answer.status, code: said.error?.code, message: said.error?.message };
  }

  it('lets through what all of them allow, and hands plugins the chain', async () => {
    expect((await ask(value('bot'))).status).toBe(200);
    expect(chains.at(-1)).toEqual(['key:bot', 'project:bot', 'team:support', 'organization:acme']);
    expect((await ask(value('bot'), 'mock/hello', { 'x-headgate-metadata': 'customer=good' })).status).toBe(
      200,
    );
    expect(chains.at(-1)).toEqual([
      'key:bot',
      'project:bot',
      'team:support',
      'organization:acme',
      'customer:good',
    ]);
  });

  it.each([
    ['a model of the organization', 'bot', 'mock/forbidden', {}, 'model_not_allowed', 'organization "acme"'],
    ['a provider of the team', 'provider', 'mock/hello', {}, 'provider_not_allowed', 'team "elsewhere"'],
    ['an address of the team', 'far', 'mock/hello', {}, 'address_not_allowed', 'team "far"'],
    ['the end of the team', 'old', 'mock/hello', {}, 'entity_expired', 'team "old"'],
    ['a user that is disabled', 'ann', 'mock/hello', {}, 'entity_disabled', 'user "ann"'],
    ['a team that nobody knows', 'lost', 'mock/hello', {}, 'entity_disabled', 'team "nowhere"'],
    [
      'a customer that is disabled',
      'plain',
      'mock/hello',
      { customer: 'bad' },
      'entity_disabled',
      'customer "bad"',
    ],
    [
      'a model of the customer',
      'plain',
      'mock/other',
      { customer: 'good' },
      'model_not_allowed',
      'customer "good"',
    ],
    [
      'a provider of the tag',
      'plain',
      'mock/hello',
      { tags: ['nightly'] },
      'provider_not_allowed',
      'tag "nightly"',
    ],
  ])('refuse %s, and say who', async (_, key, model, metadata, code, who) => {
    const said = await ask(value(key), model, { 'x-headgate-metadata': JSON.stringify(metadata) });
    expect(said).toMatchObject({ status: 403, code });
    expect(said.message).toContain(who);
  });

  it('refuse a path, also behind the prefix of an SDK', async () => {
    for (const path of ['/v1/embeddings', '/openai/v1/embeddings']) {
      const said = await ask(value('bot'), 'mock/hello', {}, path);
      expect(said).toMatchObject({ status: 403, code: 'endpoint_not_allowed' });
      expect(said.message).toContain('project "bot"');
    }
    expect((await ask(value('bot'), 'mock/hello', {}, '/openai/v1/chat/completions')).status).toBe(200);
  });

  it('know keys by their hash alone, and no others', async () => {
    expect((await ask('sk-litellm')).status).toBe(200);
    expect((await ask('hg-exported')).status).toBe(200);
    expect(chains.at(-1)).toEqual(['key:key_1']);
    expect((await ask('hg-unknown')).code).toBe('key_unknown');
  });
});

it('makes a secret of its own for the data folder, for its owner alone', async () => {
  const gateway = await embed({});
  try {
    expect(statSync(join(gateway.dataDir, 'secret')).mode & 0o777).toBe(0o600);
  } finally {
    await gateway.close();
  }
});
