import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed, json } from './embedded.js';

let openai: FakeProvider;
let anthropic: FakeProvider;
let gateway: Embedded;
const anthropicModel = 'claude-sonnet-4-5';

beforeAll(async () => {
  [openai, anthropic] = await Promise.all([startOpenAi(), startAnthropic()]);
  const both = [`anthropic/${anthropicModel}`, 'openai/gpt-4o'];
  gateway = await embed({
    config: {
      providers: {
        openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
        anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
      },
      models: {
        usual: { targets: both },
        quiet: { targets: both, on_unsupported: 'drop' },
        strict: { targets: both, on_unsupported: 'reject' },
        alone: { targets: [`anthropic/${anthropicModel}`], on_unsupported: 'reject' },
      },
      on_unsupported: 'warn',
    },
  });
});
afterEach(() => {
  openai.reset();
  anthropic.reset();
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([openai.close(), anthropic.close()]);
});

/** What Anthropic's API has no words for. */
const chat = (model: string, more: object = { seed: 7, frequency_penalty: 1 }) =>
  gateway.fetch(
    '/v1/chat/completions',
    json({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  );

describe('fields that a target has no words for', () => {
  it('are left out and named in a header (warn)', async () => {
    const answer = await chat('usual');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-headgate-provider')).toBe('anthropic');
    expect(answer.headers.get('x-headgate-dropped')?.split(', ').sort()).toEqual([
      'frequency_penalty',
      'seed',
    ]);
  });

  it('are left out without a word (drop)', async () => {
    const answer = await chat('quiet');
    expect(answer.headers.get('x-headgate-provider')).toBe('anthropic');
    expect(answer.headers.get('x-headgate-dropped')).toBeNull();
  });

  it('send the request to the next target that has words for them (reject)', async () => {
    const answer = await chat('strict');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-headgate-provider')).toBe('openai');
    expect(answer.headers.get('x-headgate-attempts')).toBe('1');
    expect(answer.headers.get('x-headgate-dropped')).toBeNull();
    expect(anthropic.received).toHaveLength(0);
  });

  it('are an error that names them when there is no such target (reject)', async () => {
    const answer = await chat('alone');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: {
        code: 'unsupported_fields',
        type: 'invalid_request_error',
        message: expect.stringMatching(/"seed"/),
      },
    });
    expect(anthropic.received).toHaveLength(0);
  });

  it('say which field it was when it was one', async () => {
    const answer = await chat('alone', { seed: 7 });
    expect(await answer.json()).toMatchObject({ error: { param: 'seed' } });
  });

  it('hinder nobody whose request has none', async () => {
    expect((await chat('alone', {})).status).toBe(200);
  });

  it('leave the failure of a target that was asked to the client', async () => {
    openai.always({ status: 400, error: { message: 'no such thing' } });
    const answer = await chat('strict');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: 'no such thing' } });
    openai.always({});
  });
});
