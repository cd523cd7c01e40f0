import { sql } from 'kysely';
import type { Migration } from '../sql/migrate.js';

/** Steps of the control store's tables. One that was released is never changed. */
export const CONTROL_STEPS: readonly Migration[] = [
  {
    name: 'entities, key hashes, audit',
    up: async (db, kind) => {
      // Ordered by their bytes on both, so that lists are the same whatever language the server speaks.
      const text = kind === 'postgres' ? sql`text COLLATE "C"` : sql`text`;
      await db.schema
        .createTable('control_entities')
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('id', text, (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('parent', 'text')
        .addColumn('user_id', 'text')
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('created_ms', 'bigint', (column) => column.notNull())
        .addColumn('updated_ms', 'bigint', (column) => column.notNull())
        .addColumn('spec', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('control_entities_key', ['kind', 'id'])
        .execute();
      await db.schema
        .createIndex('control_entities_parent')
        .on('control_entities')
        .column('parent')
        .execute();
      await db.schema.createIndex('control_entities_user').on('control_entities').column('user_id').execute();
      await db.schema
        .createTable('control_key_hashes')
        .addColumn('hash', 'text', (column) => column.primaryKey())
        .addColumn('key_id', text, (column) => column.notNull())
        .addColumn('until_ms', 'bigint')
        .execute();
      await db.schema
        .createIndex('control_key_hashes_key')
        .on('control_key_hashes')
        .column('key_id')
        .execute();
      await db.schema
        .createTable('control_audit')
        .addColumn('revision', 'bigint', (column) => column.primaryKey())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('before', 'text')
        .addColumn('after', 'text')
        .addColumn('source', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('control_state')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('value', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('control_revision')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .execute();
      await sql`INSERT INTO control_revision (id, value) VALUES (1, 0)`.execute(db);
    },
  },
  {
    name: 'sessions, names and groups of people',
    up: async (db, kind) => {
      // Ranges of names are looked for by their bytes.
      const text = kind === 'postgres' ? sql`text COLLATE "C"` : sql`text`;
      await db.schema
        .createTable('control_sessions')
        .addColumn('hash', 'text', (column) => column.primaryKey())
        .addColumn('id', 'text', (column) => column.notNull().unique())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('created_ms', 'bigint', (column) => column.notNull())
        .addColumn('seen_ms', 'bigint', (column) => column.notNull())
        .addColumn('until_ms', 'bigint', (column) => column.notNull())
        .addColumn('address', 'text', (column) => column.notNull())
        .addColumn('agent', 'text', (column) => column.notNull())
        .addColumn('groups', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('control_sessions_user').on('control_sessions').column('user_id').execute();
      await db.schema
        .createTable('control_names')
        .addColumn('name', text, (column) => column.primaryKey())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('control_names_id').on('control_names').columns(['kind', 'id']).execute();
      await db.schema
        .createTable('control_members')
        .addColumn('group_id', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('control_members_key', ['group_id', 'user_id'])
        .execute();
      await db.schema.createIndex('control_members_user').on('control_members').column('user_id').execute();
      await db.schema
        .createTable('control_last_used')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  {
    name: 'credentials of users for MCP servers',
    up: async (db, kind) => {
      const text = kind === 'postgres' ? sql`text COLLATE "C"` : sql`text`;
      await db.schema
        .createTable('control_mcp_credentials')
        .addColumn('server', text, (column) => column.notNull())
        .addColumn('owner', text, (column) => column.notNull())
        .addColumn('what', text, (column) => column.notNull())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('updated_ms', 'bigint', (column) => column.notNull())
        .addColumn('claimed_until_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('control_mcp_credentials_key', ['server', 'owner', 'what'])
        .execute();
      await db.schema
        .createIndex('control_mcp_credentials_owner')
        .on('control_mcp_credentials')
        .column('owner')
        .execute();
      await db.schema
        .createTable('control_mcp_pending')
        .addColumn('state', 'text', (column) => column.primaryKey())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addColumn('until_ms', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
];
