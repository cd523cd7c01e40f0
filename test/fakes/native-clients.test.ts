import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { CohereClientV2 } from 'cohere-ai';
import { Ollama } from 'ollama';
import { expect, it, onTestFinished } from 'vitest';
import { startBedrock } from './bedrock.js';
import { startCohere } from './cohere.js';
import { startOllama } from './ollama.js';
import type { FakeProvider } from './provider.js';

/** A fake that its provider's own client does not understand would prove nothing about the gateway. */

const text = 'Sunny. ☀️ 22 °C';

async function started(start: () => Promise<FakeProvider>): Promise<FakeProvider> {
  const fake = await start();
  onTestFinished(() => fake.close());
  fake.always({ answer: { text, usage: { input: 120, output: 7 } }, pieceBytes: 5 });
  return fake;
}

it('Cohere’s client understands the fake Cohere', async () => {
  const fake = await started(startCohere);
  const client = new CohereClientV2({ token: 'co-fake', environment: fake.url, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  const whole = await client.chat({ model: 'command-a', messages });
  expect(whole.message.content).toEqual([{ type: 'text', text }]);
  let streamed = '';
  let last = '';
  for await (const event of await client.chatStream({ model: 'command-a', messages })) {
    if (event.type === 'content-delta') streamed += event.delta?.message?.content?.text ?? '';
    last = event.type;
  }
  expect([streamed, last]).toEqual([text, 'message-end']);
  await expect(client.chat({ model: 'command-a', messages: [] })).rejects.toMatchObject({ statusCode: 400 });
});

it('Ollama’s client understands the fake Ollama', async () => {
  const fake = await started(startOllama);
  const client = new Ollama({ host: fake.url });
  const asked = { model: 'llama3.2', messages: [{ role: 'user', content: 'Hi' }] };
  expect((await client.chat(asked)).message.content).toBe(text);
  let streamed = '';
  for await (const part of await client.chat({ ...asked, stream: true })) streamed += part.message.content;
  expect(streamed).toBe(text);
  expect((await client.generate({ model: 'llama3.2', prompt: 'Hi' })).response).toBe(text);
  await expect(client.chat({ ...asked, model: '' })).rejects.toMatchObject({ status_code: 400 });
});

it('AWS’s client understands the fake Bedrock, checksums included', async () => {
  const fake = await started(startBedrock);
  const client = new BedrockRuntimeClient({
    endpoint: fake.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
  onTestFinished(() => client.destroy());
  const asked = { modelId: 'a.model-v1:0', messages: [{ role: 'user' as const, content: [{ text: 'Hi' }] }] };
  const whole = await client.send(new ConverseCommand(asked));
  expect(whole.output?.message?.content).toEqual([{ text }]);
  const { stream } = await client.send(new ConverseStreamCommand(asked));
  let streamed = '';
  for await (const event of stream ?? []) streamed += event.contentBlockDelta?.delta?.text ?? '';
  expect(streamed).toBe(text);
  fake.next({ errorAfterEvents: 2 });
  const broken = await client.send(new ConverseStreamCommand(asked));
  const reading = (async () => {
    for await (const _ of broken.stream ?? []);
  })();
  await expect(reading).rejects.toMatchObject({ name: 'ModelStreamErrorException' });
  await expect(client.send(new ConverseCommand({ ...asked, messages: [] }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
  });
});
