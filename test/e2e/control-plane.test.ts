import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from './harness.js';
import { RawConnection } from './raw-connection.js';

const TOKEN = 'admin-0123456789abcdef';
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const CLAUDE = { 'anthropic-version': '2023-06-01' };

interface Asked {
  status: number;
  headers: Headers;
  body: Record<string, unknown> | null;
}

describe.each([1, 2])('with %i I/O threads', (threads) => {
  let gateway: Headgate;
  beforeAll(async () => {
    gateway = await startHeadgate({ config: { server: { threads }, admin: { token: TOKEN } } });
  });
  afterAll(() => stopCleanly(gateway));

  async function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Asked> {
    const answer = await fetch(`${gateway.url}${path}`, { method, headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  }

  function expectOpenAi({ body, headers }: Asked, code: string, param: string | null = null): void {
    const text = expect.stringMatching(/.{5,}/);
    const id = headers.get('x-headgate-request-id');
    expect(id).toMatch(/.{8,}/);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toEqual({ error: { message: text, type: text, param, code, request_id: id } });
  }

  it.each([
    ['GET', '/api/usage', {}, 401, 'admin_required'],
    ['GET', '/api/usage', { authorization: 'Bearer wrong' }, 401, 'admin_required'],
    ['GET', '/metrics', {}, 401, 'admin_required'],
    ['GET', '/api/nothing', ADMIN, 404, 'not_found'],
    ['GET', '/api', ADMIN, 404, 'not_found'],
    ['DELETE', '/api/nothing', ADMIN, 404, 'not_found'],
    ['POST', '/api/usage', ADMIN, 405, 'method_not_allowed'],
    ['POST', '/metrics', ADMIN, 405, 'method_not_allowed'],
    ['POST', '/health/ready', {}, 405, 'method_not_allowed'],
    ['PUT', '/health/live', {}, 405, 'method_not_allowed'],
    ['GET', '/v1/nothing', {}, 404, 'not_found'],
    ['GET', '/metrics2', {}, 404, 'not_found'],
    ['GET', '/v1/chat/completions', {}, 405, 'method_not_allowed'],
    ['DELETE', '/v1/models', {}, 405, 'method_not_allowed'],
  ])('%s %s is refused in the shape of OpenAI’s errors', async (method, path, headers, status, code) => {
    const asked = await ask(method, path, headers as Record<string, string>);
    expect(asked.status).toBe(status);
    expectOpenAi(asked, code);
  });

  it('a parameter of /api/usage that makes no sense is named', async () => {
    const asked = await ask('GET', '/api/usage?group_by=colour', ADMIN);
    expect(asked.status).toBe(400);
    expectOpenAi(asked, 'invalid_parameter', 'group_by');
  });

  it('without the token it says which kind is wanted', async () => {
    expect((await ask('GET', '/api/usage')).headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['GET', '/v1/messages', {}, 405, 'method_not_allowed'],
    ['GET', '/v1/messages/batches', {}, 404, 'not_found'],
    ['GET', '/anthropic/v1/nothing', {}, 404, 'not_found'],
    ['GET', '/v1/files', CLAUDE, 404, 'not_found'],
    ['DELETE', '/v1/models', CLAUDE, 405, 'method_not_allowed'],
  ])('%s %s is refused in the shape of Anthropic’s errors', async (method, path, headers, status, code) => {
    const {
      status: got,
      body,
      headers: answered,
    } = await ask(method, path, headers as Record<string, string>);
    const error = { type: expect.stringMatching(/_error$/), message: expect.stringMatching(/.{5,}/), code };
    const id = answered.get('x-headgate-request-id');
    expect([got, body]).toEqual([status, { type: 'error', error, request_id: id }]);
    expect(answered.get('request-id')).toBe(id);
  });

  it.each([
    ['/api/usage', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'GET, HEAD, OPTIONS'],
    ['/health/ready', 'GET, HEAD, OPTIONS'],
    ['/health/live', 'GET, HEAD, OPTIONS'],
    ['/v1/models', 'GET, HEAD, OPTIONS'],
    ['/v1/models/mock/hello', 'GET, HEAD, OPTIONS'],
    ['/v1/chat/completions', 'POST, OPTIONS'],
    ['/v1/messages', 'POST, OPTIONS'],
  ])('%s says which methods it has, when asked and when it refuses one', async (path, allow) => {
    const options = await ask('OPTIONS', path);
    expect([options.status, options.headers.get('allow'), options.body]).toEqual([204, allow, null]);
    const refused = await ask('PATCH', path, ADMIN);
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow]);
  });

  it('OPTIONS finds nothing where nothing is', async () => {
    for (const path of ['/nothing', '/api/nothing', '/plugins/none/x'])
      expect((await ask('OPTIONS', path)).status).toBe(404);
  });

  it.each([
    ['/api/usage', ADMIN, 200],
    ['/api/usage', {}, 401],
    ['/api/nothing', {}, 404],
    ['/metrics', ADMIN, 200],
    ['/health/ready', {}, 200],
    ['/health/live', {}, 200],
    ['/v1/models', {}, 200],
    ['/v1/chat/completions', {}, 405],
    ['/nothing', {}, 404],
  ])(
    'HEAD %s has the status of a GET and no body, and the connection stays in step',
    async (path, headers, status) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const connection = new RawConnection(gateway.port);
      connection.send(`HEAD ${path} HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`);
      expect((await connection.answer({ head: true }))?.status).toBe(status);
      connection.send('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
      expect((await connection.answer())?.body).toBe('{"status":"live"}');
      connection.destroy();
    },
  );
});
