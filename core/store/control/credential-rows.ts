import type { ControlDb } from './tables.js';

/** Whose credential for which MCP server, and of what kind. */
export interface CredentialPlace {
  readonly server: string;
  /** Such as `user:ada`. */
  readonly owner: string;
  readonly what: string;
}

export interface CredentialRow extends CredentialPlace {
  readonly sealed: string;
  readonly version: number;
  readonly updatedMs: number;
}

/** Rows about credentials of users for MCP servers. What is in them is sealed by whoever writes it. */
export class CredentialRows {
  constructor(private readonly db: ControlDb) {}

  async find(place: CredentialPlace): Promise<CredentialRow | null> {
    const row = await this.at(
      this.db.selectFrom('control_mcp_credentials').selectAll(),
      place,
    ).executeTakeFirst();
    return row === undefined ? null : told(row);
  }

  /** All of an owner, or of a server, or all there are. */
  async list(of: { owner?: string; server?: string }): Promise<CredentialRow[]> {
    let query = this.db.selectFrom('control_mcp_credentials').selectAll();
    if (of.owner !== undefined) query = query.where('owner', '=', of.owner);
    if (of.server !== undefined) query = query.where('server', '=', of.server);
    return (await query.orderBy('server').orderBy('owner').orderBy('what').execute()).map(told);
  }

  /** Writes it, whatever was there. Returns its version. */
  async put(place: CredentialPlace, sealed: string, now: number): Promise<number> {
    const row = await this.db
      .insertInto('control_mcp_credentials')
      .values({ ...placeOf(place), sealed, version: 1, updated_ms: now, claimed_until_ms: 0 })
      .onConflict((clash) =>
        clash.columns(['server', 'owner', 'what']).doUpdateSet((old) => ({
          sealed,
          version: old('control_mcp_credentials.version', '+', 1),
          updated_ms: now,
          claimed_until_ms: 0,
        })),
      )
      .returning('version')
      .executeTakeFirstOrThrow();
    return Number(row.version);
  }

  /** Writes it where it still has that version. Returns whether it had. */
  async replace(place: CredentialPlace, version: number, sealed: string, now: number): Promise<boolean> {
    const done = await this.at(this.db.updateTable('control_mcp_credentials'), place)
      .where('version', '=', version)
      .set({ sealed, version: version + 1, updated_ms: now, claimed_until_ms: 0 })
      .executeTakeFirst();
    return Number(done.numUpdatedRows) === 1;
  }

  /** Keeps others from renewing it until then. Returns whether nobody else does that, and it still has that version. */
  async claim(place: CredentialPlace, version: number, now: number, untilMs: number): Promise<boolean> {
    const done = await this.at(this.db.updateTable('control_mcp_credentials'), place)
      .where('version', '=', version)
      .where('claimed_until_ms', '<=', now)
      .set({ claimed_until_ms: untilMs })
      .executeTakeFirst();
    return Number(done.numUpdatedRows) === 1;
  }

  async release(place: CredentialPlace, version: number): Promise<void> {
    await this.at(this.db.updateTable('control_mcp_credentials'), place)
      .where('version', '=', version)
      .set({ claimed_until_ms: 0 })
      .execute();
  }

  /** Of that version alone, or whatever it is. Returns how many there were. */
  async remove(place: Omit<CredentialPlace, 'what'> & { what?: string; version?: number }): Promise<number> {
    let query = this.db
      .deleteFrom('control_mcp_credentials')
      .where('server', '=', place.server)
      .where('owner', '=', place.owner);
    if (place.what !== undefined) query = query.where('what', '=', place.what);
    if (place.version !== undefined) query = query.where('version', '=', place.version);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  }

  /** Whoever has the same name later is somebody else. */
  async forgetOwner(owner: string): Promise<void> {
    await this.db.deleteFrom('control_mcp_credentials').where('owner', '=', owner).execute();
  }

  /** Somebody is on the way to an authorization server. Those who never came back are forgotten. */
  async addPending(state: string, sealed: string, now: number, untilMs: number): Promise<void> {
    await this.db.deleteFrom('control_mcp_pending').where('until_ms', '<=', now).execute();
    await this.db.insertInto('control_mcp_pending').values({ state, sealed, until_ms: untilMs }).execute();
  }

  /** Once; null when there is none, or it is too late. */
  async takePending(state: string, now: number): Promise<string | null> {
    const row = await this.db
      .deleteFrom('control_mcp_pending')
      .where('state', '=', state)
      .returning(['sealed', 'until_ms'])
      .executeTakeFirst();
    return row === undefined || Number(row.until_ms) <= now ? null : row.sealed;
  }

  private at<T extends { where(column: 'server' | 'owner' | 'what', is: '=', value: string): T }>(
    query: T,
    { server, owner, what }: CredentialPlace,
  ): T {
    return query.where('server', '=', server).where('owner', '=', owner).where('what', '=', what);
  }
}

function placeOf({ server, owner, what }: CredentialPlace): CredentialPlace {
  return { server, owner, what };
}

function told(row: {
  server: string;
  owner: string;
  what: string;
  sealed: string;
  version: number;
  updated_ms: number;
}): CredentialRow {
  const { server, owner, what, sealed } = row;
  return { server, owner, what, sealed, version: Number(row.version), updatedMs: Number(row.updated_ms) };
}
