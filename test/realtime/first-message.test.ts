import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { settled } from '../e2e/settled.js';
import { connect, refusal } from './client.js';
import { startFakeRealtime } from './fake-realtime.js';

const KEY = 'hg-realtime-key-0123456789';
const POOR = 'hg-poor-key-0123456789';
const PROVIDER_KEY = 'sk-provider-0123456789';
const LIVE = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const bearer = { authorization: `Bearer ${KEY}` };

/** Answers as the Responses API in its WebSocket mode and as the Live API do. */
const fake = await startFakeRealtime({
  answer(connection, event) {
    if (event['type'] === 'response.create') {
      const response = { id: 'resp_1', object: 'response', model: event['model'], output: [] };
      connection.send({ type: 'response.created', sequence_number: 0, response });
      connection.send({ type: 'response.output_text.delta', sequence_number: 1, delta: 'Hi' });
      const usage = {
        input_tokens: 1000,
        input_tokens_details: { cached_tokens: 600 },
        output_tokens: 50,
        output_tokens_details: { reasoning_tokens: 20 },
        total_tokens: 1050,
      };
      connection.send({ type: 'response.completed', sequence_number: 2, response: { ...response, usage } });
    }
    if ('setup' in event) connection.socket.send(Buffer.from('{"setupComplete":{}}'), { binary: true });
    if ('clientContent' in event) {
      connection.socket.send(
        Buffer.from(
          JSON.stringify({
            serverContent: { turnComplete: true },
            usageMetadata: {
              promptTokenCount: 300,
              responseTokenCount: 200,
              totalTokenCount: 500,
              promptTokensDetails: [
                { modality: 'TEXT', tokenCount: 100 },
                { modality: 'AUDIO', tokenCount: 200 },
              ],
              responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 200 }],
            },
          }),
        ),
        { binary: true },
      );
    }
  },
});
const other = await startFakeRealtime();
const provider = (url: string) => ({ keys: [{ value: PROVIDER_KEY }], base_url: url });
const gateway = await startHeadgate({
  config: {
    providers: {
      openai: { ...provider(`${fake.url}/v1`) },
      backup: { extends: 'openai', ...provider(`${other.url}/v1`) },
      google: { extends: 'gemini', ...provider(fake.url), formats: { 'gemini-live': LIVE } },
    },
    models: {
      smart: { targets: ['openai/gpt-5', 'backup/gpt-5'], retries: { attempts: 1 } },
      quick: { targets: ['openai/gpt-5-mini'] },
      elsewhere: { targets: ['backup/gpt-5'] },
      live: { targets: ['google/gemini-2.5-flash-native-audio'] },
    },
    keys: [
      { name: 'app', value: KEY, models: ['smart', 'quick', 'elsewhere', 'live'] },
      { name: 'poor', value: POOR, models: ['smart'], budget: { usd: 0.000001, per: 'day' } },
    ],
    realtime: { handshake_timeout: '400ms' },
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
  await other.close();
});
beforeEach(() => {
  fake.connections.length = 0;
  other.connections.length = 0;
});

const responses = (headers: Record<string, string> = bearer) =>
  connect(gateway, '/v1/responses', { headers });

describe('Responses over a WebSocket', () => {
  it('goes where the model of the first message leads, and later models are of the same provider', async () => {
    const client = await responses();
    client.socket.send('{"type":"response.create", "model":"smart","input":"smart"}');
    await client.event('response.completed');
    client.socket.send(
      '{"type":"response.create","model":"quick","previous_response_id":"resp_1","input":[]}',
    );
    await client.event('response.completed');
    const connection = await fake.connection();
    expect(connection.url).toBe('/v1/responses');
    expect(connection.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(connection.received).toEqual([
      '{"type":"response.create", "model":"gpt-5","input":"smart"}',
      '{"type":"response.create","model":"gpt-5-mini","previous_response_id":"resp_1","input":[]}',
    ]);
    client.socket.close(1000);
    await client.closed;
    const line = await settled(gateway, (one) => one['model'] === 'smart' && one['outcome'] === 'ok');
    expect(line).toMatchObject({
      operation: 'realtime',
      input_tokens: 2000,
      output_tokens: 100,
      cached_tokens: 1200,
    });
    // gpt-5: 1.25, 0.125 and 10 dollars a million; gpt-5-mini: a fifth of that.
    const nanos = (400 * 1_250 + 600 * 125 + 50 * 10_000) * 1.2;
    expect(Number(line['cost_usd'])).toBeCloseTo(nanos / 1e9, 9);
  });

  it('tells with an error that a model of another provider needs a session of its own', async () => {
    const client = await responses();
    client.send({ type: 'response.create', model: 'smart', input: 'a' });
    await client.event('response.completed');
    client.send({ type: 'response.create', model: 'elsewhere', input: 'a' });
    const event = await client.event('error');
    expect(event).toMatchObject({ status: 404, error: { code: 'model_not_found' } });
    client.send({ type: 'response.create', model: 'smart', input: 'a' });
    await client.event('response.completed');
    client.socket.close(1000);
    await client.closed;
  });

  it('takes the next target when the first one refuses', async () => {
    fake.refuse({ status: 500, body: '{}' });
    const client = await responses();
    client.send({ type: 'response.create', model: 'smart', input: 'a' });
    await (await other.connection()).messages(1);
    client.socket.close(1000);
    await client.closed;
  });

  it('ends with an error when no target is left', async () => {
    fake.refuse({ status: 400, body: '{"error":{"message":"No WebSockets today"}}' });
    const client = await responses();
    client.send({ type: 'response.create', model: 'smart', input: 'a' });
    const event = await client.event('error');
    expect(event).toMatchObject({ status: 400, error: { message: 'No WebSockets today' } });
    expect((await client.closed).code).toBe(1008);
  });

  it.each([
    ['nothing that names a model', '{"type":"response.steer"}', 'model_required'],
    ['no JSON', 'hello', 'model_required'],
    ['two models', '{"type":"response.create","model":"smart","model":"quick"}', 'duplicate_field'],
    ['a model that there is not', '{"type":"response.create","model":"smort"}', 'model_not_found'],
    ['a model that it may not use', '{"type":"response.create","model":"openai/gpt-5"}', 'model_not_allowed'],
  ])('refuses a client that begins with %s', async (_, message, code) => {
    const client = await responses();
    client.socket.send(message);
    const event = await client.event('error');
    expect(event).toMatchObject({ error: { code } });
    expect((await client.closed).code).toBe(1008);
    expect(fake.connections).toHaveLength(0);
  });

  it('refuses one that says nothing', async () => {
    const client = await responses();
    expect(await client.event('error')).toMatchObject({ error: { code: 'first_message_late' } });
    expect((await client.closed).code).toBe(1011);
  });

  it('refuses a key before the handshake, and a budget before the provider is asked', async () => {
    const refused = await refusal(responses({ authorization: 'Bearer hg-wrong-0123456789' }));
    expect([refused.status, refused.error['code']]).toEqual([401, 'key_unknown']);
    const client = await responses({ authorization: `Bearer ${POOR}` });
    client.send({ type: 'response.create', model: 'smart', input: 'a' });
    expect(await client.event('error')).toMatchObject({ status: 402, error: { code: 'budget_exceeded' } });
    expect((await client.closed).code).toBe(1008);
    expect(fake.connections).toHaveLength(0);
  });

  it('leaves POST and GET at the same path as they are', async () => {
    const answer = await fetch(`${gateway.url}/v1/responses`, { headers: bearer });
    expect(answer.status).not.toBe(101);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });
});

describe('the Live API', () => {
  it('takes the key of the query, and names the model as the provider does', async () => {
    const client = await connect(gateway, `${LIVE}?key=${KEY}`);
    const setup =
      '{"setup": {"model": "models/live", "generationConfig": {"responseModalities": ["AUDIO"]}}}';
    client.socket.send(setup);
    await expect.poll(() => client.received.length).toBe(1);
    expect(client.received[0]).toEqual({ data: Buffer.from('{"setupComplete":{}}'), binary: true });
    const connection = await fake.connection();
    expect(connection.url).toBe(LIVE);
    expect(JSON.stringify([connection.url, connection.headers])).not.toContain(KEY);
    expect(connection.received[0]).toBe(setup.replace('models/live', 'models/gemini-2.5-flash-native-audio'));
    client.socket.send(Buffer.from('{"clientContent":{"turnComplete":true}}'));
    await expect.poll(() => client.received.length).toBe(2);
    client.socket.close(1000);
    await client.closed;
    const line = await settled(gateway, (one) => one['model'] === 'live');
    expect(line).toMatchObject({ operation: 'realtime', input_tokens: 300, output_tokens: 200 });
  });

  it('is told with the reason of the close what is wrong', async () => {
    const client = await connect(gateway, `${LIVE}?key=${KEY}`);
    client.send({ setup: { model: 'models/lively' } });
    const { code, reason } = await client.closed;
    expect(code).toBe(1008);
    expect(reason).toContain('There is no model "lively" here.');
    expect(client.received).toHaveLength(0);
  });
});
