// A gateway inside a program: no port, no second process. Run it with `node examples/embedded.mjs`.
import { createGateway } from 'headgate';
import OpenAI from 'openai';

const gateway = await createGateway({
  // What headgate.yaml would say: put your providers, keys and limits here.
  config: {
    models: { support: { targets: ['mock/hello'] } },
    store: { url: 'sqlite::memory:' },
  },
});

// SDKs take the gateway for the network. Their base URL counts for its path alone.
const client = new OpenAI({ baseURL: 'http://headgate/v1', apiKey: 'none', fetch: gateway.fetch });
const stream = await client.chat.completions.create(
  { model: 'support', messages: [{ role: 'user', content: 'Hello' }], stream: true },
  { headers: { 'x-headgate-metadata': 'customer=acme' } },
);
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');

const usage = await gateway.fetch('/api/usage?group_by=customer');
console.log('\n', (await usage.json()).rows);

await gateway.close();
