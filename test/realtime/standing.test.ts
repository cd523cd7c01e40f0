import { expect, it } from 'vitest';
import { resolveGroup } from '../../core/config/entity.js';
import { entitySchemas } from '../../core/config/sections/entities.js';
import type { Exchange } from '../../core/exchange.js';
import { endedBy, lastMomentOf, presentKey } from '../../core/identity/standing.js';
import { anonymous } from '../../core/identity/virtual-key.js';

/** A team whose rules are those of the test's moment; null: it is gone. */
let fields: object | null = {};
const team = () => resolveGroup('team', 'support', entitySchemas.team.parse(fields ?? {}) as never);
const keys = { group: () => (fields === null ? undefined : team()) };

/** Somebody with a token of another issuer, in no list of keys. */
const bearer = (expiresMs: number | null) => ({
  ...anonymous,
  id: 'jwt:idp:ada',
  name: 'ada',
  chain: [{ ...team().link, kind: 'key' as const, id: 'jwt:idp:ada', name: 'ada' }, team().link],
  expiresMs,
});
const exchange = (principal: object) =>
  ({ principal, error: null, io: { runtime: { keys } } }) as unknown as Exchange;
const seen = { bySecret: false, address: '' };

it('the holder of a token goes on while the token and what it belongs to are in force', () => {
  fields = {};
  const key = bearer(Date.now() + 60_000);
  expect(presentKey(exchange(key), key, seen)).toBe(key);
  expect(endedBy(exchange(key), new Set(['team:support']))).toBeNull();
  expect(lastMomentOf(key)).toBe(key.expiresMs);
  expect(lastMomentOf(bearer(null))).toBeNull();
});

/** The story: a session asked again and again whether it was over, and never was. */
it('the holder of a token that has expired is refused, so that a session ends then', () => {
  fields = {};
  const key = bearer(Date.now() - 1);
  expect(() => presentKey(exchange(key), key, seen)).toThrow(/has expired/);
});

it.each([
  ['is disabled', { disabled: true }],
  ['is gone', null],
])('the holder of a token is cut off when its team %s, and not for what is none of its', (_, now) => {
  fields = {};
  const key = bearer(null);
  fields = now;
  expect(endedBy(exchange(key), new Set(['team:other', 'key:support']))).toBeNull();
  expect(endedBy(exchange(key), new Set(['team:support']))).toMatchObject({ code: 'entity_disabled' });
  expect(() => presentKey(exchange(key), key, seen)).toThrow(/support.*disabled/);
});
