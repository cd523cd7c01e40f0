import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { wordsOf } from '../../core/mcp/select/words.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { type ManyTools, startManyTools } from './many-tools.js';
import { calling, saying } from './run-setup.js';

const KEY = 'hg-search-key-0123456789';
const POOR = 'hg-search-poor-0123456789';

let openai: FakeProvider;
let many: ManyTools;
let vectors: Server;
let embedded: string[][];
let gateway: Embedded;
let near: Embedded;
const records: SettledRecord[] = [];

/** What a text is about: journeys, money, or neither. */
const about = (text: string): number[] => [
  /plane|journey|travel|flight/i.test(text) ? 1 : 0,
  /money|payment|currency/i.test(text) ? 1 : 0,
  0.1,
];

beforeAll(async () => {
  embedded = [];
  [openai, many] = await Promise.all([startOpenAi({ strict: true }), startManyTools()]);
  vectors = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { input } = JSON.parse(body) as { input: string[] };
      embedded.push(input);
      const data = input.map((text, index) => ({ object: 'embedding', index, embedding: about(text) }));
      const usage = { prompt_tokens: 7, total_tokens: 7 };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', model: 'about', data: data.reverse(), usage }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => vectors.once('listening', resolve));
  const config = {
    observability: { log_level: 'error' },
    providers: {
      openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
      local: {
        extends: 'openai',
        base_url: `http://127.0.0.1:${(vectors.address() as AddressInfo).port}/v1`,
        keys: [{ value: 'none' }],
      },
    },
    models: {
      gpt: { targets: ['openai/gpt-4o'], mcp: { servers: ['many'], select: 'search' } },
      agent: { targets: ['openai/gpt-4o'], mcp: { servers: ['many'], select: 'search', mode: 'agent' } },
    },
    keys: [
      { name: 'all', value: KEY },
      { name: 'poor', value: POOR, models: ['gpt', 'agent'], denied_mcp_tools: ['many/refundPayment'] },
    ],
    mcp: { servers: { many: many.server }, search: { tools: 2, always: ['many/sendEmail'] } },
  };
  const watcher = definePlugin({
    name: 'watcher',
    version: '1.0.0',
    setup: () => ({ settled: (record) => void records.push(record) }),
  });
  gateway = await embed({ config: config as never });
  near = await embed({
    plugins: [watcher],
    config: {
      ...config,
      mcp: { ...config.mcp, search: { tools: 2, embedding_model: 'local/about' } },
    } as never,
  });
});
afterEach(() => {
  openai.reset();
  embedded.length = 0;
  records.length = 0;
});
afterAll(async () => {
  await Promise.all([gateway.close(), near.close(), openai.close()]);
  many.close();
  vectors.close();
});

type Messages = OpenAI.Chat.ChatCompletionMessageParam[];
const clientOf = (via: Embedded, apiKey = KEY): OpenAI =>
  new OpenAI({ apiKey, baseURL: 'http://gateway/v1', fetch: via.fetch, maxRetries: 0, timeout: 20_000 });
const user = (content: string): Messages[number] => ({ role: 'user', content });

/** Names of the tools that the model was told of in the nth request. */
async function toldTo(n: number): Promise<string[]> {
  const request = await openai.request(n);
  await request.complete;
  const { tools = [] } = request.json() as { tools?: { function: { name: string } }[] };
  return tools.map((tool) => tool.function.name.replace('many__', ''));
}

async function ask(
  messages: Messages,
  { via = gateway, key = KEY, model = 'gpt', headers = {}, tools = undefined as never } = {},
) {
  return clientOf(via, key).chat.completions.create(
    { model, messages, ...(tools !== undefined && { tools }) },
    { headers },
  );
}

describe('words', () => {
  it.each([
    ['readTextFiles', ['read', 'text', 'fil']],
    ['HTTPServer_configs', ['http', 'server', 'config']],
    ['Please give me the invoices of the customers', ['invoic', 'customer']],
    ['booking booked books', ['book', 'book', 'book']],
    ['東京の天気', ['東京', '京の', 'の天', '天気']],
    ['Straße', ['straße']],
    ['…!?', []],
  ])('of %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe('tools that fit the conversation', () => {
  it('are told alone, behind those that are always there', async () => {
    await ask([user('How is the weather in the city of Rome?')]);
    expect(await toldTo(1)).toEqual(['sendEmail', 'weatherForecast', 'searchHotels']);
  });

  it('stay as the conversation goes on: more come behind them, and none is left out', async () => {
    const conversation: Messages = [user('Translate this text')];
    await ask(conversation);
    conversation.push(
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'many__stockQuote', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '7' },
      { role: 'assistant', content: 'Seven.' },
      user('Thanks!'),
    );
    await ask(conversation);
    conversation.push({ role: 'assistant', content: 'Gladly.' }, user('Now refund the payment'));
    await ask(conversation);
    const [first, second, third] = [await toldTo(1), await toldTo(2), await toldTo(3)];
    expect(first).toEqual(['sendEmail', 'translateText']);
    expect(second).toEqual([...first, 'stockQuote']);
    expect(third.slice(0, second.length)).toEqual(second);
    expect(third).toContain('refundPayment');
  });

  it('are those that the key may use', async () => {
    await ask([user('Refund the payment')], { key: POOR });
    expect(await toldTo(1)).not.toContain('refundPayment');
  });

  it('are all of them where nothing that was said first fits, and by the header', async () => {
    await ask([user('Здравствуйте')]);
    expect(await toldTo(1)).toHaveLength(12);
    await ask([user('How is the weather?')], { headers: { 'x-headgate-mcp-select': 'all' } });
    expect(await toldTo(2)).toHaveLength(12);
    await ask([user('How is the weather?')], {
      headers: { 'x-headgate-mcp': 'many', 'x-headgate-mcp-select': 'search' },
    });
    expect(await toldTo(3)).toEqual(['sendEmail', 'weatherForecast']);
    const wrong = ask([user('x')], { headers: { 'x-headgate-mcp-select': 'some' } });
    await expect(wrong).rejects.toMatchObject({ status: 400, code: 'invalid_header' });
  });

  it('have the one that the request wants to be called', async () => {
    await clientOf(gateway).chat.completions.create({
      model: 'gpt',
      messages: [user('How is the weather?')],
      tool_choice: { type: 'function', function: { name: 'many__bookFlight' } },
    });
    expect(await toldTo(1)).toEqual(['sendEmail', 'weatherForecast', 'bookFlight']);
  });
});

describe('a run', () => {
  it('may search for other tools, which it has from then on', async () => {
    openai.next(
      calling({ search_tools: { query: 'book a flight' } }),
      calling({ many__bookFlight: { departure: 'Rome' } }),
      saying('Booked.'),
    );
    const answer = await ask([user('How is the weather?')], { model: 'agent' });
    expect(answer.choices[0]?.message).toMatchObject({ content: 'Booked.' });
    const [first, second] = [await toldTo(1), await toldTo(2)];
    expect(first).toEqual(['search_tools', 'sendEmail', 'weatherForecast']);
    expect(second).toEqual([...first, 'bookFlight']);
    expect(many.asked.at(-1)).toBe('/bookFlight?departure=Rome');
    const told = (await openai.request(2)).json() as { messages: { role: string; content: string }[] };
    expect(told.messages.at(-1)?.content).toBe('- many__bookFlight: Books a seat on a plane.');
  });

  it('is told what is wrong with a search, and when nothing is found', async () => {
    openai.next(
      calling({ search_tools: { query: '' } }),
      calling({ search_tools: 'no json' }),
      calling({ search_tools: { query: 'xyzzy' } }),
      saying('No.'),
    );
    await ask([user('How is the weather?')], { model: 'agent' });
    const { messages } = (await openai.request(4)).json() as {
      messages: { role: string; content: string }[];
    };
    expect(messages.filter(({ role }) => role === 'tool').map(({ content }) => content)).toEqual([
      'The argument "query" must be a text.',
      expect.stringContaining('not JSON'),
      'Nothing was found; try other words.',
    ]);
  });

  it('searches under another name where the client has a tool of that one, and hands over no search', async () => {
    const own = { type: 'function', function: { name: 'search_tools', parameters: { type: 'object' } } };
    openai.next(calling({ search_tools: {}, headgate_search_tools: { query: 'mail' } }));
    const answer = await ask([user('How is the weather?')], { model: 'agent', tools: [own] as never });
    expect(await toldTo(1)).toEqual([
      'search_tools',
      'headgate_search_tools',
      'sendEmail',
      'weatherForecast',
    ]);
    expect(
      answer.choices[0]?.message.tool_calls?.map((call) => 'function' in call && call.function.name),
    ).toEqual(['search_tools']);
  });

  it('tells clients of Responses of its searches, and goes on from them', async () => {
    openai.next(calling({ search_tools: { query: 'book a flight' } }), saying('Found.'), saying('Again.'));
    const client = clientOf(gateway);
    const first = await client.responses.create({ model: 'agent', input: 'How is the weather?' });
    const call = first.output.find(({ type }) => type === 'mcp_call');
    expect(call).toMatchObject({
      server_label: 'headgate',
      name: 'search_tools',
      output: '- many__bookFlight: Books a seat on a plane.',
    });
    const input = [
      { role: 'user', content: 'How is the weather?' },
      ...first.output,
      { role: 'user', content: 'And?' },
    ];
    await client.responses.create({ model: 'agent', input: input as never });
    const sent = (await openai.request(3)).json() as { input: { type?: string; name?: string }[] };
    expect(sent.input.filter(({ type }) => type === 'function_call').map(({ name }) => name)).toEqual([
      'search_tools',
    ]);
  });
});

describe('an embedding model', () => {
  it('finds tools whose words are others, on the bill of the caller, and is asked once for each text', async () => {
    await ask([user('A journey to the sea')], { via: near });
    expect(await toldTo(1)).toContain('bookFlight');
    expect(embedded.map((texts) => texts.length)).toEqual([13]);
    const record = records.find(({ operation }) => operation === 'embedding');
    expect(record).toMatchObject({ model: 'local/about', status: 200, usage: { inputTokens: 7 } });
    expect(JSON.stringify(record)).toContain('"all"');
    await ask([user('A journey to the sea')], { via: near });
    expect(embedded).toHaveLength(1);
    await ask([user('Another journey')], { via: near });
    expect(embedded.slice(1)).toEqual([['Another journey']]);
    expect(await toldTo(2)).toEqual(await toldTo(1));
  });

  it('that cannot be had is done without', async () => {
    // This key may not use it.
    await ask([user('How is the weather?')], { via: near, key: POOR });
    expect(await toldTo(1)).toEqual(['weatherForecast']);
  });
});
