import { isDuplicate } from '../sql/sql-error.js';
import { StoreError } from './store-error.js';
import type { ControlDb, SessionTable } from './tables.js';

/** What somebody is found by beside the id, in whichever kind of entity. */
export interface KnownName {
  readonly kind: string;
  readonly id: string;
}

/** Rows about people: sessions, what they are also known by, who is in which group, when a token was last used. */
export class PeopleRows {
  constructor(private readonly db: ControlDb) {}

  /** The session with that hash, whether it is still good or not. */
  async session(hash: string): Promise<SessionTable | null> {
    const row = await this.db
      .selectFrom('control_sessions')
      .selectAll()
      .where('hash', '=', hash)
      .executeTakeFirst();
    return row === undefined ? null : numbered(row);
  }

  async sessionsOf(userId: string | null, limit: number): Promise<SessionTable[]> {
    let query = this.db.selectFrom('control_sessions').selectAll();
    if (userId !== null) query = query.where('user_id', '=', userId);
    return (await query.orderBy('created_ms', 'desc').limit(limit).execute()).map(numbered);
  }

  async addSession(session: SessionTable): Promise<void> {
    await this.db.insertInto('control_sessions').values(session).execute();
  }

  async sessionSeen(hash: string, now: number): Promise<void> {
    await this.db.updateTable('control_sessions').set({ seen_ms: now }).where('hash', '=', hash).execute();
  }

  /** By its id, or all of a user. Returns how many there were. */
  async endSessions(of: { id: string } | { userId: string }): Promise<number> {
    const gone = await this.db
      .deleteFrom('control_sessions')
      .where('id' in of ? 'id' : 'user_id', '=', 'id' in of ? of.id : of.userId)
      .executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  /** Those that are over for good. */
  async forgetSessions(seenBefore: number, now: number): Promise<void> {
    await this.db
      .deleteFrom('control_sessions')
      .where((or) => or.or([or('until_ms', '<=', now), or('seen_ms', '<=', seenBefore)]))
      .execute();
  }

  async named(name: string): Promise<KnownName | null> {
    const row = await this.db
      .selectFrom('control_names')
      .select(['kind', 'id'])
      .where('name', '=', name)
      .executeTakeFirst();
    return row ?? null;
  }

  /** Replaces those of an entity that begin with the prefix. Throws a StoreError when somebody else has one of them. */
  async setNames({ kind, id }: KnownName, prefix: string, names: readonly string[]): Promise<void> {
    await this.db
      .deleteFrom('control_names')
      .where('kind', '=', kind)
      .where('id', '=', id)
      .where('name', '>=', prefix)
      // What comes after every text that begins so.
      .where('name', '<', `${prefix}\u{10ffff}`)
      .execute();
    if (names.length === 0) return;
    try {
      await this.db
        .insertInto('control_names')
        .values(names.map((name) => ({ name, kind, id })))
        .execute();
    } catch (error) {
      if (isDuplicate(error)) throw new StoreError('entity_exists', 'somebody else is known by that name');
      throw error;
    }
  }

  async forgetNames({ kind, id }: KnownName): Promise<void> {
    await this.db.deleteFrom('control_names').where('kind', '=', kind).where('id', '=', id).execute();
  }

  /** What is here of a user who is deleted. */
  async forgetUser(id: string): Promise<void> {
    await this.forgetNames({ kind: 'user', id });
    await this.endSessions({ userId: id });
    await this.db.deleteFrom('control_members').where('user_id', '=', id).execute();
  }

  async groupsOf(userId: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('control_members')
      .select('group_id')
      .where('user_id', '=', userId)
      .orderBy('group_id')
      .execute();
    return rows.map((row) => row.group_id);
  }

  async membersOf(groupId: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('control_members')
      .select('user_id')
      .where('group_id', '=', groupId)
      .orderBy('user_id')
      .execute();
    return rows.map((row) => row.user_id);
  }

  async addMembers(groupId: string, userIds: readonly string[]): Promise<void> {
    for (const userId of userIds)
      await this.db
        .insertInto('control_members')
        .values({ group_id: groupId, user_id: userId })
        .onConflict((row) => row.columns(['group_id', 'user_id']).doNothing())
        .execute();
  }

  /** @param userIds null: all of them */
  async removeMembers(groupId: string, userIds: readonly string[] | null): Promise<void> {
    let query = this.db.deleteFrom('control_members').where('group_id', '=', groupId);
    if (userIds !== null) {
      if (userIds.length === 0) return;
      query = query.where('user_id', 'in', [...userIds]);
    }
    await query.execute();
  }

  async used(id: string, now: number): Promise<void> {
    await this.db
      .insertInto('control_last_used')
      .values({ id, at_ms: now })
      .onConflict((row) => row.column('id').doUpdateSet({ at_ms: now }))
      .execute();
  }

  async lastUsed(id: string): Promise<number | null> {
    const row = await this.db
      .selectFrom('control_last_used')
      .select('at_ms')
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : Number(row.at_ms);
  }
}

function numbered(row: SessionTable): SessionTable {
  return {
    ...row,
    created_ms: Number(row.created_ms),
    seen_ms: Number(row.seen_ms),
    until_ms: Number(row.until_ms),
  };
}
