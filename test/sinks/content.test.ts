import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { readTraces } from './trace-proto.js';
import { type Received, startVendor, type VendorServer } from './vendor-server.js';

const KEY = 'planted-content-key-3b9d';
const soon = { batch: { wait: '10ms' } };
const bodyOf = ({ body }: Received) => JSON.parse(body.toString('utf8')) as Record<string, unknown>;

describe('sinks that are to have prompts and answers', () => {
  let gateway: Embedded;
  const vendors = new Map<string, VendorServer>();
  const vendor = (name: string): VendorServer => vendors.get(name) as VendorServer;
  const url = (name: string): string => vendor(name).url;

  beforeAll(async () => {
    for (const name of ['langfuse', 'otlp', 'webhook', 'posthog', 'datadog', 'helicone', 'without'])
      vendors.set(name, await startVendor());
    vendor('langfuse').answer = () => ({ status: 207, body: '{"successes":[],"errors":[]}' });
    vendor('datadog').answer = () => ({ status: 202 });
    gateway = await embed({
      config: {
        models: { support: { targets: ['mock/hello'] }, secret: { targets: ['mock/hello'] } },
        keys: [{ name: 'desk', value: KEY }],
        observability: {
          log_bodies: {
            models: ['support'],
            redact: [{ pattern: '\\b\\d{4}-\\d{4}\\b', with: '[number]' }],
          },
          sinks: [
            {
              use: 'langfuse',
              host: url('langfuse'),
              public_key: 'pk',
              secret_key: 'sk',
              content: true,
              ...soon,
            },
            { use: 'otlp', url: url('otlp'), content: true, ...soon },
            { use: 'webhook', url: url('webhook'), content: true, ...soon },
            { use: 'posthog', host: url('posthog'), api_key: 'phc', content: true, ...soon },
            { use: 'datadog', url: url('datadog'), api_key: 'dd', content: true, ...soon },
            { use: 'helicone', url: url('helicone'), api_key: 'hc', content: true, ...soon },
            { use: 'webhook', name: 'without', url: url('without'), ...soon },
          ],
        },
      },
    });
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all([...vendors.values()].map((one) => one.close()));
  });

  const ask = async (model: string, content: string, stream = false): Promise<string> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
    const messages = [{ role: 'user', content }];
    const answer = await gateway.fetch(
      '/v1/chat/completions',
      json({ model, stream, messages }, { headers }),
    );
    await answer.text();
    return answer.headers.get('x-headgate-request-id') ?? '';
  };
  /** What that sink was told with this in it, once it was. */
  const told = async (name: string, mark: string): Promise<Received> => {
    const find = () => vendor(name).received.find(({ body }) => body.includes(mark));
    await expect.poll(find, { message: name }).toBeDefined();
    return find() as Received;
  };

  it('are told what is kept, redacted, each in the words of its vendor', async () => {
    const id = await ask(
      'support',
      'Where is parcel 1234-5678? My key is sk-proj-aaaabbbbccccddddeeeeffff0000',
    );
    const input = 'Where is parcel [number]? My key is ***';
    const said = expect.stringMatching(/\w/);
    const langfuse = bodyOf(await told('langfuse', id))['batch'] as { type: string; body: object }[];
    for (const { body } of langfuse)
      expect(body).toMatchObject({
        input: [{ role: 'user', content: input }],
        output: [{ role: 'assistant', content: said }],
      });
    const { spans } = readTraces((await told('otlp', id)).body);
    const call = spans.find(({ attributes }) => 'gen_ai.input.messages' in attributes);
    const attribute = (name: string): unknown => JSON.parse(String(call?.attributes[name]));
    expect(attribute('gen_ai.input.messages')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: input }] },
    ]);
    expect(attribute('gen_ai.output.messages')).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: said }] },
    ]);
    const webhook = (await told('webhook', id)).body.toString('utf8');
    expect(webhook).toContain('parcel [number]?');
    const posthog = bodyOf(await told('posthog', '[number]'))['batch'] as { properties: object }[];
    expect(posthog[0]?.properties).toMatchObject({ $ai_input: [{ role: 'user', content: input }] });
    const datadog = JSON.stringify(bodyOf(await told('datadog', '[number]')));
    expect(datadog).toContain(`"input":{"messages":[{"role":"user","content":"${input}"}]}`);
    const helicone = bodyOf(await told('helicone', id)) as Record<string, { json: object }>;
    expect(helicone['providerRequest']?.json).toMatchObject({ messages: [{ role: 'user', content: input }] });
    expect(helicone['providerResponse']?.json).toMatchObject({ choices: [{ message: { content: said } }] });
    for (const [name, { received }] of vendors)
      for (const { body } of received) {
        expect(body.includes('1234-5678'), name).toBe(false);
        expect(body.includes('sk-proj-aaaa'), name).toBe(false);
      }
  });

  it('have a stream as the answer that it would have been', async () => {
    const id = await ask('support', 'Hello there', true);
    const batch = bodyOf(await told('langfuse', id))['batch'] as { body: Record<string, unknown> }[];
    const found = batch.find(({ body }) => JSON.stringify(body).includes(id));
    expect(found?.body['output']).toEqual([{ role: 'assistant', content: expect.stringMatching(/\w/) }]);
  });

  it('are told of requests that are not kept without them, and others never', async () => {
    const [kept, not] = [await ask('support', 'Kept words'), await ask('secret', 'Other words')];
    for (const name of ['webhook', 'langfuse', 'otlp']) await told(name, not);
    await told('without', kept);
    for (const [name, { received }] of vendors)
      for (const { body } of received) {
        expect(body.includes('Other words'), name).toBe(false);
        if (name === 'without') expect(body.includes('Kept words')).toBe(false);
      }
  });
});

it('a sink that is to have prompts, where none are kept, is refused with what to do', async () => {
  const sinks = [{ use: 'webhook', url: 'http://127.0.0.1:9', content: true }];
  await expect(embed({ config: { observability: { sinks } } })).rejects.toThrow(/log_bodies/);
});
