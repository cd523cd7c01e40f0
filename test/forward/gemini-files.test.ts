import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleGenAI } from '@google/genai';
import { afterAll, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';

// Google's client begins an upload with one request and sends the bytes to the address in its answer, which was Google's own:
// with the virtual key, past the gateway. And whose a file is was not known, since Google calls objects by `name`, not by `id`.

const ANNA = 'hg-key-of-anna-0123456789';
const BERT = 'hg-key-of-bert-0123456789';

interface Seen {
  readonly what: string;
  readonly key: string;
  readonly bytes: number;
}
const seen: Seen[] = [];
let uploads = 0;
const files: { name: string; uri: string; mimeType: string; state: string }[] = [];
const google = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => (bytes += chunk.length));
  request.on('end', () => {
    const url = new URL(request.url ?? '', origin);
    seen.push({
      what: `${request.method} ${url.pathname}`,
      key: String(request.headers['x-goog-api-key']),
      bytes,
    });
    const json = (body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (url.pathname === '/upload/v1beta/files') {
      if (request.headers['x-goog-upload-command'] === 'start') {
        response.writeHead(200, {
          'x-goog-upload-status': 'active',
          'x-goog-upload-url': `${origin}/upload/v1beta/files?upload_id=AB${'x1'.repeat(150)}${++uploads}&upload_protocol=resumable`,
        });
        response.end();
        return;
      }
      const name = `files/abc-${files.length}defghij`;
      const file = { name, uri: `${origin}/v1beta/${name}`, mimeType: 'text/plain', state: 'ACTIVE' };
      files.push(file);
      json({ file }, { 'x-goog-upload-status': 'final' });
    } else if (url.pathname === '/v1beta/files') json({ files });
    else if (url.pathname.startsWith('/v1beta/files/'))
      json(files.find(({ name }) => url.pathname.endsWith(name)) ?? {});
    else if (url.pathname.startsWith('/v1beta/cachedContents'))
      json({ name: 'cachedContents/cache1abcdef', model: 'models/gemini-2.5-flash' });
    else
      json({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] });
  });
});
await new Promise<void>((done) => google.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
const gateway = await startHeadgate({
  config: {
    server: { body_limit: '1mb' },
    providers: {
      gemini: {
        base_url: origin,
        keys: ['one', 'two', 'three'].map((name) => ({ name, value: `AIza-key-${name}-0123456789` })),
      },
    },
    keys: [
      { name: 'anna', value: ANNA, passthrough: true },
      { name: 'bert', value: BERT, passthrough: true },
    ],
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  google.closeAllConnections();
  await new Promise((done) => google.close(done));
});
const clientOf = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway.url } });
const [anna, bert] = [clientOf(ANNA), clientOf(BERT)];
const upload = (client: GoogleGenAI, size = 2000) =>
  client.files.upload({ file: new Blob([Buffer.alloc(size, 'a')]), config: { mimeType: 'text/plain' } });
const asking = (client: GoogleGenAI, uri: string) =>
  client.models.generateContent({
    model: 'gemini/gemini-2.5-flash',
    contents: [{ role: 'user', parts: [{ fileData: { fileUri: uri, mimeType: 'text/plain' } }] }],
  });

it('a file is uploaded through the gateway with one key of the provider, larger than a body may be', async () => {
  seen.length = 0;
  const file = await upload(anna, 3 * 1024 * 1024);
  expect(file.name).toBe('files/abc-0defghij');
  const keys = new Set(seen.map(({ key }) => key));
  expect(keys.size).toBe(1);
  expect([...keys][0]).toMatch(/^AIza-key-/);
  expect(seen.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThanOrEqual(3 * 1024 * 1024);
  // What is done with it goes to the key that has it.
  for (let i = 0; i < 4; i++) {
    await anna.files.get({ name: file.name ?? '' });
    await asking(anna, file.uri ?? '');
  }
  expect(new Set(seen.map(({ key }) => key))).toEqual(keys);
});

it('a file is its virtual key’s alone: to read, to list and to ask a model about', async () => {
  const [mine, theirs] = [await upload(anna), await upload(bert)];
  await expect(bert.files.get({ name: mine.name ?? '' })).rejects.toMatchObject({ status: 404 });
  await expect(asking(bert, mine.uri ?? '')).rejects.toMatchObject({ status: 404 });
  await asking(anna, mine.uri ?? '');
  await asking(bert, theirs.uri ?? '');
  const listed = async (client: GoogleGenAI): Promise<(string | undefined)[]> => {
    const names: (string | undefined)[] = [];
    for await (const { name } of await client.files.list()) names.push(name);
    return names;
  };
  expect(await listed(anna)).toContain(mine.name);
  expect(await listed(anna)).not.toContain(theirs.name);
  expect(await listed(bert)).toEqual([theirs.name]);
});

it('a cached content is its virtual key’s alone', async () => {
  const cache = await anna.caches.create({ model: 'gemini-2.5-flash', config: { contents: 'long' } });
  expect(cache.name).toBe('cachedContents/cache1abcdef');
  const ask = (client: GoogleGenAI) =>
    client.models.generateContent({
      model: 'gemini/gemini-2.5-flash',
      contents: 'Hi',
      config: { cachedContent: cache.name ?? '' },
    });
  await ask(anna);
  await expect(ask(bert)).rejects.toMatchObject({ status: 404 });
});
