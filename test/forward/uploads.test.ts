import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { RawConnection } from '../e2e/raw-connection.js';
import { settled } from '../e2e/settled.js';
import { watchMemory } from './proc-memory.js';
import { startSwallowing } from './swallowing.js';

const MB = 1024 * 1024;
const upstream = await startSwallowing();
const gateway = await startHeadgate({
  config: {
    server: { threads: 1, body_limit: '1mb', upload_limit: '300mb' },
    providers: {
      openai: {
        base_url: `${upstream.url}/v1`,
        keys: [{ value: 'sk-swallow-0123456789' }],
        timeouts: { idle: '1500ms', first_byte: '5s' },
      },
      other: {
        extends: 'openai',
        base_url: `${upstream.url}/other/v1`,
        keys: [{ value: 'sk-other-0123456789' }],
      },
      deepgram: { base_url: `${upstream.url}/deepgram`, keys: [{ value: 'dg-swallow-0123456789' }] },
    },
    models: { ears: { targets: ['other/whisper-1'] }, listener: { targets: ['deepgram/nova-3'] } },
  },
});
const client = new OpenAI({ apiKey: 'none', baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 30_000 });
const piece = randomBytes(MB);

beforeEach(() => {
  upstream.ended.length = 0;
  upstream.answer = null;
});
afterEach(() => {
  upstream.reading = true;
});
afterAll(async () => {
  await stopCleanly(gateway);
  await upstream.close();
});

/** A form with this file in it, its `model` before or behind the file. */
function form(
  fileMb: number,
  model: 'before' | 'behind' | 'none',
): { head: Buffer; tail: Buffer; bytes: number; type: string } {
  const field = '--b0undary\r\nContent-Disposition: form-data; name="model"\r\n\r\nears\r\n';
  const file =
    '--b0undary\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n';
  const head = Buffer.from((model === 'before' ? field : '') + file);
  const tail = Buffer.from(`\r\n${model === 'behind' ? field : ''}--b0undary--\r\n`);
  return {
    head,
    tail,
    bytes: head.length + fileMb * MB + tail.length,
    type: 'multipart/form-data; boundary=b0undary',
  };
}

/** POSTs `fileMb` pieces between head and tail without ever holding them. */
function send(
  path: string,
  parts: ReturnType<typeof form>,
  fileMb: number,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; sent: number }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    const request = httpRequest(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': parts.type, 'content-length': parts.bytes, ...headers },
    });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, sent }));
    });
    request.on('error', reject);
    const pump = async (): Promise<void> => {
      request.write(parts.head);
      for (; sent < fileMb && !request.destroyed; sent++)
        if (!request.write(piece)) await Promise.race([once(request, 'drain'), once(request, 'close')]);
      request.end(parts.tail);
    };
    void pump();
  });
}

const once = (emitter: NodeJS.EventEmitter, event: string): Promise<void> =>
  new Promise((resolve) => emitter.once(event, () => resolve()));

/** The SHA-256 of what arrives when `ears` was replaced. */
function expected(parts: ReturnType<typeof form>, fileMb: number, model: string): string {
  const hash = createHash('sha256').update(
    parts.head.toString('latin1').replace('\r\n\r\nears', `\r\n\r\n${model}`),
  );
  for (let i = 0; i < fileMb; i++) hash.update(piece);
  return hash.update(parts.tail.toString('latin1').replace('\r\n\r\nears', `\r\n\r\n${model}`)).digest('hex');
}

describe('a large upload', () => {
  it.each([
    [
      'its model before the file',
      'before',
      '/v1/audio/transcriptions',
      'whisper-1',
      '/other/v1/audio/transcriptions',
    ],
    [
      'its model behind the file',
      'behind',
      '/v1/audio/transcriptions',
      'whisper-1',
      '/other/v1/audio/transcriptions',
    ],
    ['no model', 'none', '/v1/files', 'ears', '/v1/files'],
    ['a path of its own', 'before', '/passthrough/openai/files', 'ears', '/v1/files'],
  ] as const)('with %s passes without growing memory', async (_, model, path, name, arrives) => {
    const parts = form(250, model);
    // What the buffers of one upload take until they are collected, they take once.
    await send(path, form(100, model), 100);
    upstream.ended.length = 0;
    const memory = watchMemory(gateway.pid);
    const answer = await send(path, parts, 250);
    const grown = memory.stop();
    expect(answer).toMatchObject({ status: 200 });
    expect(upstream.ended[0]).toMatchObject({ url: arrives, complete: true });
    expect(upstream.ended[0]?.sha256).toBe(expected(parts, 250, name));
    expect(upstream.ended[0]?.headers['content-length']).toBe(String(upstream.ended[0]?.bytes));
    // What is kept would be here as a whole.
    expect(grown).toBeLessThan(100);
  });

  // What is adapted is read as a whole: it must be a file by then, not memory.
  it.each(['before', 'behind'] as const)(
    'for a provider with an API of its own waits on disk, its model %s the file',
    async (model) => {
      const renamed = (part: Buffer): Buffer =>
        Buffer.from(part.toString('latin1').replace('ears', 'listener'), 'latin1');
      const sized = (fileMb: number): ReturnType<typeof form> => {
        const { head, tail, type } = form(fileMb, model);
        const [first, last] = [renamed(head), renamed(tail)];
        return { head: first, tail: last, type, bytes: first.length + fileMb * MB + last.length };
      };
      await send('/v1/audio/transcriptions', sized(100), 100);
      upstream.ended.length = 0;
      const memory = watchMemory(gateway.pid);
      const answer = await send('/v1/audio/transcriptions', sized(250), 250);
      const grown = memory.stop();
      expect(answer).toMatchObject({
        status: 200,
        text: '{"text":"","usage":{"type":"duration","seconds":0}}',
      });
      const hash = createHash('sha256');
      for (let i = 0; i < 250; i++) hash.update(piece);
      expect(upstream.ended[0]).toMatchObject({
        url: '/deepgram/v1/listen?model=nova-3&smart_format=true&detect_language=true',
        complete: true,
        bytes: 250 * MB,
        sha256: hash.digest('hex'),
      });
      expect(grown).toBeLessThan(100);
    },
  );

  it('of the SDK passes in chunks when nobody says how long it is', async () => {
    async function* stream(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 20; i++) yield piece;
    }
    const file = await client.files.create({ file: await toFile(stream(), 'a.jsonl'), purpose: 'batch' });
    expect(file.id).toBe('file-swallowed1');
    expect(upstream.ended[0]?.bytes).toBeGreaterThan(20 * MB);
  });

  it('waits while the provider does not read', async () => {
    upstream.reading = false;
    const before = upstream.taken;
    const memory = watchMemory(gateway.pid);
    const sending = send('/v1/files', form(100, 'none'), 100);
    await sleep(700);
    expect(upstream.taken - before).toBeLessThan(10 * MB);
    const grown = memory.stop();
    upstream.reading = true;
    expect(await sending).toMatchObject({ status: 200 });
    expect(grown).toBeLessThan(30);
  });

  it('ends with a time-out when nothing of it moves', async () => {
    upstream.reading = false;
    const answer = await send('/v1/files', form(100, 'none'), 100);
    expect(answer.status).toBe(504);
    expect(answer.text).toContain('provider_timeout');
    expect(answer.text).toContain('nothing of the upload has moved');
    upstream.reading = true;
    await expect.poll(() => upstream.ended.length).toBe(1);
    expect(upstream.ended[0]?.complete).toBe(false);
  });

  it('is refused at once when its length is over the limit', async () => {
    const connection = new RawConnection(gateway.port).send(
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900000000\r\n\r\n--b',
    );
    const answer = await connection.answer();
    expect(answer?.status).toBe(413);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error: { code: 'upload_too_large' } });
    connection.destroy();
    // Of a length of ten digits the HTTP server does not even ask us: see docs/adr/0012.
    const refused = new RawConnection(gateway.port).send(
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 2147483648\r\n\r\n--b',
    );
    expect(await refused.answer()).toBeNull();
    expect(upstream.ended.filter(({ complete }) => complete)).toEqual([]);
  });

  it('that was refused for its length is kept nowhere, however long its client goes on sending', async () => {
    const connection = new RawConnection(gateway.port).send(
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 900000000\r\n\r\n',
    );
    expect((await connection.answer())?.status).toBe(413);
    const taken = upstream.taken;
    const memory = watchMemory(gateway.pid);
    for (let i = 0; i < 60 && !connection.socket.destroyed; i++) {
      connection.send(piece);
      await sleep(5);
    }
    expect(memory.stop()).toBeLessThan(40);
    connection.destroy();
    expect(upstream.taken).toBe(taken);
    expect(await send('/v1/files', form(1, 'none'), 1)).toMatchObject({ status: 200 });
  });

  it('is cut when it passes the limit without having said so', async () => {
    const head =
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n';
    const connection = new RawConnection(gateway.port).send(head);
    const memory = watchMemory(gateway.pid);
    const size = Buffer.from(`${MB.toString(16)}\r\n`);
    for (let i = 0; i < 320 && connection.unread.length === 0; i++) {
      connection.send(size, piece, '\r\n');
      while (connection.socket.writableLength > 4 * MB && connection.unread.length === 0) await sleep(1);
    }
    const answer = await connection.answer();
    expect(answer?.status).toBe(413);
    connection.destroy();
    expect(memory.stop()).toBeLessThan(40);
    await expect.poll(() => upstream.ended.length).toBe(1);
    expect(upstream.ended[0]?.complete).toBe(false);
  });

  it('that stops half-way does not arrive as a whole, and is settled as left by its client', async () => {
    const taken = upstream.taken;
    const head =
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 9000\r\n\r\n';
    const connection = new RawConnection(gateway.port).send(head, piece.subarray(0, 4000));
    await expect.poll(() => upstream.taken).toBeGreaterThan(taken);
    connection.destroy();
    await expect.poll(() => upstream.ended.length).toBe(1);
    expect(upstream.ended[0]?.complete).toBe(false);
    expect(await settled(gateway, (line) => line['outcome'] === 'client-closed')).toMatchObject({
      operation: 'file',
    });
  });

  it('may be answered before it has ended', async () => {
    upstream.answer = (request, response) => {
      // As servers do that want their answer to arrive.
      request.resume();
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"not like this","type":"invalid_request_error"}}');
    };
    const answer = await send('/v1/files', form(50, 'none'), 50);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('not like this');
  });
});

describe('a form', () => {
  const send2 = async (type: string, body: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${gateway.url}/v1/images/edits`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ['names another boundary than it has', 'multipart/form-data; boundary=wrong', '--right\r\n\r\n'],
    ['names none', 'multipart/form-data', '--right\r\n\r\n'],
    [
      'ends in the middle',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx',
    ],
    ['has headers without end', 'multipart/form-data; boundary=b', `--b\r\n${'x: y\r\n'.repeat(5_000)}`],
    [
      'has a model like a book',
      'multipart/form-data; boundary=b',
      `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${'m'.repeat(5_000)}\r\n--b--`,
    ],
  ])('that %s is refused', async (_, type, body) => {
    const answer = await send2(type, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'invalid_form' } });
    expect(upstream.ended).toEqual([]);
  });

  it('whose end only its provider needs is passed on without one', async () => {
    const { head, type } = form(0, 'none');
    const response = await fetch(`${gateway.url}/v1/files`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: Buffer.concat([head, piece.subarray(0, 5_000)]),
    });
    expect(response.status).toBe(200);
    expect(upstream.ended[0]).toMatchObject({ bytes: head.length + 5_000, complete: true });
  });

  it('leaves the connection fit for the next request', async () => {
    const connection = new RawConnection(gateway.port);
    for (let i = 0; i < 3; i++) {
      const { head, tail, type } = form(0, 'behind');
      const body = Buffer.concat([head, piece.subarray(0, 300_000), tail]);
      connection.send(
        `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`,
        body,
      );
      expect((await connection.answer())?.status).toBe(200);
    }
    connection.destroy();
  });
});
