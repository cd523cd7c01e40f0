import { describe, expect, it } from 'vitest';
import { loadText } from './load-text.js';

const server = (auth: object, more: object = { url: 'https://a.example.com/mcp' }): string =>
  JSON.stringify({ mcp: { servers: { a: { ...more, auth } } } });
const wrongs = (text: string): string => {
  try {
    const { warnings } = loadText(text, { env: { TOKEN: 'tok-planted-0123456789' } });
    return warnings.map(({ path, message }) => `warning ${path}: ${message}`).join('\n');
  } catch (error) {
    return String(error);
  }
};

describe('auth of an MCP server', () => {
  it.each([
    [{ type: 'none' }],
    [{ type: 'header', value: 'x' }],
    [{ type: 'user_header', values: { 'user:ada': 'x' }, self_service: false }],
    [{ type: 'forward', forward: ['x-a', { from: 'x-b', to: 'authorization', prefix: 'Bearer ' }] }],
    [{ type: 'client_credentials', client_id: 'a', client_secret: 'b', issuer: 'https://login.example.com' }],
    [{ type: 'token_exchange', client_id: 'a', token_url: 'https://login.example.com/token', audience: 'b' }],
    [{ type: 'sigv4', service: 's3', region: 'eu-central-1' }],
  ])('takes %j', (auth) => {
    expect(wrongs(server(auth))).toBe('');
  });

  it.each([
    ['no type', {}, 'mcp.servers.a.auth.type'],
    ['another type', { type: 'oauth2' }, 'one of none, header'],
    [
      'what belongs to another type',
      { type: 'sigv4', service: 's3', region: 'a', scopes: ['b'] },
      'no such key with type sigv4',
    ],
    ['a header without its value', { type: 'header' }, '"value" with type header'],
    ['a value with a line break', { type: 'header', value: 'a\nb' }, 'text without line breaks'],
    [
      "the gateway's own key passed on",
      { type: 'forward', forward: ['Authorization'] },
      'who the caller is at the gateway',
    ],
    [
      'a cookie passed on',
      { type: 'forward', forward: [{ from: 'cookie' }] },
      'who the caller is at the gateway',
    ],
    ['a header of the protocol', { type: 'user_header', name: 'Mcp-Session-Id' }, 'not one of HTTP'],
    ['somebody of no kind', { type: 'user_header', values: { ada: 'x' } }, 'such as user:ada'],
    [
      'nobody who could have one',
      { type: 'user_header', self_service: false },
      '"values" where nobody may set one',
    ],
    [
      'a secret for whoever the server names',
      { type: 'client_credentials', client_id: 'a', client_secret: 'b' },
      '"issuer"',
    ],
    [
      'a secret without a client',
      { type: 'oauth', client_secret: 'b', issuer: 'https://a.example.com' },
      '"client_id" beside it',
    ],
    ['an issuer without TLS', { type: 'oauth', issuer: 'http://login.example.com' }, 'http only on loopback'],
    [
      'two places for tokens',
      {
        type: 'token_exchange',
        client_id: 'a',
        issuer: 'https://a.example.com',
        token_url: 'https://b.example.com',
      },
      'either',
    ],
    ['a scope that is two', { type: 'oauth', scopes: ['a b'] }, 'no spaces'],
    ['no connection', { type: 'oauth', connections: 0 }, 'at least 1'],
  ])('takes not: %s', (_, auth, said) => {
    expect(wrongs(server(auth))).toContain(said);
  });

  it('is not for programs, and an API whose document says where it is has none', () => {
    expect(wrongs(server({ type: 'none' }, { command: 'x' }))).toContain('only beside "url" or "openapi"');
    expect(wrongs(server({ type: 'none' }, { openapi: 'https://a.example.com/openapi.json' }))).toContain(
      '"base_url"',
    );
  });

  it('says when nobody could sign in, and never a value', () => {
    expect(wrongs(server({ type: 'oauth' }))).toContain('set HEADGATE_ENCRYPTION_KEY');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file
    const said = wrongs(server({ type: 'sigv4', service: 's3', region: 'a', client_secret: '${TOKEN}' }));
    expect(said).toContain('no such key');
    expect(said).not.toContain('tok-planted');
  });
});
