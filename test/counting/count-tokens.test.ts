import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startCounters } from '../fakes/counters.js';
import { embed, json } from '../gateway/embedded.js';
import { CHARACTERS, clientsAt, KEY } from './setup.js';

const fake = await startCounters();
const keys = [{ value: 'fake-key-0123456789' }];
const { url } = fake;
const gateway = await embed({
  config: {
    auth: { required: true },
    keys: [{ name: 'counting', value: KEY }],
    providers: {
      anthropic: { base_url: url, keys },
      openai: { base_url: `${url}/v1`, keys },
      gemini: { base_url: url, keys },
      // Vertex AI's form with a key in place of a token.
      vertex: {
        extends: 'gemini',
        base_url: url,
        keys,
        formats: {
          'vertex-count-tokens': '/v1/projects/p/locations/l/publishers/google/models/{model}:countTokens',
        },
      },
      bedrock: { base_url: url, keys },
      groq: { base_url: url, keys },
      pathless: { extends: 'openai', base_url: `${url}/elsewhere`, keys },
    },
    models: {
      claude: { targets: ['anthropic/claude-sonnet-4-5'] },
      gpt: { targets: ['openai/gpt-5'] },
      gemini: { targets: ['gemini/gemini-2.5-flash'] },
      vertex: { targets: ['vertex/gemini-2.5-flash'] },
      bedrock: { targets: ['bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0'] },
      nova: { targets: ['bedrock/amazon.nova-lite-v1:0'] },
      groq: { targets: ['groq/llama-3.3-70b-versatile'] },
      pathless: { targets: ['pathless/llama'] },
    },
  },
});
const { clients, close } = clientsAt(await gateway.listen());

beforeEach(() => fake.reset());
afterAll(async () => {
  close();
  await gateway.close();
  await fake.close();
});

const auth = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const ask = (path: string, body: object): Promise<Response> =>
  gateway.fetch(path, json(body, { headers: auth }));

describe.each(clients)('a client of $name', ({ name, count }) => {
  it.each(['claude', 'gpt', 'gemini', 'vertex', 'bedrock'])(
    'has %s count all that it says at its own provider',
    async (model) => {
      expect(await count(model)).toBe(CHARACTERS);
      expect(fake.received).toHaveLength(1);
    },
  );

  it('hears of a model that does not count what its own API says, and otherwise gets an estimate', async () => {
    if (name.startsWith('Bedrock')) await expect(count('nova')).rejects.toThrow("doesn't support counting");
    else expect(await count('nova')).toBeGreaterThan(8);
  });

  it.each(['groq', 'pathless'])('gets an estimate for %s, which does not count', async (model) => {
    const counted = (await count(model)) ?? 0;
    expect(counted).toBeGreaterThan(8);
    expect(counted).not.toBe(CHARACTERS);
  });
});

describe('an estimate', () => {
  const messages = [{ role: 'user', content: 'Hi' }];

  it('is marked as one, whether the provider has no path or refuses to count', async () => {
    for (const model of ['groq', 'nova', 'pathless']) {
      const answer = await ask('/v1/messages/count_tokens', { model, messages });
      expect([answer.status, answer.headers.get('x-headgate-estimated')]).toEqual([200, 'true']);
      expect(await answer.json()).toEqual({ input_tokens: expect.any(Number) });
    }
    const counted = await ask('/v1/messages/count_tokens', { model: 'claude', messages });
    expect(counted.headers.get('x-headgate-estimated')).toBeNull();
  });

  it('takes the place of no other failure', async () => {
    const failed = (status: number) => {
      fake.next({ status, error: { error: { type: 'x', message: 'no' } } });
      return ask('/v1/messages/count_tokens', { model: 'claude', messages });
    };
    expect((await failed(400)).status).toBe(400);
    expect((await failed(404)).status).toBe(404);
    expect((await failed(401)).status).not.toBe(200);
    expect((await failed(405)).headers.get('x-headgate-estimated')).toBe('true');
  });
});

describe('what is counted', () => {
  it('passes to a provider of the client’s own API as it came', async () => {
    const body = { input: 'Hi', instructions: 'Be brief.', truncation: 'auto' };
    await ask('/v1/responses/input_tokens', { model: 'gpt', ...body });
    expect(fake.received[0]?.json()).toEqual({ model: 'gpt-5', ...body });
  });

  it('is no more than what counts: settings of the answer reach nobody and are not named as dropped', async () => {
    const generateContentRequest = {
      model: 'models/any',
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: { maxOutputTokens: 5, topK: 3, seed: 7 },
    };
    for (const model of ['claude', 'gpt', 'bedrock']) {
      const answer = await ask(`/v1beta/models/${model}:countTokens`, { generateContentRequest });
      expect([await answer.json(), answer.headers.get('x-headgate-dropped')]).toEqual([
        { totalTokens: 2 },
        null,
      ]);
    }
  });

  it('is the body of InvokeModel in the words of its model, or its one prompt', async () => {
    const invoked = (body: object): Promise<Response> =>
      ask('/model/claude/count-tokens', {
        input: { invokeModel: { body: Buffer.from(JSON.stringify(body)).toString('base64') } },
      });
    const content = [{ text: 'Hi' }];
    for (const body of [{ messages: [{ role: 'user', content }] }, { inputText: 'Hi' }, { prompt: 'Hi' }])
      expect(await (await invoked(body)).json()).toEqual({ inputTokens: 2 });
    const unreadable = await invoked({ what: 'is this' });
    expect(await unreadable.json()).toMatchObject({
      __type: 'ValidationException',
      message: expect.stringContaining('input.converse'),
    });
  });

  it('is refused in the words of the client’s API when it cannot be read', async () => {
    const answer = await ask('/model/claude/count-tokens', { input: {} });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { __type: 'ValidationException', param: 'input' },
    ]);
  });

  // Bedrock counts for models, and refuses the inference profiles by which most of them must be asked.
  it('is asked of the model itself where it is named by an inference profile', async () => {
    const counted = await ask('/v1/messages/count_tokens', {
      model: 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect([await counted.json(), counted.headers.get('x-headgate-model')]).toEqual([
      { input_tokens: 2 },
      'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    ]);
    expect(fake.received[0]?.url).toBe('/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens');
  });

  it('has what the gateway keeps of a conversation in it', async () => {
    fake.next({
      body: JSON.stringify({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [{ type: 'text', text: 'Four' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 1, output_tokens: 1 },
      }),
    });
    const first = (await (await ask('/v1/responses', { model: 'claude', input: 'Two and two?' })).json()) as {
      id: string;
    };
    const counted = await ask('/v1/responses/input_tokens', {
      model: 'claude',
      input: 'And one?',
      previous_response_id: first.id,
    });
    expect(await counted.json()).toEqual({
      object: 'response.input_tokens',
      input_tokens: 'Two and two?FourAnd one?'.length,
    });
  });
});
