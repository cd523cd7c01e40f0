import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TakenBody } from '../../core/observe/bodies/body-settings.js';
import { BodyRedactor } from '../../core/store/bodies/body-redactor.js';
import { keptOf } from '../../core/store/bodies/made-body.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, embed, json } from '../gateway/embedded.js';
import { startS3 } from '../store/fake-s3.js';

type Json = Record<string, unknown>;
const openai = await startOpenAi();
afterAll(() => openai.close());

async function gatewayWith(logBodies: unknown): Promise<Embedded> {
  const gateway = await embed({
    config: { providers: behind(openai), observability: { log_bodies: logBodies } } as never,
  });
  onTestFinished(async () => {
    openai.reset();
    await gateway.close();
  });
  return gateway;
}

async function ask(gateway: Embedded, more: object = {}, content = 'Where is my parcel?'): Promise<string> {
  const body = { model: 'openai/gpt-4o', messages: [{ role: 'user', content }], ...more };
  const answer = await gateway.fetch('/v1/chat/completions', json(body));
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
}

async function get(gateway: Embedded, path: string): Promise<Json> {
  return (await (await gateway.fetch(path)).json()) as Json;
}

interface Bodies {
  readonly request: { content: Json | string | null; bytes: number; truncated: boolean };
  readonly answer: { content: Json | null; from_events?: boolean };
}

async function bodiesOf(gateway: Embedded, id: string): Promise<Bodies | null> {
  return (await get(gateway, `/api/requests/${id}`))['bodies'] as Bodies | null;
}

describe('bodies', () => {
  it('are not kept unless that is wanted', async () => {
    const gateway = await gatewayWith(false);
    expect(await bodiesOf(gateway, await ask(gateway))).toBeNull();
  });

  it('are kept whole, streams put together from their events', async () => {
    const gateway = await gatewayWith(true);
    openai.always({ answer: { text: 'It is on its way to Lisbon.' } });
    for (const stream of [false, true]) {
      const kept = await bodiesOf(gateway, await ask(gateway, { stream }));
      expect(kept?.request.content).toMatchObject({ messages: [{ content: 'Where is my parcel?' }] });
      expect(kept?.answer.content).toMatchObject({
        choices: [{ message: { content: 'It is on its way to Lisbon.' } }],
      });
      expect(kept?.answer.from_events).toBe(stream ? true : undefined);
    }
  });

  it('are found by their words, all of them, in whatever order and case', async () => {
    const gateway = await gatewayWith(true);
    openai.always({ answer: { text: 'It is on its way to Lisbon.' } });
    const id = await ask(gateway);
    await ask(gateway, {}, 'Something else');
    const found = async (q: string): Promise<unknown[]> =>
      ((await get(gateway, `/api/requests?q=${encodeURIComponent(q)}`))['data'] as Json[]).map(
        (one) => one['id'],
      );
    expect(await found('LISBON parcel')).toEqual([id]);
    expect(await found('parcel "OR" nowhere')).toEqual([]);
    expect(await found("'); DROP TABLE request_bodies; --")).toEqual([]);
    expect(await found('lisbon')).toHaveLength(2);
  });

  it('are kept of the keys and models that are named, in the share that is wanted', async () => {
    const gateway = await gatewayWith({ models: ['openai/gpt-4o-*'] });
    expect(await bodiesOf(gateway, await ask(gateway))).toBeNull();
    expect(await bodiesOf(gateway, await ask(gateway, { model: 'openai/gpt-4o-mini' }))).not.toBeNull();
    const none = await gatewayWith({ share: 0 });
    expect(await bodiesOf(none, await ask(none))).toBeNull();
    const others = await gatewayWith({ keys: ['ci'] });
    expect(await bodiesOf(others, await ask(others))).toBeNull();
  });

  it('are cut where they are too long, and lose what looks like a secret', async () => {
    const gateway = await gatewayWith({ max_bytes: '1kb' });
    const secret = 'sk-proj-Zm9vYmFyYmF6cXV4MTIzNDU2';
    const id = await ask(gateway, {}, `${secret} ${'x'.repeat(1_000_000)}`);
    const kept = await bodiesOf(gateway, id);
    expect(kept?.request).toMatchObject({ truncated: true, content: expect.stringContaining('***') });
    expect(kept?.request.bytes).toBeGreaterThan(1_000_000);
    expect(String(kept?.request.content).length).toBeLessThanOrEqual(1024);
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  it('lose the secret that a cut would leave half of, and parameters of addresses that are called like one', async () => {
    // The first half of a known secret looks like nothing, and the headers for a server of tools stood in JSON that nobody could read.
    const known = 'correct-horse-battery-staple';
    const hidden = (text: string): string => text.replaceAll(known, '***');
    const redactor = await BodyRedactor.of({ redact: [], secrets: true }, hidden);
    const side = (text: string, bytes = text.length): TakenBody => ({
      text: Uint8Array.from(Buffer.from(text)),
      type: 'application/json',
      bytes,
      whole: false,
    });
    const kept = keptOf(
      {
        id: 'req_1',
        time: 0,
        keyId: '',
        method: 'POST',
        path: '/v1/chat/completions',
        query: `alt=sse&key=opaque-value&x-auth_token=opaque-value&pageToken=abc&q=correct%2Dhorse-battery-staple`,
        headers: [],
        status: 200,
        request: side(`{"content":"my words, ${known.slice(0, 20)}`, 90_000),
        answer: side(
          '{"tools":[{"server_url":"https://a.example","headers":{"x-tenant":"opaque-value","y":1',
          90_000,
        ),
      },
      redactor,
    );
    expect(kept.request.text).toBe('{"content":"my words, ');
    expect(kept.answer.text).toBe('{"tools":[{"server_url":"https://a.example","headers":"***"');
    expect(kept.query).toBe('alt=sse&key=***&x-auth_token=***&pageToken=abc&q=***');
  });

  it('lose what rules name; where that cannot be found out, all of it', async () => {
    const redact = [
      { path: 'messages.*.content' },
      { path: 'choices.*.message.content', with: '[answer]' },
      { pattern: '\\b[\\w.]+@[\\w.]+', with: '[mail]' },
    ];
    const gateway = await gatewayWith({ redact, max_bytes: '2kb' });
    openai.always({ answer: { text: 'Write to ada@example.com' } });
    const kept = await bodiesOf(gateway, await ask(gateway, { user: 'ada@example.com' }));
    expect(kept?.request.content).toMatchObject({ messages: [{ content: '***' }], user: '[mail]' });
    expect(kept?.answer.content).toMatchObject({ choices: [{ message: { content: '[answer]' } }] });
    const long = await bodiesOf(gateway, await ask(gateway, {}, 'x'.repeat(5000)));
    expect(long?.request).toMatchObject({ truncated: true, content: null });
  });

  it('lose the headers that a request brings for an MCP server, whatever their names', async () => {
    // A header called x-tenant was kept as it stood: only names that say "key" or "token" had been looked for.
    const redactor = await BodyRedactor.of({ redact: [], secrets: true }, (text) => text);
    const tool = { type: 'mcp', server_url: 'https://tools.example', headers: { 'x-tenant': 'planted' } };
    const kept = redactor.of(JSON.stringify({ tools: [tool], input: { headers: { 'x-tenant': 'a word' } } }));
    expect(JSON.parse(String(kept))).toEqual({
      tools: [{ ...tool, headers: '***' }],
      input: { headers: { 'x-tenant': 'a word' } },
    });
  });

  it('are kept in files of a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-bodies-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const gateway = await gatewayWith({ folder });
    const id = await ask(gateway);
    expect((await bodiesOf(gateway, id))?.request.content).toMatchObject({ model: 'openai/gpt-4o' });
    const [file = ''] = readdirSync(folder);
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { path: '/v1/chat/completions' },
    ]);
    rmSync(join(folder, file));
    expect(await bodiesOf(gateway, id)).toBeNull();
  });

  it('are kept in storage that speaks as S3 does, and told to be out of reach while that is away', async () => {
    const objects = new Map<string, Buffer>();
    const seen: IncomingHttpHeaders[] = [];
    let away = false;
    const storage = createServer((request, response) => {
      seen.push(request.headers);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        if (away) response.writeHead(503).end();
        else if (request.method === 'PUT')
          response.writeHead(200).end(void objects.set(path, Buffer.concat(chunks)));
        else if (objects.has(path)) response.writeHead(200).end(objects.get(path));
        else response.writeHead(404).end();
      });
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => void storage.close(() => resolve())));
    const endpoint = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
    const secret = 'the-secret-of-the-storage-0123456789';
    const gateway = await gatewayWith({
      s3: {
        bucket: 'logs',
        endpoint,
        region: 'eu-central-1',
        access_key_id: 'AKIDEXAMPLE',
        secret_access_key: secret,
      },
    });
    const id = await ask(gateway);
    expect((await bodiesOf(gateway, id))?.request.content).toMatchObject({ model: 'openai/gpt-4o' });
    expect([...objects.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^/logs/headgate/\\d{4}/\\d\\d/\\d\\d/${id}\\.json$`)),
    ]);
    expect(seen[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, /,
    );
    away = true;
    const told = await get(gateway, `/api/requests/${id}`);
    expect(told).toMatchObject({ id, bodies: null, bodies_unavailable: expect.stringContaining('503') });
    // What cannot be written is dropped and counted; the request itself is answered and recorded.
    const lost = await ask(gateway);
    expect(await bodiesOf(gateway, lost)).toBeNull();
    expect(await (await gateway.fetch('/metrics')).text()).toMatch(/^headgate_bodies_dropped_total 1$/m);
    expect(JSON.stringify(told)).not.toContain(secret);
  });

  it('are told from a bucket that is not used any more where its credentials are named, and said to lie there where not', async () => {
    const storage = await startS3();
    onTestFinished(() => storage.close());
    const dataDir = mkdtempSync(join(tmpdir(), 'headgate-bodies-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }));
    const { bucket, region, endpoint, accessKeyId, secretAccessKey } = storage.settings;
    const s3 = { bucket, region, endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
    const start = (log_bodies: unknown): Promise<Embedded> =>
      embed({
        dataDir,
        config: { providers: behind(openai), observability: { log_bodies } } as never,
      });
    const first = await start({ s3 });
    const id = await ask(first);
    expect(await bodiesOf(first, id)).not.toBeNull();
    await first.close();
    const without = await start(false);
    const told = await get(without, `/api/requests/${id}`);
    expect(told).toMatchObject({ bodies: null, bodies_unavailable: expect.stringContaining('bucket logs') });
    await without.close();
    const named = await start({ share: 0, earlier_s3: [s3] });
    expect((await bodiesOf(named, id))?.request.content).toMatchObject({ model: 'openai/gpt-4o' });
    await named.close();
  });

  it.each([
    [{ share: 2 }, 'share'],
    [{ max_bytes: '1tb' }, 'max_bytes'],
    [{ redact: [{}] }, 'a path or a pattern'],
    [{ redact: [{ path: 'a', pattern: 'b' }] }, 'a path or a pattern'],
    [{ redact: [{ pattern: '(' }] }, 'regular expression'],
    [{ s3: { bucket: 'x' } }, 'bucket'],
    [{ earlier_s3: { bucket: 'logs' } }, 'a list of storages'],
    [{ earlier_s3: [{ bucket: 'logs' }] }, 'earlier_s3[0].access_key_id'],
    [{ folders: 'x' }, 'folders'],
    ['perhaps', 'true, false or a mapping'],
  ])('the setting %j is refused', async (setting, words) => {
    await expect(gatewayWith(setting)).rejects.toThrow(words);
  });
});
