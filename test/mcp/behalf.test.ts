import { describe, expect, it } from 'vitest';
import type { McpServerConfig } from '../../core/config/mcp-config.js';
import { anonymous, type VirtualKey } from '../../core/identity/virtual-key.js';
import { behalfOf } from '../../core/mcp/behalf.js';

const SERVER = { id: 'orders', auth: { kind: 'token_exchange' } } as McpServerConfig;
const CLAIMS = {
  iss: 'https://login.example.com',
  sub: 'ann',
  aud: 'gateway',
  scope: 'read',
  iat: 1,
  exp: 2,
};

/** Whose connection, and whose exchanged token, somebody with these claims is given. */
const ownerOf = (claims: object): string | undefined => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'RS256' })}.${part({ ...CLAIMS, ...claims })}.c2lnbmF0dXJl`;
  return behalfOf(SERVER, {
    principal: { ...anonymous, id: 'jwt:login/ann' } as VirtualKey,
    metadata: {} as never,
    headers: ['authorization', `Bearer ${token}`],
  })?.owner;
};

describe('what was exchanged for one token', () => {
  it('is good for the next token of the same person', () => {
    expect(ownerOf({ iat: 100, exp: 200, jti: 'another', auth_time: 90 })).toBe(ownerOf({}));
  });

  // A few claims counted as rights, and others not: with a token for one organization a person got what had been exchanged for their token of
  // another one, and with a token without a role what that role had got.
  it.each([
    ['organization', { org_id: 'acme' }],
    ['tenant', { tid: 'acme' }],
    ['role', { roles: ['admin'] }],
    ['permission', { permissions: ['delete'] }],
    ['group', { groups: ['admins'] }],
    ['audience', { aud: ['gateway', 'orders'] }],
    ['scope', { scope: 'read write' }],
    ['actor', { act: { sub: 'robot' } }],
  ])('is not for one with another %s', (_, claims) => {
    expect(ownerOf(claims)).not.toBe(ownerOf({}));
  });
});
