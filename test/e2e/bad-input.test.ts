import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chatBody, messageBody, post } from './http-client.js';
import { type RawAnswer, RawConnection, rawPost } from './raw-connection.js';
import { startTwoProviders } from './two-providers.js';

const KEY = 'hg-test-key-0123456789';
const AUTH = `authorization: Bearer ${KEY}`;
const setup = await startTwoProviders({
  server: { body_limit: '1mb' },
  models: {
    smart: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
    thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], retries: { attempts: 1 } },
  },
  keys: [{ name: 'tester', value: KEY, models: ['smart', 'thoughtful'] }],
});
const { openai, anthropic, gateway } = setup;
const open: RawConnection[] = [];
const connect = (): RawConnection => {
  const connection = new RawConnection(gateway.port);
  open.push(connection);
  return connection;
};

beforeEach(() => setup.reset());
// Whatever was sent: the next request, on a new connection, is served.
afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  setup.reset();
  for (const [path, body] of [
    ['/v1/chat/completions', chatBody('smart')],
    ['/v1/messages', messageBody('thoughtful')],
  ] as const) {
    const answer = await post(gateway, path, body, { authorization: `Bearer ${KEY}`, connection: 'close' });
    expect(answer.status, answer.text).toBe(200);
  }
});
afterAll(() => setup.close());

const apis = [
  { api: 'OpenAI', path: '/v1/chat/completions', model: 'smart', other: 'thoughtful', body: chatBody },
  { api: 'Anthropic', path: '/v1/messages', model: 'thoughtful', other: 'smart', body: messageBody },
] as const;

/** The error is in the shape of the API of its path, and says something. */
function expectError(answer: RawAnswer | null, path: string, ...statuses: number[]): void {
  expect(answer, 'an answer').not.toBeNull();
  if (answer === null) return;
  expect(statuses, answer.body).toContain(answer.status);
  expect(answer.headers['content-type']).toContain('application/json');
  const text = expect.stringMatching(/.{5,}/);
  const error = { message: text, type: text };
  expect(JSON.parse(answer.body)).toMatchObject(
    path === '/v1/messages' ? { type: 'error', error } : { error },
  );
  expect(answer.body).not.toMatch(/\bat .+:\d+:\d+/);
}

describe.each(apis)('at $path', ({ path, model, other, body }) => {
  const text = (more: object = {}): string => JSON.stringify(body(model, more));
  const send = (bytes: string | Buffer, headers = [AUTH]): Promise<RawAnswer | null> =>
    connect()
      .send(rawPost(path, bytes, headers))
      .answer();

  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['a list', '[1,2]'],
    ['null', 'null'],
    ['half an object', '{"model":"smart",'],
    ['an object with something after it', '{"model":"smart"} x'],
    ['no model', '{"messages":[]}'],
    ['a number as its model', '{"model":5,"messages":[]}'],
    ['an empty model', '{"model":"","messages":[]}'],
    ['two models', '{"model":"smart","model":"thoughtful","messages":[]}'],
    ['two models, one of them spelled with an escape', '{"model":"smart","mod\\u0065l":"x","messages":[]}'],
  ])('a body that is %s is refused', async (_, bytes) => {
    expectError(await send(bytes), path, 400);
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it.each([
    ['messages', 'Hi'],
    ['messages', [7]],
    ['messages', []],
    ['tools', { a: 1 }],
  ])('a wrong %s is refused by the provider, or by the translation', async (field, value) => {
    expectError(
      await send(JSON.stringify(body(model, { messages: [{ role: 'x' }], [field]: value }))),
      path,
      400,
    );
    expectError(
      await send(JSON.stringify(body(other, { messages: [{ role: 'x' }], [field]: value }))),
      path,
      400,
    );
  });

  it('an unknown model is refused, with the nearest name', async () => {
    const key = ['authorization: Bearer hg-nobody-0123456789'];
    expectError(await send(JSON.stringify(body('smrat'))), path, 403, 404);
    expectError(await send(text(), key), path, 401);
  });

  it('a missing key is refused', async () => {
    expectError(await send(text(), []), path, 401);
  });

  it('every header that carries a key is understood', async () => {
    for (const name of ['authorization: Bearer', 'x-api-key:', 'api-key:', 'x-goog-api-key:']) {
      expect((await send(text(), [`${name} ${KEY}`]))?.status, name).toBe(200);
    }
  });

  it('metadata that cannot be read is refused', async () => {
    expectError(await send(text(), [AUTH, 'x-headgate-metadata: {"customer":']), path, 400);
  });

  it('a body that is declared over the limit is refused, without all of it', async () => {
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\ncontent-length: 900000000\r\n\r\n`;
    const connection = connect().send(head);
    // As far as a client gets that only looks at the answer when it has written for a while.
    for (let i = 0; i < 24 && !connection.ended; i++) connection.send(Buffer.alloc(65_536, 'x'));
    expectError(await connection.answer(), path, 413);
  });

  it('a chunked body over the limit is refused while it comes', async () => {
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const connection = connect().send(head);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let i = 0; i < 24 && !connection.ended; i++) connection.send(chunk);
    expectError(await connection.answer(), path, 413);
  });

  it('a chunked body within the limit is served', async () => {
    const bytes = Buffer.from(text());
    const connection = connect().send(
      `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    for (const byte of bytes) connection.send('1\r\n', Buffer.of(byte), '\r\n');
    connection.send('0\r\n\r\n');
    expect((await connection.answer())?.status).toBe(200);
  });

  it('chunk extensions are refused or understood, and never hang', async () => {
    const bytes = text();
    const connection = connect().send(
      `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\ntransfer-encoding: chunked\r\n\r\n`,
      `${bytes.length.toString(16)};name=value\r\n${bytes}\r\n0\r\n\r\n`,
    );
    const answer = await connection.answer({ waitMs: 15_000 });
    if (answer !== null) expect([200, 400, 408]).toContain(answer.status);
  });

  it.each([
    ['that differ', '5'],
    ['that agree', null],
  ])('two Content-Length headers %s are refused', async (_, second) => {
    const bytes = text();
    const lengths = [bytes.length, second ?? bytes.length]
      .map((length) => `content-length: ${length}\r\n`)
      .join('');
    const connection = connect().send(
      `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n${lengths}\r\n${bytes}`,
    );
    const answer = await connection.answer();
    if (answer !== null) expectError(answer, path, 400);
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it('both a length and chunks are refused', async () => {
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`;
    const answer = await connect()
      .send(head, `${text().length.toString(16)}\r\n${text()}\r\n0\r\n\r\n`)
      .answer();
    if (answer !== null) expect(answer.status).toBe(400);
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it('very large headers are refused', async () => {
    const answer = await connect()
      .send(rawPost(path, text(), [AUTH, `x-large: ${'x'.repeat(100_000)}`]))
      .answer();
    if (answer !== null) expect([400, 431]).toContain(answer.status);
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it('other methods are refused', async () => {
    expectError(
      await connect().send(`GET ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n\r\n`).answer(),
      path,
      // The list of stored chats is forwarded, which this key may not have done.
      403,
      404,
      405,
    );
    expectError(
      await connect().send(`DELETE ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n\r\n`).answer(),
      path,
      404,
      405,
    );
  });

  it('HEAD has no body, and the connection stays in step', async () => {
    const connection = connect().send(`HEAD ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n\r\n`);
    const answer = await connection.answer({ head: true });
    expect([404, 405]).toContain(answer?.status);
    if (answer?.headers['connection'] === 'close') return;
    const next = await connection.send(rawPost(path, text(), [AUTH])).answer();
    if (next !== null) expect(next.status).toBe(200);
  });

  it('OPTIONS is answered', async () => {
    const answer = await connect()
      .send(`OPTIONS ${path} HTTP/1.1\r\nhost: x\r\norigin: http://a.example\r\n\r\n`)
      .answer();
    expect([200, 204, 404, 405]).toContain(answer?.status);
  });

  it('requests after a refused one on the same connection are read where they begin, or not at all', async () => {
    const hidden = 'GET /health/live HTTP/1.1\r\nhost: hidden\r\n\r\n';
    const connection = connect().send(
      rawPost(path, hidden, ['x-api-key: wrong']),
      rawPost(path, text(), [AUTH]),
    );
    expectError(await connection.answer(), path, 401);
    const second = await connection.answer();
    if (second === null) return;
    expect(second.status).toBe(200);
    expect(second.body).toContain('Hello from the fake');
  });

  it('requests that come together are answered in their order, or not at all', async () => {
    const asked = Array.from({ length: 4 }, (_, i) => `answer number ${i}`);
    const fake = model === 'smart' ? openai : anthropic;
    fake.next(...asked.map((said, i) => ({ answer: { text: said }, delayHeadMs: 60 - i * 20 })));
    const connection = connect().send(...asked.map(() => rawPost(path, text(), [AUTH])));
    // No SDK pipelines, and the server may close such a connection: what must not happen is a mix-up.
    for (const said of asked) {
      const answer = await connection.answer();
      if (answer === null) return;
      expect(answer.body).toContain(said);
    }
  });

  it('a body that stops half-way costs no upstream request', async () => {
    const bytes = rawPost(path, text(), [AUTH]);
    const connection = connect().send(bytes.subarray(0, bytes.length - 5));
    connection.socket.end();
    await connection.closed;
    expect(openai.received.length + anthropic.received.length).toBe(0);
  });

  it('invalid UTF-8 is passed on as it is, or refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`{"model":"${model}","max_tokens":5,"messages":[{"role":"user","content":"a`),
      Buffer.of(0xff, 0xfe, 0xc3, 0x28),
      Buffer.from('b"}]}'),
    ]);
    const answer = await send(bytes);
    expect([200, 400]).toContain(answer?.status);
    const sent = (openai.received[0] ?? anthropic.received[0])?.body;
    if (sent !== undefined) expect(sent.includes(Buffer.of(0xff, 0xfe, 0xc3, 0x28))).toBe(true);
    const translated = await send(Buffer.from(bytes.toString('latin1').replace(model, other), 'latin1'));
    expect([200, 400]).toContain(translated?.status);
  });

  it('deep nesting is passed on or refused, never fatal', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const name of [model, other]) {
      const bytes = text({ model: name }).replace('"messages":', `"x":${deep},"messages":`);
      const answer = await send(bytes);
      expect([200, 400]).toContain(answer?.status);
      if (answer?.status === 400) expectError(answer, path, 400);
    }
    const unclosed = text().replace('"messages":', `"x":${'['.repeat(200_000)},"messages":`);
    expectError(await send(unclosed), path, 400);
  });
});

describe('the number of headers', () => {
  const ask = (count: number): Promise<RawAnswer | null> => {
    const many = Array.from({ length: count }, (_, i) => `x-many-${i}: ${i}`);
    const bytes = rawPost('/v1/chat/completions', JSON.stringify(chatBody('smart')), [AUTH, ...many]);
    // The server may let a connection that it cannot serve run into its idle time-out.
    return connect().send(bytes).answer({ waitMs: 15_000 });
  };

  it('may be as large as any SDK makes it', async () => {
    expect((await ask(40))?.status).toBe(200);
  });

  it('is limited: with over a hundred the request is refused', async () => {
    const answer = await ask(120);
    if (answer !== null) expect([400, 431]).toContain(answer.status);
    expect(openai.received).toHaveLength(0);
  });
});

describe('an upstream that answers badly', () => {
  const ask = (path: string, model: string, stream: boolean) =>
    post(
      gateway,
      path,
      path === '/v1/messages' ? messageBody(model, { stream }) : chatBody(model, { stream }),
      {
        authorization: `Bearer ${KEY}`,
      },
    );

  it.each([
    ['/v1/chat/completions', 'smart'],
    ['/v1/messages', 'smart'],
    ['/v1/messages', 'thoughtful'],
    ['/v1/chat/completions', 'thoughtful'],
  ])('with a single line of 10 MB is passed on whole or refused (%s, %s)', async (path, model) => {
    const text = 'ten megabytes '.repeat(750_000);
    const fake = model === 'smart' ? openai : anthropic;
    const event =
      model === 'smart'
        ? `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text } }] })}\n\n`
        : `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })}\n\n`;
    const opening =
      model === 'smart'
        ? []
        : [
            'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
            'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
          ];
    fake.next({ events: [...opening, event] });
    const answer = await ask(path, model, true);
    expect([200, 502]).toContain(answer.status);
    expect(answer.text.length > 10_000_000 || answer.text.includes('"error"')).toBe(true);
  });

  it.each([
    ['/v1/chat/completions', 'smart'],
    ['/v1/messages', 'smart'],
    ['/v1/messages', 'thoughtful'],
    ['/v1/chat/completions', 'thoughtful'],
  ])('with a page of HTML is an error of the client’s API (%s, %s)', async (path, model) => {
    const page = {
      body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      headers: { 'content-type': 'text/html' },
    };
    for (const fake of [openai, anthropic]) fake.always({ status: 502, ...page });
    const answer = await ask(path, model, false);
    expect(answer.status).toBe(502);
    expect(answer.json()).toMatchObject({ error: { message: expect.stringMatching(/.{5,}/) } });
    if (path === '/v1/messages') expect(answer.json()['type']).toBe('error');
  });

  it.each([
    ['/v1/messages', 'smart'],
    ['/v1/chat/completions', 'thoughtful'],
  ])('with 200 and no JSON is an error where it must be translated (%s, %s)', async (path, model) => {
    for (const body of ['', 'OK', '[]', '{"choices":', '{"content":5,"choices":"x"}']) {
      for (const fake of [openai, anthropic]) fake.always({ body });
      const answer = await ask(path, model, false);
      expect(answer.status, body).toBe(502);
      expect(answer.json()).toHaveProperty('error');
    }
  });

  it.each([
    ['/v1/messages', 'smart'],
    ['/v1/chat/completions', 'thoughtful'],
  ])('with events that are no JSON ends in an error event (%s, %s)', async (path, model) => {
    for (const event of ['data: {oops\n\n', 'data: 5\n\n', 'event: message_start\ndata: null\n\n']) {
      for (const fake of [openai, anthropic]) fake.always({ events: [event] });
      const answer = await ask(path, model, true);
      expect(answer.text).toContain('"error"');
    }
  });
});

describe('an unknown path', () => {
  it('is an error in a shape that clients read', async () => {
    for (const path of [
      '/v1/nope',
      '/nope',
      '/',
      '/v1/chat/completions/',
      '/v1/../v1/x',
      '/%00',
      '/v1/chat%2fcompletions',
    ]) {
      const answer = await connect()
        .send(rawPost(path, '{}', [AUTH]))
        .answer();
      expect([200, 400, 403, 404, 405], path).toContain(answer?.status);
      if (answer?.status === 404) expect(JSON.parse(answer.body)).toHaveProperty('error');
    }
  });
});
