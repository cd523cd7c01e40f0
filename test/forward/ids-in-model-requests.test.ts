import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startProvider } from '../fakes/provider.js';
import { embed } from '../gateway/embedded.js';

const ANNA = 'hg-key-of-anna-0123456789';
const BERT = 'hg-key-of-bert-0123456789';

/** A provider of both APIs that makes whatever is posted, names it, and answers what asks a model. */
async function account(name: string): Promise<FakeProvider> {
  let made = 0;
  return startProvider(({ url }) => {
    const [path = ''] = url.split('?');
    const id = `${name}${++made}aBcD1234`;
    const answers: Record<string, object> = {
      '/v1/files': { id: `file-${id}`, object: 'file', filename: 'a.pdf' },
      '/v1/vector_stores': { id: `vs_${id}`, object: 'vector_store' },
      '/v1/containers': { id: `cntr_${id}`, object: 'container' },
      '/v1/chat/completions': { id: 'chatcmpl-1', object: 'chat.completion', choices: [], usage: null },
      '/v1/responses': { id: `resp_${id}`, object: 'response', status: 'completed', output: [] },
      '/v1/messages': { id: 'msg_1', type: 'message', role: 'assistant', content: [] },
    };
    const headers = { 'content-type': 'application/json' };
    return { status: 200, headers, body: JSON.stringify(answers[path] ?? {}) };
  });
}

const [one, two] = [await account('one'), await account('two')];
const SECOND_KEYS = ['sk-two-a-0123456789', 'sk-two-b-0123456789'];
const gateway = await embed({
  config: {
    auth: { required: true },
    providers: {
      openai: { base_url: `${one.url}/v1`, keys: [{ value: 'sk-one-0123456789' }] },
      second: {
        extends: 'openai',
        base_url: `${two.url}/v1`,
        keys: SECOND_KEYS.map((value, i) => ({ value, name: `key-${i}` })),
      },
      anthropic: { base_url: one.url, keys: [{ value: 'sk-ant-one-0123456789' }] },
      claude: { extends: 'anthropic', base_url: two.url, keys: [{ value: 'sk-ant-two-0123456789' }] },
    },
    models: {
      chat: { targets: ['openai/gpt-one', 'second/gpt-two'] },
      first: { targets: ['openai/gpt-one'] },
      sonnet: { targets: ['anthropic/claude-one', 'claude/claude-two'] },
    },
    keys: [
      { name: 'anna', value: ANNA },
      { name: 'bert', value: BERT },
    ],
  },
});
const openaiOf = (apiKey: string) =>
  new OpenAI({ apiKey, baseURL: 'http://gateway/v1', fetch: gateway.fetch, maxRetries: 0 });
const anthropicOf = (apiKey: string) =>
  new Anthropic({ apiKey, baseURL: 'http://gateway', fetch: gateway.fetch, maxRetries: 0 });
const [anna, bert] = [openaiOf(ANNA), openaiOf(BERT)];
const inSecond = { headers: { 'x-headgate-provider': 'second' } };
const missing = { status: 404, code: 'object_not_found' };

const pdf = () => toFile(Buffer.from('%PDF'), 'a.pdf');
const file = await anna.files.create({ file: await pdf(), purpose: 'user_data' }, inSecond);
const maker = two.received.at(-1)?.key;
const store = await anna.vectorStores.create({}, inSecond);
const box = await anna.containers.create({ name: 'box' }, inSecond);

beforeEach(() => {
  one.reset();
  two.reset();
});
afterAll(async () => {
  await gateway.close();
  await one.close();
  await two.close();
});

const chat = (id: string, model = 'chat') => ({
  model,
  messages: [{ role: 'user' as const, content: [{ type: 'file' as const, file: { file_id: id } }] }],
});
const input = (id: string) => ({
  model: 'chat',
  input: [{ role: 'user' as const, content: [{ type: 'input_file' as const, file_id: id }] }],
});
const tools = (...list: unknown[]) => ({ model: 'chat', input: 'Hi', tools: list as never[] });

describe.each([
  ['a chat', (client: OpenAI) => client.chat.completions.create(chat(file.id))],
  ['an input of Responses', (client: OpenAI) => client.responses.create(input(file.id))],
  [
    'the file search',
    (client: OpenAI) =>
      client.responses.create(tools({ type: 'file_search', vector_store_ids: ['vs_unknown1', store.id] })),
  ],
  [
    'the files of a container',
    (client: OpenAI) =>
      client.responses.create(
        tools({ type: 'code_interpreter', container: { type: 'auto', file_ids: [file.id] } }),
      ),
  ],
  [
    'a container',
    (client: OpenAI) => client.responses.create(tools({ type: 'code_interpreter', container: box.id })),
  ],
])('an object that %s names', (_, ask) => {
  it('takes the request to the provider that has it, whatever comes first in the model’s chain', async () => {
    await ask(anna);
    expect(one.received).toEqual([]);
    expect(two.received.map((request) => request.json()['model'])).toEqual(['gpt-two']);
  });

  it('is not there for another virtual key', async () => {
    await expect(ask(bert)).rejects.toMatchObject(missing);
    expect([...one.received, ...two.received]).toEqual([]);
  });
});

it('only the key of the account that has the object is used', async () => {
  for (let i = 0; i < 6; i++) await anna.chat.completions.create(chat(file.id));
  expect(new Set(two.received.map(({ key }) => key))).toEqual(new Set([maker]));
});

it('a model without a target there is refused with what to do', async () => {
  await expect(anna.chat.completions.create(chat(file.id, 'first'))).rejects.toMatchObject({
    status: 400,
    code: 'object_elsewhere',
    message: expect.stringContaining('x-headgate-provider') as string,
  });
});

it('names in disguise, twice or only talked about are told apart', async () => {
  const ask = (apiKey: string, content: string) =>
    gateway.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: `{"model":"chat","messages":[{"role":"user","content":${content}}]}`,
    });
  const { id } = file;
  const coded = `\\u0066${id.slice(1)}`;
  for (const member of [
    `"file_id" : "${id}"`,
    `"file\\u005fid":"${id}"`,
    `"file_i\\u0064"\n:\t"${coded}"`,
    `"file_id":"${id}","file_id":"file-other123"`,
    `"file_id":"file-other123","file_id":"${id}"`,
    `"FILE_ID":"${id}"`,
  ])
    expect((await ask(BERT, `[{"type":"file","file":{${member}}}]`)).status, member).toBe(404);
  for (const text of [`"\\"file_id\\":\\"${id}\\""`, `[{"type":"text","text":"file_id ${id}"}]`, `"${id}"`])
    expect((await ask(BERT, text)).status, text).toBe(200);
  expect((await ask(BERT, '[{"file":{"file_id":["file-1",{}]}}, {"file_id":7}]')).status).toBe(200);
  const many = JSON.stringify(Array.from({ length: 5_001 }, (_, i) => `file-${i}`));
  expect((await ask(BERT, `[{"file_id":${many}}]`)).status).toBe(400);
});

it('an earlier turn that the gateway keeps is part of what is asked', async () => {
  // Both answers would be OpenAI's to keep: the file is there in the turn that goes on from it.
  const first = await anna.responses.create(input(file.id));
  two.reset();
  await anna.responses.create({ model: 'chat', input: 'And?', previous_response_id: first.id });
  expect(two.received).toHaveLength(1);
  await expect(
    bert.responses.create({ model: 'chat', input: 'And?', previous_response_id: first.id }),
  ).rejects.toMatchObject({ status: 400 });
});

describe('a file of Anthropic’s', () => {
  it('decides between accounts and belongs to who uploaded it, token counts included', async () => {
    const made = await anthropicOf(ANNA).beta.files.upload(
      { file: await pdf() },
      { headers: { 'x-headgate-provider': 'claude' } },
    );
    one.reset();
    two.reset();
    const body = {
      model: 'sonnet',
      messages: [
        {
          role: 'user' as const,
          content: [{ type: 'document' as const, source: { type: 'file' as const, file_id: made.id } }],
        },
      ],
    };
    await anthropicOf(ANNA).beta.messages.create({ ...body, max_tokens: 9 });
    await anthropicOf(ANNA).beta.messages.countTokens(body);
    expect(one.received).toEqual([]);
    expect(two.received.map((request) => request.json()['model'])).toEqual(['claude-two', 'claude-two']);
    for (const asked of [
      anthropicOf(BERT).beta.messages.create({ ...body, max_tokens: 9 }),
      anthropicOf(BERT).beta.messages.countTokens(body),
    ])
      await expect(asked).rejects.toMatchObject({
        status: 404,
        error: { type: 'error', error: { type: 'not_found_error' } },
      });
  });
});
