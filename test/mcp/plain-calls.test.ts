import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainCall } from '../../core/mcp/front/plain-call.js';
import { isPlainResult } from '../../core/mcp/front/plain-result.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { fixture } from './servers.js';

const BOTH = 'application/json, text/event-stream';
const HEADERS = ['accept', BOTH, 'content-type', 'application/json'];
const REVISIONS = ['2025-06-18', '2025-11-25'];
const OURS = 'io.modelcontextprotocol/';
const META = {
  [`${OURS}protocolVersion`]: '2026-07-28',
  [`${OURS}clientInfo`]: { name: 'test', version: '1' },
  [`${OURS}clientCapabilities`]: { elicitation: {} },
};
const NEWEST = [
  ...HEADERS,
  'mcp-protocol-version',
  '2026-07-28',
  'mcp-method',
  'tools/call',
  'mcp-name',
  'add',
];
const asked = (params: object, more: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'add', ...params },
  ...more,
});

describe('a call is plain', () => {
  it('when it says no more than nearly all of them', () => {
    const found = plainCall(
      asked({ arguments: { a: 1 }, _meta: { traceparent: '00-1' } }),
      HEADERS,
      REVISIONS,
    );
    expect(found).toMatchObject({ id: 1, name: 'add', arguments: { a: 1 }, input: null });
    expect(plainCall(asked({}, { id: 'x' }), HEADERS, REVISIONS)).toMatchObject({ id: 'x', arguments: {} });
    expect(plainCall(asked({ _meta: META }), NEWEST, null)?.input).toEqual({
      capabilities: { elicitation: {} },
      responses: null,
      state: null,
    });
  });

  it.each([
    ['another method', asked({}, { method: 'tools/list' })],
    ['no request', asked({}, { id: undefined })],
    ['an id that is none', asked({}, { id: 1.5 })],
    ['more beside it', asked({}, { more: 1 })],
    ['a task', asked({ task: { ttl: 1 } })],
    ['a name that is none', asked({ name: 1 })],
    ['arguments that are none', asked({ arguments: [1] })],
    ['`_meta` that is none', asked({ _meta: 'x' })],
    ['progress', asked({ _meta: { progressToken: 0 } })],
    ['the newest revision in a session', asked({ _meta: META })],
    ['several at once', [asked({})]],
    ['nothing', null],
  ])('but not with %s', (_, body) => {
    expect(plainCall(body, HEADERS, REVISIONS)).toBeNull();
  });

  it.each([
    ['one kind of answer', ['accept', 'application/json', 'content-type', 'application/json']],
    ['a body of another type', ['accept', BOTH, 'content-type', 'text/plain']],
    ['an unknown revision', [...HEADERS, 'mcp-protocol-version', '2020-01-01']],
  ])('nor with headers for %s', (_, headers) => {
    expect(plainCall(asked({}), headers, REVISIONS)).toBeNull();
  });

  it.each([
    ['without what a client must say', { [`${OURS}protocolVersion`]: '2026-07-28' }, NEWEST],
    ['with another revision within', { ...META, [`${OURS}protocolVersion`]: '2027-01-01' }, NEWEST],
    ['with abilities that are none', { ...META, [`${OURS}clientCapabilities`]: { sampling: 5 } }, NEWEST],
    ['with a log level', { ...META, [`${OURS}logLevel`]: 'debug' }, NEWEST],
    ['with another name in its header', META, [...NEWEST.slice(0, -1), 'sub']],
    ['with parameters in headers', META, [...NEWEST, 'mcp-param-a', '1']],
    ['without its header', META, HEADERS],
  ])('nor in the newest revision %s', (_, _meta, headers) => {
    expect(plainCall(asked({ _meta }), headers, null)).toBeNull();
  });

  it('and so is a result that can be told as it is', () => {
    const text = { type: 'text', text: 'x' };
    expect(isPlainResult({ content: [text, { type: 'image', data: 'eA==', mimeType: 'image/png' }] })).toBe(
      true,
    );
    expect(isPlainResult({ content: [], structuredContent: { a: 1 }, isError: false, _meta: {} })).toBe(true);
    for (const other of [
      { content: [text], resultType: 'input_required' },
      { content: 'x' },
      { content: [{ type: 'text' }] },
      { content: [{ type: 'resource_link' }] },
      { content: [text], structuredContent: [1] },
      { content: [text], isError: 'no' },
    ])
      expect(isPlainResult(other as never)).toBe(false);
  });
});

describe('at /mcp', () => {
  let gateway: Embedded;
  let ids = 0;
  const headers: Record<string, string> = {
    accept: BOTH,
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-11-25',
  };
  const post = (body: object, more: Record<string, string> = {}) =>
    gateway.fetch('/mcp/fixture', {
      method: 'POST',
      headers: { ...headers, ...more },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
  const call = (name: string, more: object = {}, args = {}) =>
    post({ id: ++ids, method: 'tools/call', params: { name, arguments: args, ...more } });
  const running = async (): Promise<number> => {
    // In one piece, or as an event where the machine is slow.
    const [told = ''] = /\{.*\}/.exec(await (await call('state')).text()) ?? [];
    const { result } = JSON.parse(told) as { result: { content: { text: string }[] } };
    return (JSON.parse(result.content[0]?.text ?? '') as { running: number }).running;
  };
  const typeOf = (answer: Response) => answer.headers.get('content-type');

  beforeAll(async () => {
    gateway = await embed({
      config: { observability: { log_level: 'error' }, mcp: { servers: { fixture: fixture() } } },
    });
    const begun = await post({
      id: ++ids,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    await begun.text();
    headers['mcp-session-id'] = begun.headers.get('mcp-session-id') ?? '';
  });
  afterAll(() => gateway.close());

  it('the answer comes in one piece when it comes soon, else by a stream that can be taken up again', async () => {
    await running();
    await expect.poll(async () => typeOf(await call('state')), { timeout: 20_000 }).toBe('application/json');
    const slow = await call('wait');
    expect(typeOf(slow)).toBe('text/event-stream');
    await expect.poll(running, { timeout: 20_000 }).toBe(1);
    await (await call('release')).text();
    const text = await slow.text();
    expect(text).toMatch(/^id: \d+\ndata: \n/);
    expect(text).toContain('"waited"');
  });

  it('progress is told', async () => {
    const answer = await call('wait', { _meta: { progressToken: 7 } });
    expect(typeOf(answer)).toBe('text/event-stream');
    await expect.poll(running, { timeout: 20_000 }).toBe(1);
    await (await call('release')).text();
    expect(await answer.text()).toContain('"progressToken":7');
  });

  it('a call that is cancelled at once is stopped at its server', async () => {
    const answer = call('slow');
    const requestId = ids;
    await expect.poll(running, { timeout: 20_000 }).toBe(1);
    await post({ method: 'notifications/cancelled', params: { requestId } });
    await expect.poll(running, { timeout: 20_000 }).toBe(0);
    await (await answer).body?.cancel();
    // And before anybody knows of it.
    const other = call('slow');
    await post({ method: 'notifications/cancelled', params: { requestId: ids } });
    await expect.poll(running, { timeout: 20_000 }).toBe(0);
    await (await other).body?.cancel();
  });

  it('what is wrong is told as ever', async () => {
    const unknown = await (await call('nothing')).text();
    expect(JSON.parse(/\{.*\}/.exec(unknown)?.[0] ?? '')).toMatchObject({
      id: ids,
      error: { code: -32_602, data: { code: 'mcp_tool_unknown', status: 404 } },
    });
    const bad = { id: ++ids, method: 'tools/call', params: { name: 'state', arguments: {} } };
    expect((await post(bad, { accept: 'application/json' })).status).toBe(406);
    expect((await post(bad, { 'mcp-protocol-version': '2020-01-01' })).status).toBe(400);
    expect((await post(bad, { 'mcp-session-id': 'another' })).status).toBe(404);
  });
});
