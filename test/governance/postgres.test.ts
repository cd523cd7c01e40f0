import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Governance } from '../../core/admin/governance.js';
import { setLogLevel } from '../../core/admin/log-level.js';
import type { AdminRequest } from '../../core/admin/route.js';
import { loadConfig } from '../../core/config/load.js';
import type { IdentityDelta } from '../../core/identity/stored-keys.js';
import { StoredKeys } from '../../core/identity/stored-keys.js';
import { LiveConfig } from '../../core/live-config.js';
import { LogLevels } from '../../core/observe/log-levels.js';
import type { LayeredConfig } from '../../core/plugin/load-config.js';
import type { Ledger } from '../../core/store/ledger.js';
import { noPostgres, once, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const AUTHOR = { actor: 'admin', source: '' };
const SECRET = 'a-server-secret-for-tests-0123456789';

describe.skipIf(noPostgres !== null)('the store on Postgres', () => {
  let server: RealPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** One node, and the keys that one of its threads knows. */
  const node = (url: string, secret = SECRET) => {
    const loaded = loadConfig({ data: { store: { url } }, env: {}, rows: [] });
    const layered: LayeredConfig = { ...loaded, with: async () => layered };
    const io = { prepare: async () => {}, commit: async () => {} };
    const keys = new StoredKeys();
    const said: string[] = [];
    const levels = new LogLevels('info');
    const governance = new Governance({
      live: new LiveConfig(layered, io, () => {}),
      secret,
      push: async (delta: IdentityDelta) => void keys.apply(delta),
      onRules: async () => void said.push('rules'),
      onLogLevels: (set) => levels.replace(set),
      log: (_level, message) => void said.push(message),
    });
    onTestFinished(() => governance.close());
    return { governance, keys, said, levels };
  };
  const within = async (ms: number, holds: () => boolean): Promise<boolean> => {
    for (const until = Date.now() + ms; Date.now() < until; await sleep(10)) if (holds()) return true;
    return holds();
  };

  /** The story: a node whose listening connection was cut asked for changes only when its timer of five seconds ran out. */
  it('is heard again after its connections were cut, and asked meanwhile', async () => {
    const url = await server.database();
    const [one, two] = [node(url), node(url)];
    const open = await one.governance.open();
    await two.governance.open();
    const { key } = await open.keys.create({ name: 'a' }, AUTHOR);
    expect(await within(1_000, () => two.keys.generation > 0 && two.keys.keysExist)).toBe(true);
    await once(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headgate' AND datname = current_database()",
    );
    const before = two.keys.generation;
    // Connections of the pool may be among those that were cut: then the change is refused, and can be made again.
    const revoke = () => open.keys.revoke(key.id, AUTHOR);
    await revoke().catch(revoke).catch(revoke).catch(revoke);
    const hashes = await open.store.hashesOf(key.id);
    expect(hashes).toEqual([]);
    expect(await within(1_000, () => two.keys.generation > before)).toBe(true);
    expect(two.said.filter((line) => line.includes('cannot be read')).length).toBeLessThan(2);
  });

  /** The story: a level set on one node was one of that node, until it ended. */
  it('has the levels of the log on all nodes, on those that start later, and no longer than they were set for', async () => {
    const url = await server.database();
    const [one, two] = [node(url), node(url)];
    await Promise.all([one.governance.open(), two.governance.open()]);
    const set = (body: object) =>
      setLogLevel({ governance: one.governance, ledger: { logLevels: one.levels } as unknown as Ledger }, {
        author: AUTHOR,
        body: new TextEncoder().encode(JSON.stringify(body)),
      } as unknown as AdminRequest);
    const answer = await set({ level: 'debug', component: 'mcp', for: '2s' });
    expect(answer).toMatchObject({ status: 200 });
    expect(one.levels.writes('debug', 'mcp')).toBe(true);
    await set({ level: 'warn' });
    expect(await within(20_000, () => !two.levels.writes('info', 'io'))).toBe(true);
    expect(await within(20_000, () => !two.levels.writes('debug', 'mcp'))).toBe(true);
    const three = node(url);
    await three.governance.open();
    expect([three.levels.writes('info', 'io'), three.levels.writes('warn', 'io')]).toEqual([false, true]);
    await set({ level: null });
    expect(await within(20_000, () => three.levels.writes('info', 'io'))).toBe(true);
    // What is over is kept no longer.
    expect(await once(url, "SELECT id FROM control_entities WHERE kind = 'log_level'")).toEqual([]);
  });

  it('rotates a key once, however many nodes find it due at once', async () => {
    const url = await server.database();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const nodes = [node(url), node(url), node(url)];
    const open = await Promise.all(nodes.map(({ governance }) => governance.open()));
    const { key } = await open[0]!.keys.create(
      { name: 'old', rotate: { every: '1h', grace: '30m' } },
      AUTHOR,
    );
    vi.setSystemTime(key.createdMs + 3_600_000);
    const done = await Promise.all(open.map(({ rotation }) => rotation.whatIsDue(key.id)));
    // A node's own timer may have been faster than all three.
    expect(done.filter((one) => one !== null).length).toBeLessThan(2);
    const lines = await once(url, 'SELECT action, actor FROM control_audit ORDER BY revision');
    expect(lines).toEqual([
      { action: 'create', actor: 'admin' },
      { action: 'rotate', actor: 'schedule' },
    ]);
    expect(await open[0]!.store.hashesOf(key.id)).toHaveLength(2);
  });

  it('does not take a node in that hashes keys under another secret', async () => {
    const url = await server.database();
    await node(url).governance.open();
    await expect(node(url, 'another-secret-0123456789').governance.open()).rejects.toThrow(/HEADGATE_SECRET/);
  });

  it('says that there are limits to count before the key that has them is known', async () => {
    const url = await server.database();
    const { governance, keys, said } = node(url);
    const open = await governance.open();
    await open.keys.create({ name: 'free' }, AUTHOR);
    expect([said, keys.keysExist]).toEqual([[], true]);
    await open.keys.create({ name: 'few', limits: { rpm: 1 } }, AUTHOR);
    expect(said).toEqual(['rules']);
    const again = node(url);
    await again.governance.open();
    expect([await again.governance.hasRules(), again.said]).toEqual([true, []]);
  });

  it('keeps no secret in the clear, and a line for each change', async () => {
    const url = await server.database();
    const open = await node(url).governance.open();
    const { key, secret } = await open.keys.create({ name: 'a' }, AUTHOR);
    await open.keys.rotate(key.id, { grace: '1h' }, AUTHOR);
    const tables = ['control_entities', 'control_key_hashes', 'control_audit', 'control_state'];
    const rows = await Promise.all(tables.map((table) => once(url, `SELECT * FROM ${table}`)));
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(rows[1]).toHaveLength(2);
    expect(rows[2]).toMatchObject([
      { action: 'create', actor: 'admin', before: null },
      { action: 'rotate', actor: 'admin' },
    ]);
  });
});
