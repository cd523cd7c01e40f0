import { type HeaderList, providerRow } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { type ForwardPath, forwardPath, pathProblem } from '../../core/forward/forward-path.js';
import { forwardedHeaders } from '../../core/forward/request-headers.js';
import { upstreamPath } from '../../core/forward/upstream-path.js';
import { EndpointTable } from '../../core/route/endpoint-table.js';
import type { Provider } from '../../core/route/provider.js';
import { formats } from '../../plugins/formats/index.js';
import { builtins } from '../../plugins/index.js';

const endpoints = new EndpointTable();
endpoints.add(new Map(formats.map((format) => [format.id, format])), () => []);

const rows = builtins.flatMap((plugin) => plugin.providers ?? []).map(({ row }) => providerRow.parse(row));

/** A built-in provider as far as paths go. */
function provider(id: string): Provider {
  const row = rows.find((one) => one.id === id);
  if (row === undefined) throw new Error(`no row ${id}`);
  const basePath = row.baseUrl === undefined ? '' : (/^https?:\/\/[^/]+(.*)$/.exec(row.baseUrl)?.[1] ?? '');
  const full = (paths: Record<string, string>): Map<string, string> =>
    new Map(Object.entries(paths).map(([name, path]) => [name, basePath + path]));
  return {
    row,
    basePath,
    paths: full(row.formats),
    otherPaths: full(row.paths),
    adapters: new Map(),
  } as Partial<Provider> as Provider;
}

const path = (text: string, method = 'POST', headers: HeaderList = []): ForwardPath | null =>
  forwardPath(endpoints, method, text, headers);

function at(id: string, text: string, query = '', model = 'm'): string | null {
  const found = path(text);
  if (found === null) throw new Error(`${text} is not forwarded`);
  return upstreamPath(provider(id), found, model, query);
}

describe('the path of a forwarded request', () => {
  it.each([
    ['/v1/files', 'openai', '/v1', '/files', 'file'],
    ['/openai/v1/files/file-1/content', 'openai', '/openai/v1', '/files/file-1/content', 'file'],
    ['/v1/messages/batches', 'anthropic', '/v1', '/messages/batches', 'batch'],
    ['/anthropic/v1/files', 'anthropic', '/anthropic/v1', '/files', 'file'],
    ['/v2/datasets', 'cohere', '', '/v2/datasets', 'other'],
    ['/v1beta/files', 'gemini', '', '/v1beta/files', 'file'],
    ['/upload/v1beta/files', 'gemini', '', '/upload/v1beta/files', 'other'],
    ['/model/some.model/invoke', 'bedrock', '', '/model/some.model/invoke', 'other'],
    ['/ollama/api/show', 'ollama', '/ollama', '/api/show', 'other'],
    ['/v1/audio/speech', 'openai', '/v1', '/audio/speech', 'audio'],
    ['/v1/organization/usage/costs', 'openai', '/v1', '/organization/usage/costs', 'other'],
  ])('%s is of an API', (text, api, base, tail, operation) => {
    expect(path(text)).toEqual({ api, provider: '', base, tail, operation });
  });

  it('is that of Anthropic’s API when the client speaks it', () => {
    expect(path('/v1/files', 'GET', ['anthropic-version', '2023-06-01'])).toMatchObject({ api: 'anthropic' });
  });

  it.each([
    '/v1/chat/completions',
    '/v1/messages',
    '/openai/v1/embeddings',
    '/v1beta/models/x:generateContent',
    '/nope',
    '/',
    '/v1',
    '/v1/',
  ])('%s is none', (text) => {
    expect(path(text)).toBeNull();
  });

  it.each([
    '/v1/messages/',
    '/v1//messages',
    '/v1/%6Dessages',
    '/V1/messages',
    '/anthropic/v1/MESSAGES',
    '/v1beta/models/x%3AgenerateContent',
  ])('%s is none, since a provider may take it for a model request', (text) => {
    expect(path(text)).toBeNull();
  });

  it('of stored chats is one', () => {
    expect(path('/v1/chat/completions', 'GET')).not.toBeNull();
    expect(path('/v1/chat/completions/chatcmpl-1', 'DELETE')).not.toBeNull();
    expect(path('/v1/chat/completions', 'PUT')).toBeNull();
  });

  it.each([
    ['/passthrough/openai', '/'],
    ['/passthrough/openai/', '/'],
    ['/passthrough/open-router.1/a/b%20c', '/a/b%20c'],
  ])('%s names its provider', (text, tail) => {
    expect(path(text)).toMatchObject({ api: null, tail });
  });

  it.each(['/a/../b', '/a/./b', '/a/%2e%2E', '/a/.%2e/b', '/a\\b', '/a b', '/a\u0000'])(
    '%s may not pass',
    (text) => {
      expect(pathProblem(text)).not.toBeNull();
    },
  );

  it('may have dots elsewhere', () => {
    expect(pathProblem('/a/..b/c.../.well-known/%20/é')).toBeNull();
  });
});

describe('the path at the provider', () => {
  it.each([
    ['openai', '/v1/files', '/v1/files'],
    ['groq', '/v1/audio/transcriptions', '/openai/v1/audio/transcriptions'],
    ['gemini', '/v1/images/generations', '/v1beta/openai/images/generations'],
    ['gemini', '/v1beta/cachedContents', '/v1beta/cachedContents'],
    ['gemini', '/genai/upload/v1beta/files', '/upload/v1beta/files'],
    ['anthropic', '/v1/messages/batches/b1/results', '/v1/messages/batches/b1/results'],
    ['cohere', '/cohere/v1/datasets', '/v1/datasets'],
    ['voyage', '/v1/contextualizedembeddings', '/v1/contextualizedembeddings'],
    ['bedrock', '/model/a.b/invoke', '/model/a.b/invoke'],
    ['ollama', '/ollama/api/show', '/api/show'],
    ['openai', '/passthrough/openai/files', '/v1/files'],
    ['openai', '/passthrough/openai/v1/files', '/v1/files'],
    ['deepgram', '/passthrough/deepgram/v1/listen', '/v1/listen'],
  ])('%s: %s', (id, text, upstream) => {
    expect(at(id, text)).toBe(upstream);
  });

  it('keeps the query of the row and adds the client’s', () => {
    expect(at('azure_ai', '/v1/images/generations', 'a=1&a=2')).toMatch(
      /\/images\/generations\?api-version=[^&]*&a=1&a=2$/,
    );
    expect(at('openai', '/v1/files', 'a=1&&b')).toBe('/v1/files?a=1&&b');
  });

  it('has the deployment where that stands in the path', () => {
    expect(at('azure_deployments', '/v1/images/generations', '', 'my image')).toContain(
      '/my%20image/images/generations?',
    );
    expect(at('azure_deployments', '/v1/files', '', '')).toBeNull();
  });

  it('is none where the provider does not speak the API', () => {
    expect(at('anthropic', '/v1/files')).toBeNull();
    expect(at('openai', '/anthropic/v1/files')).toBeNull();
    expect(at('anthropic', '/v2/datasets')).toBeNull();
  });

  it('is there for every built-in provider whose chats are where OpenAI has them', () => {
    const able = rows.filter((row) => /\/chat\/completions(\?|$)/.test(row.formats['openai-chat'] ?? ''));
    expect(able.length).toBeGreaterThan(20);
    for (const { id } of able) expect(at(id, '/v1/x'), id).toMatch(/\/x(\?|$)/);
  });
});

describe('the headers at the provider', () => {
  it('are the client’s but for its credentials and itself, with the provider’s over them', () => {
    const client = [
      'Authorization',
      'X',
      'Cookie',
      'X',
      'X-Api-Key',
      'X',
      'X-Goog-Api-Key',
      'X',
      'X-Amz-Date',
      'X',
      'X-Forwarded-For',
      'X',
    ]
      .map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))
      .concat([
        'content-type',
        'multipart/form-data; boundary=b',
        'accept',
        'audio/*',
        'x-custom',
        '1',
        'anthropic-version',
        '2099-01-01',
      ]);
    const fixed = [
      'content-type',
      'application/json',
      'accept-encoding',
      'identity',
      'authorization',
      'Bearer key',
      'anthropic-version',
      '2023-06-01',
      'x-custom',
      'row',
    ];
    const sent = forwardedHeaders(client, fixed);
    expect(sent).toEqual([
      'content-type',
      'multipart/form-data; boundary=b',
      'accept',
      'audio/*',
      'anthropic-version',
      '2099-01-01',
      'accept-encoding',
      'identity',
      'authorization',
      'Bearer key',
      'x-custom',
      'row',
    ]);
  });
});
