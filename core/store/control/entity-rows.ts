import { sql } from 'kysely';
import { isDuplicate } from '../sql/sql-error.js';
import { StoreError } from './store-error.js';
import type { ControlDb, EntityTable } from './tables.js';

/** An entity as it is stored. */
export interface StoredEntity {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** `kind:id` of the nearest it belongs to. */
  readonly parent: string | null;
  readonly userId: string | null;
  readonly version: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
}

export type NewEntity = Omit<StoredEntity, 'version' | 'createdMs' | 'updatedMs'>;

export interface EntityFilter {
  /** Part of the id or the name. */
  readonly search?: string | undefined;
  /** Belongs to it, directly or through a project or team. */
  readonly under?: string | undefined;
  readonly user?: string | undefined;
  /** Ids after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The rows of entities of every kind; the kinds differ in their specs alone. */
export class EntityRows {
  constructor(private readonly db: ControlDb) {}

  async find(kind: string, id: string): Promise<StoredEntity | null> {
    const row = await this.db
      .selectFrom('control_entities')
      .selectAll()
      .where('kind', '=', kind)
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : entityOf(row);
  }

  async get(kind: string, id: string): Promise<StoredEntity> {
    const found = await this.find(kind, id);
    if (found === null) throw new StoreError('entity_unknown', `there is no ${kind} "${id}"`);
    return found;
  }

  /** Those from a place in the order of ids on. */
  async page(kind: string, offset: number, limit: number): Promise<StoredEntity[]> {
    if (limit === 0) return [];
    const rows = await this.db
      .selectFrom('control_entities')
      .selectAll()
      .where('kind', '=', kind)
      .orderBy('id')
      .limit(limit)
      .offset(offset)
      .execute();
    return rows.map(entityOf);
  }

  async count(kind: string): Promise<number> {
    const row = await this.db
      .selectFrom('control_entities')
      .select((of) => of.fn.countAll().as('rows'))
      .where('kind', '=', kind)
      .executeTakeFirstOrThrow();
    return Number(row.rows);
  }

  /** @param email in small letters */
  async userWithEmail(email: string): Promise<StoredEntity | null> {
    const part = `%${JSON.stringify(email)
      .slice(1, -1)
      .replace(/[\\%_]/g, '\\$&')}%`;
    const rows = await this.db
      .selectFrom('control_entities')
      .selectAll()
      .where('kind', '=', 'user')
      .where(sql<boolean>`lower(spec) LIKE ${part} ESCAPE '\\'`)
      .orderBy('id')
      .limit(100)
      .execute();
    const found = rows
      .map(entityOf)
      .filter(({ spec }) => String(spec['email'] ?? '').toLowerCase() === email);
    // Of two with one address nobody knows which one it is.
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  async list(kind: string, { search, under, user, after, limit }: EntityFilter): Promise<StoredEntity[]> {
    let query = this.db.selectFrom('control_entities').selectAll().where('kind', '=', kind);
    if (after !== undefined) query = query.where('id', '>', after);
    if (user !== undefined) query = query.where('user_id', '=', user);
    if (search !== undefined) {
      const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
      query = query.where((or) =>
        or.or([
          sql<boolean>`lower(id) LIKE ${pattern} ESCAPE '\\'`,
          sql<boolean>`lower(name) LIKE ${pattern} ESCAPE '\\'`,
        ]),
      );
    }
    if (under !== undefined) query = query.where('parent', 'in', await this.familyOf(under));
    const rows = await query.orderBy('id').limit(limit).execute();
    return rows.map(entityOf);
  }

  /** Those of exactly that name; two where there are more. */
  async named(kind: string, name: string): Promise<StoredEntity[]> {
    const query = this.db.selectFrom('control_entities').selectAll();
    const rows = await query.where('kind', '=', kind).where('name', '=', name).limit(2).execute();
    return rows.map(entityOf);
  }

  /** It and all that belongs to it and may have something of its own: teams of an organization, projects of a team. */
  private async familyOf(name: string): Promise<string[]> {
    const family = [name];
    for (let i = 0; i < family.length; i++) {
      const rows = await this.db
        .selectFrom('control_entities')
        .select(['kind', 'id'])
        .where('parent', '=', family[i] as string)
        .where('kind', 'in', ['team', 'project'])
        .execute();
      family.push(...rows.map(({ kind, id }) => `${kind}:${id}`));
    }
    return family;
  }

  async insert(entity: NewEntity, now: number): Promise<StoredEntity> {
    const { kind, id, name, parent, userId, spec, state } = entity;
    try {
      await this.db
        .insertInto('control_entities')
        .values({
          kind,
          id,
          name,
          parent,
          user_id: userId,
          version: 1,
          created_ms: now,
          updated_ms: now,
          spec: JSON.stringify(spec),
          state: JSON.stringify(state),
        })
        .execute();
    } catch (error) {
      if (isDuplicate(error)) throw new StoreError('entity_exists', `there is a ${kind} "${id}" already`);
      throw error;
    }
    return { ...entity, version: 1, createdMs: now, updatedMs: now };
  }

  /** @param version what it must be now; null: whatever it is */
  async update(entity: StoredEntity, version: number | null, now: number): Promise<StoredEntity> {
    const { kind, id, name, parent, userId, spec, state } = entity;
    if (version !== null && version !== entity.version)
      throw new StoreError(
        'version_conflict',
        `${kind} "${id}" is at version ${entity.version} by now, not ${version}; read it again`,
      );
    await this.db
      .updateTable('control_entities')
      .set({
        name,
        parent,
        user_id: userId,
        version: entity.version + 1,
        updated_ms: now,
        spec: JSON.stringify(spec),
        state: JSON.stringify(state),
      })
      .where('kind', '=', kind)
      .where('id', '=', id)
      .execute();
    return { ...entity, version: entity.version + 1, updatedMs: now };
  }

  async remove(kind: string, id: string): Promise<void> {
    const below = await this.db
      .selectFrom('control_entities')
      .select(['kind', 'id'])
      .where((or) =>
        or.or([or('parent', '=', `${kind}:${id}`), ...(kind === 'user' ? [or('user_id', '=', id)] : [])]),
      )
      .limit(3)
      .execute();
    if (below.length > 0) {
      const names = below.map((one) => `${one.kind} "${one.id}"`).join(', ');
      throw new StoreError('entity_in_use', `${kind} "${id}" still has ${names}; delete or move them first`);
    }
    await this.db.deleteFrom('control_entities').where('kind', '=', kind).where('id', '=', id).execute();
  }
}

function entityOf(row: EntityTable): StoredEntity {
  return {
    kind: row.kind,
    id: row.id,
    name: row.name,
    parent: row.parent,
    userId: row.user_id,
    version: row.version,
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
    spec: JSON.parse(row.spec) as StoredEntity['spec'],
    state: JSON.parse(row.state) as StoredEntity['state'],
  };
}
