import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoreAddress } from '../../core/store/sql/address.js';
import { type Migration, migrate } from '../../dist/core/store/sql/migrate.js';
import { openSql } from '../../dist/core/store/sql/open.js';
import type { SqlDatabase } from '../../dist/core/store/sql/sql-database.js';
import { isDuplicate } from '../../dist/core/store/sql/sql-error.js';
import { noPostgres, once, type RealPostgres, startPostgres } from './real-postgres.js';
import { tempDir } from './temp-dir.js';

interface Tables {
  readonly things: { id: string; size: number | null };
}

const FIRST: Migration = {
  name: 'make things',
  up: async (db) => {
    await db.schema
      .createTable('things')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .execute();
  },
};
const SECOND: Migration = {
  name: 'things have a size',
  up: async (db) => {
    await db.schema.alterTable('things').addColumn('size', 'bigint').execute();
  },
};

let server: RealPostgres | null = null;
beforeAll(async () => {
  if (noPostgres === null) server = await startPostgres();
});
afterAll(() => server?.stop());

const kinds: ['sqlite' | 'postgres', () => Promise<StoreAddress>][] = [
  ['sqlite', async () => ({ kind: 'sqlite', path: join(tempDir(), 'a.db') })],
  ...(noPostgres === null
    ? ([['postgres', async () => ({ kind: 'postgres', url: await server!.database() })]] as [
        'postgres',
        () => Promise<StoreAddress>,
      ][])
    : []),
];

describe.each(kinds)('a database of %s', (kind, newAddress) => {
  const using = async (
    address: StoreAddress,
    work: (database: SqlDatabase<Tables>) => Promise<void>,
  ): Promise<void> => {
    const database = await openSql<Tables>(address, { connections: 4 });
    try {
      await work(database);
    } finally {
      await database.close();
    }
  };

  test('takes the steps it lacks, in order, and none twice', async () => {
    const address = await newAddress();
    await using(address, async (database) => {
      expect(await migrate(database, 'test', [FIRST])).toEqual(['make things']);
      expect(await migrate(database, 'test', [FIRST, SECOND])).toEqual(['things have a size']);
      expect(await migrate(database, 'test', [FIRST, SECOND])).toEqual([]);
      expect(await migrate(database, 'other', [])).toEqual([]);
    });
    // Opened again, it is as it was.
    await using(address, async (database) => {
      expect(await migrate(database, 'test', [FIRST, SECOND])).toEqual([]);
      await database.db
        .insertInto('things')
        .values({ id: 'a', size: 2 ** 50 })
        .execute();
      expect(await database.db.selectFrom('things').selectAll().execute()).toEqual([
        { id: 'a', size: 2 ** 50 },
      ]);
    });
  });

  test('keeps nothing of a step that fails half way, and takes it when it is repaired', async () => {
    await using(await newAddress(), async (database) => {
      const broken: Migration = {
        name: 'half a step',
        up: async (db, of) => {
          await SECOND.up(db, of);
          await sql`INSERT INTO nowhere VALUES (1)`.execute(db);
        },
      };
      await expect(migrate(database, 'test', [FIRST, broken])).rejects.toThrow(
        /could not be changed \(half a step\): .*nowhere.* Nothing of that step was kept/,
      );
      expect(await migrate(database, 'test', [FIRST, SECOND])).toEqual(['things have a size']);
    });
  });

  test('refuses one that a newer version has written, and changes nothing', async () => {
    await using(await newAddress(), async (database) => {
      await migrate(database, 'test', [FIRST, SECOND]);
      await expect(migrate(database, 'test', [FIRST])).rejects.toThrow(
        /written by a newer Headgate \(test layout 2; this version knows up to 1\)/,
      );
    });
  });

  test('is brought up once by two that start at the same moment', async () => {
    const address = await newAddress();
    await using(address, (one) =>
      using(address, async (two) => {
        const done = await Promise.all([
          migrate(one, 'test', [FIRST, SECOND]),
          migrate(two, 'test', [FIRST, SECOND]),
        ]);
        expect(done.flat().toSorted()).toEqual(['make things', 'things have a size']);
      }),
    );
  });

  test('forgets a transaction that fails, and lets the next one in', async () => {
    await using(await newAddress(), async (database) => {
      await migrate(database, 'test', [FIRST]);
      const failing = database.db.transaction().execute(async (db) => {
        await db
          .insertInto('things')
          .values({ id: 'a' } as never)
          .execute();
        throw new Error('no');
      });
      const next = database.db.transaction().execute((db) =>
        db
          .insertInto('things')
          .values({ id: 'b' } as never)
          .execute(),
      );
      await expect(failing).rejects.toThrow('no');
      await next;
      expect(await database.db.selectFrom('things').select('id').execute()).toEqual([{ id: 'b' }]);
      const again = database.db
        .insertInto('things')
        .values({ id: 'b' } as never)
        .execute();
      expect(
        isDuplicate(
          await again.then(
            () => null,
            (error: unknown) => error,
          ),
        ),
      ).toBe(true);
    });
  });

  test('is as it was before a step in which the process was killed', async () => {
    const address = await newAddress();
    const child = fork(new URL('./migrate-child.mjs', import.meta.url), [JSON.stringify(address)], {
      stdio: 'ignore',
    });
    const dead = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.once('message', resolve));
    child.kill('SIGKILL');
    await dead;
    await using(address, async (database) => {
      expect(await migrate(database, 'test', [FIRST, SECOND])).toEqual(['things have a size']);
      await database.db.insertInto('things').values({ id: 'a', size: 1 }).execute();
      expect(database.kind).toBe(kind);
    });
  });
});

describe('an address that leads nowhere', () => {
  test('of SQLite is named', async () => {
    const folder = tempDir();
    await expect(openSql({ kind: 'sqlite', path: folder }, { connections: 1 })).rejects.toThrow(
      `The database ${folder} cannot be opened`,
    );
  });

  test('of Postgres is named without its password', async () => {
    const url = 'postgres://me:hush-hush@127.0.0.1:1/x?options=hush-hush';
    const error = await openSql({ kind: 'postgres', url }, { connections: 1 }).catch((e: Error) => e);
    expect(String(error)).toContain('postgres://me@127.0.0.1:1/x cannot be used: ');
    expect(String(error)).toContain('Check that the server runs');
    expect(String(error)).not.toContain('hush');
  });

  test.skipIf(noPostgres !== null)('says that the password is wrong, or the database missing', async () => {
    const right = await server!.database();
    const open = (url: string): Promise<unknown> =>
      openSql({ kind: 'postgres', url }, { connections: 1 }).catch((e: Error) => e);
    expect(String(await open(right.replace(/:[^:@]+@/, ':wrong@')))).toContain('Check user and password');
    expect(String(await open(right.replace(/[^/]+$/, 'missing')))).toContain('Create the database');
  });

  test.skipIf(noPostgres !== null)(
    'a connection that is cut is replaced, and whoever asked is told',
    async () => {
      const url = await server!.database();
      const lost: string[] = [];
      const database = await openSql<Tables>(
        { kind: 'postgres', url },
        { connections: 2, onLost: (why) => lost.push(why) },
      );
      await once(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headgate' AND datname = current_database()",
      );
      await expect.poll(() => lost.length).toBeGreaterThan(0);
      expect((await sql<{ one: number }>`SELECT 1 AS one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
      await database.close();
    },
  );

  /** The story: a server that restarted while a change was being made ended the gateway, since nobody listened to its connection. */
  test.skipIf(noPostgres !== null)(
    'a connection that is cut while it is in use ends nothing else',
    async () => {
      const url = await server!.database();
      const database = await openSql<Tables>({ kind: 'postgres', url }, { connections: 2 });
      const cut = database.db.transaction().execute(async (db) => {
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
        await once(url, `SELECT pg_terminate_backend(${rows[0]?.pid})`);
        await sleep(100);
        await sql`SELECT 1`.execute(db);
      });
      await expect(cut).rejects.toThrow();
      expect((await sql<{ one: number }>`SELECT 1 AS one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
      await database.close();
    },
  );
});
