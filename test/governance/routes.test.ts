import { expect, it } from 'vitest';
import { type Caller, may } from '../../core/admin/caller.js';
import { PERMISSIONS, ROLES, type Role } from '../../core/admin/role.js';
import { RouteTable, route } from '../../core/admin/route.js';

const serve = () => ({ status: 200, headers: [], body: '' });
const table = new RouteTable([
  route('GET POST', '/api/things', 'keys:read', serve),
  route('GET', '/api/things/{id}', 'keys:read', serve),
  route('DELETE', '/api/things/{id}', 'keys:write', serve),
  route('POST', '/api/things/import', 'keys:write', serve),
]);

it('finds what is at a path, its parameters decoded, and the methods of all lines that fit', () => {
  const found = table.at('/api/things/a%2Fb');
  expect(found?.get('DELETE')).toMatchObject({ params: { id: 'a/b' }, route: { access: 'keys:write' } });
  expect(found?.get('HEAD')?.route.access).toBe('keys:read');
  expect(found?.get('POST')).toBeUndefined();
  expect(found?.allow).toBe('GET, HEAD, DELETE, OPTIONS');
  expect(table.at('/api/things/import')?.allow).toBe('GET, HEAD, POST, DELETE, OPTIONS');
});

it.each(['/api/other', '/api/things/', '/api/things/%zz', '/api/things/a/b', '/api/constructor', '/api'])(
  'there is nothing at %s',
  (path) => expect(table.at(path)).toBeNull(),
);

it('roles of a part of the gateway let nobody do what concerns the whole of it', () => {
  const of = (role: Role, team: string | null): Caller => ({
    kind: 'session',
    id: 'u',
    who: 'user "u"',
    grants: [{ role, organization: null, team }],
  });
  const allowed = (role: Role, team: string | null): string[] =>
    PERMISSIONS.filter((one) => may(of(role, team), one));
  expect(allowed('owner', null)).toEqual(PERMISSIONS);
  for (const role of ROLES)
    for (const one of ['config:write', 'audit:read', 'metrics:read', 'tokens:write', 'scim'])
      expect(allowed(role, 'support')).not.toContain(one);
  expect(allowed('viewer', null).filter((one) => !one.endsWith(':read'))).toEqual([]);
  expect(allowed('scim', null)).toEqual(['scim']);
});
