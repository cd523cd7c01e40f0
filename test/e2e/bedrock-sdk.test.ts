import {
  BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type Tool,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { awsEvent } from '../fakes/aws-message.js';
import { startBedrock } from '../fakes/bedrock.js';
import { awsAuthorization } from './aws-signature.js';
import { bedrockClient } from './bedrock-client.js';
import { degreesSchema, KEY, pixel, startBesideOpenAi, weatherSchema } from './beside-openai.js';
import { post } from './http-client.js';
import { describeKnownClients } from './known-clients.js';
import { usageOf } from './metered.js';
import { settledById } from './settled.js';
import { sseEvents } from './sse-text.js';

const TARGET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const AWS_KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const setup = await startBesideOpenAi({
  start: startBedrock,
  provider: 'bedrock',
  target: TARGET,
  config: (fake) => ({
    base_url: fake.url,
    keys: [{ value: 'bedrock-api-key-fake-0123456789' }],
    formats: { 'bedrock-converse': '/model/{model}/{converse|converse-stream}' },
  }),
  more: (fake) => ({
    providers: {
      signed: {
        extends: 'bedrock',
        base_url: fake.url,
        keys: [{ value: `${AWS_KEYS.accessKeyId}:${AWS_KEYS.secretAccessKey}` }],
      },
    },
    models: { 'by-signature': `signed/${TARGET}` },
  }),
});
const { gateway, native, openai, upstreams } = setup;
const clients: BedrockRuntimeClient[] = [];
function clientAt(endpoint: string, token = KEY): BedrockRuntimeClient {
  const client = bedrockClient(endpoint, token);
  clients.push(client);
  return client;
}
const client = clientAt(gateway.url);

beforeEach(() => setup.reset());
afterAll(async () => {
  for (const one of clients) one.destroy();
  await setup.close();
});

const ask: Omit<ConverseCommandInput, 'modelId'> = {
  system: [{ text: 'Be brief.' }],
  messages: [{ role: 'user', content: [{ text: 'Hi, how is the weather?' }] }],
  inferenceConfig: { maxTokens: 300, temperature: 0.5 },
};
const tools: Tool[] = [
  {
    toolSpec: { name: 'weather', description: 'The weather of a city', inputSchema: { json: weatherSchema } },
  },
];
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } };
const call = { id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' };

interface Read {
  kinds: string[];
  text: string;
  input: string;
  call: { toolUseId?: string | undefined; name?: string | undefined } | undefined;
  stopReason: string | undefined;
  usage: object | undefined;
}

async function read(stream: AsyncIterable<ConverseStreamOutput> | undefined): Promise<Read> {
  const seen: Read = {
    kinds: [],
    text: '',
    input: '',
    call: undefined,
    stopReason: undefined,
    usage: undefined,
  };
  for await (const event of stream ?? []) {
    seen.kinds.push(Object.keys(event)[0] ?? '');
    seen.text += event.contentBlockDelta?.delta?.text ?? '';
    seen.input += event.contentBlockDelta?.delta?.toolUse?.input ?? '';
    seen.call ??= event.contentBlockStart?.start?.toolUse;
    seen.stopReason ??= event.messageStop?.stopReason;
    seen.usage ??= event.metadata?.usage;
  }
  return seen;
}

describe.each(upstreams)('the Bedrock SDK before $name', ({ model, fake }) => {
  const asked: ConverseCommandInput = { ...ask, modelId: model };
  const streamOf = async (input: ConverseCommandInput): Promise<Read> =>
    read((await client.send(new ConverseStreamCommand(input))).stream);

  it('gets a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const answer = await client.send(new ConverseCommand(asked));
    expect(answer.output?.message).toEqual({ role: 'assistant', content: [{ text: sunny.text }] });
    expect(answer.stopReason).toBe('end_turn');
    expect(answer.usage).toMatchObject({ inputTokens: 20, outputTokens: 7, cacheReadInputTokens: 100 });
    // OpenAI's fake was made at a time long gone.
    expect(answer.metrics?.latencyMs).toBeLessThan(60_000);
    expect(answer.$metadata.requestId).toBeTruthy();
    const [request] = fake.received;
    if (fake === native) expect(decodeURIComponent(request?.url ?? '')).toBe(`/model/${TARGET}/converse`);
    expect(JSON.stringify(request?.json())).toContain('0.5');
    expect(JSON.stringify(request?.rawHeaders)).not.toContain(KEY);
  });

  it('streams an answer cut at every few bytes', async () => {
    fake.next({ answer: sunny, pieceBytes: 7 });
    const seen = await streamOf(asked);
    expect(seen.text).toBe(sunny.text);
    expect(seen.kinds[0]).toBe('messageStart');
    expect(seen.kinds.slice(-3)).toEqual(['contentBlockStop', 'messageStop', 'metadata']);
    expect(seen.stopReason).toBe('end_turn');
    expect(seen.usage).toMatchObject({ inputTokens: 20, outputTokens: 7, cacheReadInputTokens: 100 });
  });

  it.each([false, true])('calls a tool and sends its result (streamed: %s)', async (streamed) => {
    fake.next({ answer: { text: 'Let me look.', toolCalls: [call] } }, { answer: sunny });
    const withTools = { ...asked, toolConfig: { tools, toolChoice: { any: {} } } };
    let content: ContentBlock[];
    if (streamed) {
      const seen = await streamOf(withTools);
      expect(seen.stopReason).toBe('tool_use');
      expect(seen.call).toMatchObject({ toolUseId: 'id_1', name: 'weather' });
      const input = JSON.parse(seen.input);
      content = [{ text: seen.text }, { toolUse: { toolUseId: 'id_1', name: 'weather', input } }];
    } else {
      const answer = await client.send(new ConverseCommand(withTools));
      expect(answer.stopReason).toBe('tool_use');
      content = answer.output?.message?.content ?? [];
    }
    expect(content).toEqual([
      { text: 'Let me look.' },
      { toolUse: expect.objectContaining({ toolUseId: 'id_1', name: 'weather', input: { city: 'Zürich' } }) },
    ]);
    const result: ContentBlock = { toolResult: { toolUseId: 'id_1', content: [{ text: 'rain' }] } };
    const second = await client.send(
      new ConverseCommand({
        ...withTools,
        messages: [
          ...(ask.messages ?? []),
          { role: 'assistant', content },
          { role: 'user', content: [result] },
        ],
      }),
    );
    expect(second.output?.message?.content).toEqual([{ text: sunny.text }]);
    expect(fake.received[1]?.body.toString()).toContain('rain');
  });

  it('shows a picture', async () => {
    const bytes = Buffer.from(pixel, 'base64');
    const content: ContentBlock[] = [
      { text: 'What is this?' },
      { image: { format: 'png', source: { bytes } } },
    ];
    await client.send(new ConverseCommand({ ...asked, messages: [{ role: 'user', content }] }));
    expect(fake.received[0]?.body.toString()).toContain(pixel);
  });

  it('gets an object that fits its JSON schema', async () => {
    fake.next({ answer: { text: '{"degrees":22}' } });
    const jsonSchema = { name: 'degrees', schema: JSON.stringify(degreesSchema) };
    const answer = await client.send(
      new ConverseCommand({
        ...asked,
        outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } },
      }),
    );
    expect(answer.output?.message?.content).toEqual([{ text: '{"degrees":22}' }]);
    const where = fake === native ? 'outputConfig' : 'response_format';
    expect(JSON.stringify(fake.received[0]?.json()[where])).toContain('degrees');
  });

  it.each([
    [400, 'ValidationException'],
    [404, 'ResourceNotFoundException'],
    [429, 'ThrottlingException'],
    [503, 'ServiceUnavailableException'],
  ])('gets the provider’s %i as the class it knows', async (status, name) => {
    fake.always({ status });
    const sent = [
      () => client.send(new ConverseCommand(asked)),
      () => client.send(new ConverseStreamCommand(asked)),
    ];
    for (const send of sent) {
      const error: unknown = await send().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name, message: expect.stringMatching(/.+/) });
      expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
    }
  });

  it.each([
    ['dies', { cutAfterEvents: 3 }],
    ['dies inside an event', { cutAfterBytes: 1_001 }],
    ['reports an error', { errorAfterEvents: 3 }],
  ])('throws an exception of its own when the stream %s', async (_how, behaviour) => {
    fake.next({ answer: { text: 'x'.repeat(200) }, ...behaviour });
    await expect(streamOf(asked)).rejects.toMatchObject({
      name: expect.stringMatching(/^(modelStreamError|internalServer)Exception$/i),
      message: expect.stringMatching(/.+/),
    });
  });

  it('stops the upstream when it aborts', async () => {
    fake.next({ hangAfter: 3 });
    const aborter = new AbortController();
    const { stream } = await client.send(new ConverseStreamCommand(asked), { abortSignal: aborter.signal });
    const request = await fake.request();
    aborter.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
    await read(stream).catch(() => undefined);
  });

  it('has its stream metered', async () => {
    fake.next({ answer: sunny, pieceBytes: 11 });
    const customer = `bedrock-${model}`;
    const answer = await post(
      gateway,
      `/bedrock/model/${model}/converse-stream`,
      { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] },
      { authorization: `Bearer ${KEY}`, 'x-headgate-metadata': `customer=${customer}` },
    );
    expect(answer.headers.get('content-type')).toMatch(/^application\/vnd\.amazon\.eventstream/);
    expect(answer.headers.get('x-headgate-provider')).toBe(fake === native ? 'bedrock' : 'openai');
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'ok', input_tokens: 120, output_tokens: 7, stream: true });
    expect(JSON.stringify(await usageOf(gateway, customer, 1))).toContain('120');
  });
});

describe('the Bedrock SDK', () => {
  it('throws an exception of its own when the stream falls silent', async () => {
    native.next({ hangAfter: 3 });
    const { stream } = await client.send(new ConverseStreamCommand({ ...ask, modelId: 'hasty' }));
    await expect(read(stream)).rejects.toMatchObject({ name: expect.stringMatching(/Exception$/) });
    await expect((await native.request()).gone).resolves.toBeGreaterThan(0);
  });

  it('gets its stream from OpenAI when Bedrock fails', async () => {
    native.next({ status: 503 });
    openai.next({ answer: sunny });
    const command = new ConverseStreamCommand({ ...ask, modelId: 'either' });
    const seen = await read((await client.send(command)).stream);
    expect([seen.text, seen.stopReason]).toEqual([sunny.text, 'end_turn']);
    expect([native.received.length, openai.received.length]).toEqual([1, 1]);
  });

  it('gets reasoning with its signature and sends it back', async () => {
    native.always({ answer: { thinking: 'Hmm…', signature: 'EqRtSig+/==', text: 'Sunny.' } });
    const asked = { ...ask, modelId: 'native' };
    const answer = await client.send(new ConverseCommand(asked));
    const content = answer.output?.message?.content;
    expect(content?.[0]).toMatchObject({
      reasoningContent: { reasoningText: { text: 'Hmm…', signature: 'EqRtSig+/==' } },
    });
    await client.send(
      new ConverseCommand({
        ...asked,
        messages: [
          ...(ask.messages ?? []),
          { role: 'assistant', content },
          { role: 'user', content: [{ text: 'Sure?' }] },
        ],
      }),
    );
    expect(native.received[1]?.body.toString()).toContain('EqRtSig+/==');
  });

  it('is refused in its own words when it signs instead of sending its key', async () => {
    const signing = new BedrockRuntimeClient({
      endpoint: gateway.url,
      region: 'us-east-1',
      credentials: { ...AWS_KEYS, secretAccessKey: KEY },
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });
    clients.push(signing);
    await expect(signing.send(new ConverseCommand({ ...ask, modelId: 'native' }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 401 },
    });
    expect(native.received.length + openai.received.length).toBe(0);
  });

  it('needs nothing but the variable with its key', async () => {
    process.env['AWS_BEARER_TOKEN_BEDROCK'] = KEY;
    onTestFinished(() => void delete process.env['AWS_BEARER_TOKEN_BEDROCK']);
    const plain = new BedrockRuntimeClient({
      endpoint: gateway.url,
      region: 'us-east-1',
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });
    clients.push(plain);
    const answer = await plain.send(new ConverseCommand({ ...ask, modelId: 'native' }));
    expect(answer.stopReason).toBe('end_turn');
  });

  it('reaches AWS with a signature that AWS would make of the same request', async () => {
    await client.send(new ConverseCommand({ ...ask, modelId: 'by-signature' }));
    await read((await client.send(new ConverseStreamCommand({ ...ask, modelId: 'by-signature' }))).stream);
    expect(native.received).toHaveLength(2);
    for (const request of native.received)
      expect(request.headers.authorization).toBe(await awsAuthorization(request, AWS_KEYS));
  });

  it('never takes damaged events for an answer', async () => {
    const damaged = awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: ' more' } });
    damaged[damaged.length - 10] = 0x21;
    const events = [
      awsEvent('messageStart', { role: 'assistant' }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'some' } }),
      damaged,
    ];
    native.always({ events });
    const { stream } = await client.send(new ConverseStreamCommand({ ...ask, modelId: 'native' }));
    await expect(read(stream)).rejects.toBeInstanceOf(Error);
    const answer = await post(
      gateway,
      '/v1/chat/completions',
      { model: 'native', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      { authorization: `Bearer ${KEY}` },
    );
    const last: unknown = JSON.parse(sseEvents(answer.text).at(-1)?.data ?? '');
    expect(last).toMatchObject({ error: { message: expect.stringMatching(/.+/) } });
    expect(answer.text).not.toContain('[DONE]');
  });

  it('gets a stream of its own format byte for byte', async () => {
    const events = [
      awsEvent('messageStart', { role: 'assistant', somethingNew: [1] }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'é', p: 'abc' } }),
      awsEvent('somethingNew', { text: 'x' }),
      awsEvent('messageStop', { stopReason: 'end_turn' }),
      awsEvent('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }),
    ];
    native.next({ events, pieceBytes: 13 });
    const response = await fetch(`${gateway.url}/model/native/converse-stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }),
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(events))).toBe(true);
    expect(response.headers.get('x-amzn-requestid')).toBeTruthy();
    expect(response.headers.get('x-headgate-model')).toBe(TARGET);
  });

  it('is told in its own words which model is not there', async () => {
    await expect(client.send(new ConverseCommand({ ...ask, modelId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('nobody'),
    });
  });

  it('names models with slashes and colons in the path, under its own prefix too', async () => {
    await clientAt(`${gateway.url}/bedrock`).send(
      new ConverseCommand({ ...ask, modelId: `bedrock/${TARGET}` }),
    );
    expect(decodeURIComponent(native.received[0]?.url ?? '')).toBe(`/model/${TARGET}/converse`);
  });
});

describeKnownClients(setup, 'a Bedrock upstream');
