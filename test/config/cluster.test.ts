import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../core/config/load.js';
import { printConfig } from '../../core/config/print.js';

const STORE = { url: 'postgres://user:secret-of-postgres@db.internal/headgate' };
const PASSWORD = 'secret-of-redis';
const load = (cluster: unknown, more: object = {}, env: Record<string, string> = {}) =>
  loadConfig({ data: { store: STORE, ...(cluster !== undefined && { cluster }), ...more }, env, rows: [] });
const errorOf = (...asked: Parameters<typeof load>): string => {
  try {
    load(...asked);
  } catch (error) {
    return String((error as Error).message);
  }
  return '';
};

describe('cluster', () => {
  it('is one server, a cluster or sentinels, shares what is left by default, and shows no password', () => {
    const one = load({ redis: `rediss://user:${PASSWORD}@redis.internal:6380/2` });
    expect(one.config.cluster).toMatchObject({ name: 'headgate', policy: 'local-share' });
    expect(one.config.cluster?.redis.reveal()).toEqual({
      urls: [`rediss://user:${PASSWORD}@redis.internal:6380/2`],
      kind: 'single',
      master: '',
    });
    expect(printConfig(one)).toContain(
      'cluster headgate through redis.internal:6380, without it local-share',
    );
    for (const text of [printConfig(one), JSON.stringify(one.config), inspect(one.config, { depth: 9 })])
      expect(text).not.toContain(PASSWORD);
    const nodes = load({ redis: { nodes: ['redis://a:1', 'redis://b:2'] }, policy: 'closed', name: 'eu' });
    expect(nodes.config.cluster?.redis.reveal()).toMatchObject({ kind: 'cluster' });
    const watched = load({ redis: { sentinels: ['redis://a:26379'], master: 'main' }, policy: 'open' });
    expect(watched.config.cluster?.redis.reveal()).toMatchObject({ kind: 'sentinel', master: 'main' });
    expect(load({ redis: { sentinels: ['redis://a:26379'] } }).config.cluster?.redis.reveal().master).toBe(
      'mymaster',
    );
  });

  it('may be named by the environment, which goes before the file', () => {
    const env = { HEADGATE_REDIS_URL: 'redis://from-env:6379' };
    expect(load(undefined, {}, env).config.cluster?.redis.reveal().urls).toEqual(['redis://from-env:6379']);
    const both = load({ redis: 'redis://file:1', policy: 'closed' }, {}, env).config.cluster;
    expect([both?.policy, both?.redis.reveal().urls]).toEqual(['closed', ['redis://from-env:6379']]);
    expect(load(undefined).config.cluster).toBeNull();
  });

  it('is refused with words where it cannot be', () => {
    expect(errorOf({ redis: 'redis://a:1' }, { store: {} })).toMatch(/one Postgres.*SQLite[\s\S]*store\.url/);
    expect(errorOf({ policy: 'open' })).toContain('there is no address of Redis');
    expect(errorOf({ redis: { nodes: ['redis://a:1'], sentinels: ['redis://b:1'] } })).toContain(
      'either nodes or sentinels',
    );
    expect(errorOf({ redis: { nodes: ['redis://a:1'], master: 'm' } })).toContain('belongs to sentinels');
    expect(errorOf({ redis: 'http://a:1' })).toContain(
      'cluster.redis: expected redis://USER:PASSWORD@HOST:PORT/DATABASE',
    );
    expect(errorOf({ redis: 'redis://a:1', policy: 'shut' })).toContain('"local-share", "closed" or "open"');
    expect(errorOf({ redis: 'redis://a:1', name: 'a b' })).toContain('letters, digits');
    const wrong = errorOf(undefined, {}, { HEADGATE_REDIS_URL: `http://x:${PASSWORD}@h` });
    expect(wrong).toContain('HEADGATE_REDIS_URL');
    expect(wrong).not.toContain(PASSWORD);
  });
});
