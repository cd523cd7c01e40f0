import { definePlugin, reply } from '@headgate/sdk';
import { afterAll, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, json } from '../gateway/embedded.js';

const openai = await startOpenAi();
const gateway = await embed({
  config: { providers: behind(openai) },
  plugins: [
    definePlugin({
      name: 'no-secrets',
      version: '1.0.0',
      setup: () => ({
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
