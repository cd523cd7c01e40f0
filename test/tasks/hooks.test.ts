import { definePlugin, reply } from '@headgate/sdk';
import { afterAll, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, json, until } from '../gateway/embedded.js';

const tokens: unknown[] = [];
const openai = await startOpenAi();
const gateway = await embed({
  config: { providers: behind(openai) },
  plugins: [
    definePlugin({
      name: 'no-secrets',
      version: '1.0.0',
      setup: () => ({
        settled: (record) => void tokens.push(record.usage?.inputTokens),
        request(view) {
          const task = view.task();
          if (task?.operation !== 'embedding') return undefined;
          const texts = task.inputs.map((input) => (input.type === 'text' ? input.text : ''));
          if (texts.includes('forbidden')) return reply.error('content-filter', 'secret', 'Not that.');
          if (texts.some((text) => text.includes('@')))
            view.replaceTask({
              ...task,
              inputs: texts.map((text) => ({ type: 'text', text: text.replace(/\S+@\S+/, '<mail>') })),
            });
          return undefined;
        },
      }),
    }),
  ],
});
const ask = (input: string): Promise<Response> =>
  gateway.fetch('/v1/embeddings', json({ model: 'openai/text-embedding-3-small', input, unknown: 1 }));

afterAll(async () => {
  await gateway.close();
  await openai.close();
});

it('hooks read and change the texts of embeddings, whatever API they came by', async () => {
  expect((await ask('write to a@b.c')).status).toBe(200);
  expect(openai.received[0]?.json()).toEqual({
    model: 'text-embedding-3-small',
    input: 'write to <mail>',
    unknown: 1,
  });
});

it('hooks refuse them in the client’s shape', async () => {
  const answer = await ask('forbidden');
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: 'secret' } });
});

it('the usage of an answer too large to be held is read from its end', async () => {
  const embedding = Array.from({ length: 1_000_000 }, () => 0.125);
  const data = [{ object: 'embedding', index: 0, embedding }];
  openai.next({
    body: JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 123, total_tokens: 123 } }),
  });
  tokens.length = 0;
  const answer = await ask('much');
  expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(4 * 1024 * 1024);
  await until('it is settled', () => tokens.length > 0);
  expect(tokens).toEqual([123]);
});
