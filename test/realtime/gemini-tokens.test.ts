import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { GoogleGenAI, type LiveServerMessage } from '@google/genai';
import { afterAll, describe, expect, it } from 'vitest';
import { connect, Refused } from './client.js';
import { startFakeRealtime } from './fake-realtime.js';
import { startThread } from './thread.js';
import { until } from './until.js';

const KEY = 'hg-gemini-key-0123456789';
const PROVIDER_KEY = 'AIza-provider-0123456789';
const ALPHA = '/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent';
const VERTEX = '/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent';

const asked: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
const fake = await startFakeRealtime({
  async respond(request, response) {
    const { url = '', headers } = request;
    asked.push({ url, headers, body: await text(request) });
    const made = JSON.stringify({ name: `auth_tokens/made${asked.length}` });
    response.writeHead(200, { 'content-type': 'application/json' }).end(made);
  },
  answer(connection, event) {
    if ('setup' in event) connection.socket.send(Buffer.from('{"setupComplete":{}}'), { binary: true });
    const usageMetadata = { promptTokenCount: 30, responseTokenCount: 20, totalTokenCount: 50 };
    if ('clientContent' in event) connection.send({ serverContent: { turnComplete: true }, usageMetadata });
  },
});
const provider = { base_url: fake.url, keys: [{ value: PROVIDER_KEY }] };
const { formats } = JSON.parse(readFileSync('plugins/providers/catalog/vertex.json', 'utf8')) as {
  formats: Record<string, string>;
};
const vertexPath = (formats['vertex-live'] ?? '')
  .replace('{project}', 'our-project')
  .replace('{region}', 'europe-west4');
const thread = await startThread({
  auth: { required: true },
  providers: {
    gemini: provider,
    // Of the row of Vertex AI, the path; its tokens are another matter.
    vertex: { extends: 'gemini', ...provider, formats: { 'vertex-live': vertexPath } },
  },
  models: {
    live: { targets: ['gemini/gemini-live-2.5'] },
    vlive: { targets: ['vertex/gemini-live-2.5'] },
  },
  keys: [{ name: 'app', value: KEY, models: ['live', 'vlive'] }],
});
afterAll(async () => {
  await thread.close();
  await fake.close();
});

const sdk = (apiKey: string) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: thread.url, apiVersion: 'v1alpha' } });

describe('an ephemeral token of Gemini Live', () => {
  it('is made by a server and lets a browser in, both with the official client', async () => {
    const token = await sdk(KEY).authTokens.create({
      config: { uses: 1, liveConnectConstraints: { model: 'live' } },
    });
    expect(token.name).toBe('auth_tokens/made1');
    expect(asked[0]).toMatchObject({ url: '/v1alpha/auth_tokens' });
    expect(asked[0]?.headers['x-goog-api-key']).toBe(PROVIDER_KEY);
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
      uses: 1,
      bidiGenerateContentSetup: { model: 'models/gemini-live-2.5' },
    });

    const heard: LiveServerMessage[] = [];
    const session = await sdk(token.name ?? '').live.connect({
      model: 'live',
      callbacks: { onmessage: (message) => heard.push(message) },
    });
    await until('it is set up', () => heard.some(({ setupComplete }) => setupComplete !== undefined));
    session.sendClientContent({ turns: 'Hi' });
    await until('it has answered', () => heard.some(({ usageMetadata }) => usageMetadata !== undefined));
    const upstream = await fake.connection(fake.connections.length);
    expect(upstream.url).toBe(`${ALPHA}Constrained`);
    expect(upstream.headers.authorization).toBe('Token auth_tokens/made1');
    expect(JSON.stringify(upstream.headers)).not.toContain(PROVIDER_KEY);
    expect(upstream.event(0)).toMatchObject({ setup: { model: 'models/gemini-live-2.5' } });
    session.close();
    await until('it is settled', () => thread.records.some(({ status }) => status === 101));
    expect(thread.records.find(({ status }) => status === 101)).toMatchObject({
      keyName: 'app',
      model: 'live',
      usage: { inputTokens: 30, outputTokens: 20 },
    });
  });

  it('that nobody made through the gateway is refused', async () => {
    await expect(
      connect(thread, `${ALPHA}Constrained?access_token=auth_tokens/other`),
    ).rejects.toBeInstanceOf(Refused);
  });
});

describe('v1alpha of Gemini Live', () => {
  it('is spoken with the key where the client asks for it', async () => {
    const client = await connect(thread, `${ALPHA}?key=${KEY}`);
    client.send({ setup: { model: 'models/live' } });
    await until('the provider is asked', () => fake.connections.at(-1)?.url === ALPHA);
    expect(fake.connections.at(-1)?.headers['x-goog-api-key']).toBe(PROVIDER_KEY);
    client.socket.close(1000);
    await client.closed;
  });
});

describe('Live of Vertex AI', () => {
  it('names the model with the gateway’s own project and location', async () => {
    const client = await connect(thread, VERTEX, { headers: { authorization: `Bearer ${KEY}` } });
    client.send({
      setup: { model: 'projects/theirs/locations/us-central1/publishers/google/models/vlive', tools: [] },
    });
    await until('the provider is asked', () => fake.connections.at(-1)?.url.includes('aiplatform') === true);
    const upstream = await fake.connection(fake.connections.length);
    expect(upstream.url).toBe('/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent');
    await upstream.messages(1);
    expect(upstream.received[0]?.toString()).toBe(
      '{"setup":{"model":"projects/our-project/locations/europe-west4/publishers/google/models/gemini-live-2.5","tools":[]}}',
    );
    client.socket.close(1000);
    await client.closed;
  });
});
