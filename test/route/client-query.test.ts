import { expect, it } from 'vitest';
import { withClientQuery } from '../../core/route/client-query.js';

it.each([
  ['/v1/responses', 'beta=true', '/v1/responses?beta=true'],
  [
    '/v1/responses',
    'include%5B%5D=a%20b&include%5B%5D=c',
    '/v1/responses?include%5B%5D=a%20b&include%5B%5D=c',
  ],
  ['/m:streamGenerateContent?alt=sse', '$alt=json&alt=json&x=1', '/m:streamGenerateContent?alt=sse&x=1'],
  ['/chat?api-version=2024-10-21', 'API-Version=1999&api%2Dversion=1998', '/chat?api-version=2024-10-21'],
  ['/m:generateContent', 'key=hg-secret&%6Bey=hg-secret', '/m:generateContent'],
  ['/v1/messages', '&&', '/v1/messages'],
  ['/v1/messages', '%E0%A4=1', '/v1/messages?%E0%A4=1'],
])('%s with %s is %s', (path, query, whole) => {
  expect(withClientQuery(path, query)).toBe(whole);
});
