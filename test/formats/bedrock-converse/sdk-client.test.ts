import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime';
import type { CanonicalRequest, CanonicalResponse, JsonObject } from '@headgate/sdk';
import { emptyUsage, unfoldResponse } from '@headgate/sdk';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bedrock, encodeStream } from './harness.js';

/** The official client, unmodified, against a server that answers with what this format writes. */

const answer: CanonicalResponse = {
  origin: 'openai-chat',
  id: 'a',
  model: 'm',
  created: Math.floor(Date.now() / 1000),
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', text: 'Let me see.', signature: 'c2ln' },
        { type: 'reasoning', text: '', encrypted: 'b3BlbiBzZXNhbWU=' },
        { type: 'text', text: 'Schön, "so" 🙂' },
        { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{"a":[1,2]}' },
      ],
      finish: 'tool-calls',
    },
  ],
  usage: { ...emptyUsage(), inputTokens: 30, cacheReadTokens: 20, outputTokens: 4 },
};

let server: Server;
let client: BedrockRuntimeClient;
let last: { url: string; request: CanonicalRequest } | undefined;

async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonObject;
  last = { url: req.url ?? '', request: bedrock.request!.decode(body) };
  if (req.url?.includes('slow')) {
    res.writeHead(429, { 'content-type': 'application/json' });
    const error = { kind: 'rate-limit', status: 429, code: 'slow_down', message: 'Wait a bit' } as const;
    res.end(bedrock.error.encode(error, 'r'));
  } else if (req.url?.endsWith('/converse-stream')) {
    res.writeHead(200, { 'content-type': bedrock.streamType });
    res.write(
      encodeStream(req.url.includes('broken') ? unfoldResponse(answer).slice(0, 6) : unfoldResponse(answer)),
    );
    if (req.url.includes('broken'))
      res.write(
        bedrock.error.encodeInStream(
          { kind: 'rate-limit', status: 429, code: 'slow', message: 'Wait a bit' },
          'r',
        ),
      );
    res.end();
  } else {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(bedrock.response!.encode(answer)));
  }
}

beforeAll(async () => {
  server = createServer((req, res) => void respond(req, res));
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  client = new BedrockRuntimeClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    // Its default speaks HTTP/2 without asking.
    requestHandler: new NodeHttpHandler(),
  });
});

afterAll(async () => {
  client.destroy();
  await new Promise((done) => server.close(done));
});

const input: ConverseCommandInput = {
  modelId: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }],
  messages: [
    {
      role: 'user',
      content: [
        { text: 'Hi' },
        { image: { format: 'png', source: { bytes: Buffer.from('picture') } } },
        { document: { format: 'pdf', name: 'Doc', source: { bytes: Buffer.from('pdf') } } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { reasoningContent: { redactedContent: Buffer.from('hidden') } },
        { toolUse: { toolUseId: 'a', name: 'f', input: { b: 1 } } },
      ],
    },
    {
      role: 'user',
      content: [{ toolResult: { toolUseId: 'a', content: [{ json: { ok: true } }], status: 'error' } }],
    },
  ],
  toolConfig: { tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }] },
  inferenceConfig: { maxTokens: 10 },
};

describe('the official client', () => {
  it('sends what is understood', async () => {
    await client.send(new ConverseCommand(input));
    expect(last?.url).toBe('/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
    expect(last?.request).toMatchObject({
      maxOutputTokens: 10,
      messages: [
        { role: 'system', parts: [{ text: 'Be brief.', cache: {} }] },
        {
          role: 'user',
          parts: [
            { text: 'Hi' },
            { source: { mediaType: 'image/png', data: Buffer.from('picture').toString('base64') } },
            { name: 'Doc', source: { mediaType: 'application/pdf' } },
          ],
        },
        {
          role: 'assistant',
          parts: [
            { encrypted: Buffer.from('hidden').toString('base64') },
            { id: 'a', name: 'f', arguments: '{"b":1}' },
          ],
        },
        { role: 'user', parts: [{ callId: 'a', isError: true, content: [{ text: '{"ok":true}' }] }] },
      ],
    });
  });

  it('understands an answer', async () => {
    const response = await client.send(new ConverseCommand(input));
    expect(response.output?.message?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'Let me see.', signature: 'c2ln' } } },
      { reasoningContent: { redactedContent: new Uint8Array(Buffer.from('open sesame')) } },
      { text: 'Schön, "so" 🙂' },
      { toolUse: { toolUseId: 'call_1', name: 'f', input: { a: [1, 2] } } },
    ]);
    expect(response.stopReason).toBe('tool_use');
    expect(response.usage).toEqual({
      inputTokens: 10,
      outputTokens: 4,
      totalTokens: 34,
      cacheReadInputTokens: 20,
      cacheWriteInputTokens: 0,
    });
    expect(response.metrics?.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('understands a stream', async () => {
    const response = await client.send(new ConverseStreamCommand(input));
    const events: Record<string, unknown>[] = [];
    for await (const event of response.stream!) events.push(event as unknown as Record<string, unknown>);
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'contentBlockDelta',
      'contentBlockStop',
      'contentBlockDelta',
      'contentBlockStop',
      'contentBlockStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(events[4]).toEqual({
      contentBlockDelta: {
        contentBlockIndex: 1,
        delta: { reasoningContent: { redactedContent: new Uint8Array(Buffer.from('open sesame')) } },
      },
    });
    expect(events[8]).toEqual({
      contentBlockStart: { contentBlockIndex: 3, start: { toolUse: { toolUseId: 'call_1', name: 'f' } } },
    });
  });

  it('throws typed errors, for an answer and in the middle of a stream', async () => {
    const slow = client.send(new ConverseCommand({ ...input, modelId: 'slow' }));
    await expect(slow).rejects.toThrow(ThrottlingException);
    await expect(slow).rejects.toThrow('Wait a bit');
    const response = await client.send(new ConverseStreamCommand({ ...input, modelId: 'broken' }));
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const _ of response.stream!) count++;
      return count;
    };
    await expect(read()).rejects.toThrow(ThrottlingException);
  });
});
