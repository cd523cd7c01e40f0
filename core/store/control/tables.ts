import type { Kysely } from 'kysely';

/** What the store keeps. Times are unix milliseconds. */
export interface ControlTables {
  readonly control_entities: EntityTable;
  readonly control_key_hashes: { key_id: string; hash: string; until_ms: number | null };
  readonly control_audit: AuditTable;
  /** `revision`: how many changes there were. */
  readonly control_state: { name: string; value: string };
  readonly control_revision: { id: number; value: number };
}

export interface EntityTable {
  kind: string;
  id: string;
  name: string;
  /** `kind:id` of the nearest it belongs to. */
  parent: string | null;
  user_id: string | null;
  version: number;
  created_ms: number;
  updated_ms: number;
  /** JSON that its schema takes. */
  spec: string;
  /** JSON of what is kept beside that: of keys their prefix, rotation and revocation. */
  state: string;
}

export interface AuditTable {
  revision: number;
  at_ms: number;
  /** `admin`, `cli`, `schedule`, or `key:ID` for what the holder of a key did. */
  actor: string;
  action: string;
  kind: string;
  id: string;
  /** JSON without secrets; null when there was nothing. */
  before: string | null;
  after: string | null;
  /** Address that the change came from; '' when from no network. */
  source: string;
}

export type ControlDb = Kysely<ControlTables>;
