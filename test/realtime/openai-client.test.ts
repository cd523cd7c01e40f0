import { rmSync } from 'node:fs';
import OpenAI, { AzureOpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, spawnHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { settled } from '../e2e/settled.js';
import { makeCertificate } from './certificate.js';
import { openaiSession, USAGE } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';
import { until } from './until.js';

/** The official client always speaks TLS for realtime. */
const { folder, ...tls } = await makeCertificate();
const KEY = 'hg-realtime-key-0123456789';
const fake = await startFakeRealtime(openaiSession());
const options = {
  config: {
    providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } },
    models: { voice: { targets: ['openai/gpt-realtime'] } },
    keys: [{ name: 'app', value: KEY }],
  },
};
const gateway = await startHeadgate(options);
const securePort = await freePort();
const secure = spawnHeadgate(['--config', 'headgate.yaml', '--port', String(securePort), '--data', 'data'], {
  config: { ...options.config, server: { tls } },
});
const secureUrl = `https://127.0.0.1:${securePort}`;
await until('it listens', () => secure.logs().includes('"listening"'));
afterAll(async () => {
  await stopCleanly(gateway);
  await stopCleanly(secure);
  await fake.close();
  rmSync(folder, { recursive: true });
});

const insecure = { rejectUnauthorized: false };
const clientFor = (url: string, apiKey = KEY) => new OpenAI({ apiKey, baseURL: `${url}/v1` });

describe('the realtime client of the official package', () => {
  it('talks, hears audio and text, and sees what was used', async () => {
    const realtime = new OpenAIRealtimeWS({ model: 'voice', options: insecure }, clientFor(secureUrl));
    const heard: string[] = [];
    let audio = 0;
    realtime.on('event', (event) => heard.push(event.type));
    realtime.on('response.output_audio.delta', (event) => {
      audio += Buffer.from(event.delta, 'base64').length;
    });
    await new Promise<void>((resolve) => realtime.once('session.created', () => resolve()));
    realtime.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(2_400).toString('base64') });
    realtime.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
    });
    realtime.send({ type: 'response.create' });
    const done = await new Promise<{ response: { usage?: object } }>((resolve) =>
      realtime.once('response.done', resolve),
    );
    expect(done.response.usage).toEqual(USAGE);
    expect(audio).toBe(4_800);
    expect(heard).toContain('conversation.item.created');
    expect(heard).toContain('response.output_audio_transcript.delta');
    realtime.close({ code: 1000, reason: 'done' });
    const line = await settled(secure, (one) => one['model'] === 'voice');
    expect(line).toMatchObject({ outcome: 'ok', input_tokens: 132, output_tokens: 121, cached_tokens: 64 });
  });

  it('of Azure OpenAI talks at its own address with its own header', async () => {
    const azure = new AzureOpenAI({
      apiKey: KEY,
      endpoint: secureUrl,
      apiVersion: '2025-04-01-preview',
      deployment: 'voice',
    });
    const realtime = await OpenAIRealtimeWS.azure(azure, { options: insecure });
    const { session } = await new Promise<{ session: object }>((resolve, reject) => {
      realtime.once('session.created', resolve);
      realtime.once('error', reject);
    });
    expect(session).toMatchObject({ model: 'voice' });
    const { url, headers } = await fake.connection(fake.connections.length);
    expect(url).toBe('/v1/realtime?model=gpt-realtime');
    expect(headers.authorization).toBe('Bearer sk-provider-0123456789');
    expect(JSON.stringify(headers)).not.toContain(KEY);
    realtime.close();
  });

  it('is told that nobody has begun the call that it wants to join', async () => {
    const beside = new OpenAIRealtimeWS(
      { callID: 'rtc_made_elsewhere', options: insecure },
      clientFor(secureUrl),
    );
    const error = await new Promise<Error>((resolve) => beside.once('error', resolve));
    expect(error.message).toContain('404');
  });

  it('is told that its key is wrong', async () => {
    const realtime = new OpenAIRealtimeWS(
      { model: 'voice', options: insecure },
      clientFor(secureUrl, 'hg-wrong-key-0123456789'),
    );
    const error = await new Promise<Error>((resolve) => realtime.once('error', resolve));
    expect(error.message).toContain('401');
  });

  it('hears the errors of the gateway as those of OpenAI', async () => {
    const realtime = new OpenAIRealtimeWS({ model: 'voice', options: insecure }, clientFor(secureUrl));
    await new Promise<void>((resolve) => realtime.once('session.created', () => resolve()));
    const closed = new Promise<number>((resolve) => realtime.socket.on('close', resolve));
    const failed = new Promise<{ error?: { code?: string | null } | undefined }>((resolve) =>
      realtime.once('error', resolve),
    );
    (await fake.connection(fake.connections.length)).socket.terminate();
    expect((await failed).error?.code).toBe('stream_interrupted');
    expect(await closed).toBe(1011);
  });
});

describe('the responses client of the official package', () => {
  it('opens its WebSocket and gets answers', async () => {
    const responses = new ResponsesWS(clientFor(gateway.url));
    responses.send({ type: 'response.create', model: 'voice', input: 'Hi' });
    const { response } = await new Promise<{ response: { id: string } }>((resolve, reject) => {
      responses.on('response.created', resolve);
      responses.on('error', reject);
    });
    expect(response.id).toBe('resp_1');
    const connection = await fake.connection(fake.connections.length);
    expect(connection.url).toBe('/v1/responses');
    expect(connection.event(0)).toEqual({ type: 'response.create', model: 'gpt-realtime', input: 'Hi' });
    responses.close();
    await connection.closed;
  });
});
