// Takes the first step, then stops within the second one until it is killed.
import { migrate } from '../../dist/core/store/sql/migrate.js';
import { openSql } from '../../dist/core/store/sql/open.js';

const database = await openSql(JSON.parse(process.argv[2]), { connections: 1 });
const first = {
  name: 'make things',
  up: (db) =>
    db.schema
      .createTable('things')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .execute(),
};
const second = {
  name: 'things have a size',
  up: async (db) => {
    await db.schema.alterTable('things').addColumn('size', 'bigint').execute();
    process.send('half way');
    await new Promise(() => {});
  },
};
await migrate(database, 'test', [first, second]);
