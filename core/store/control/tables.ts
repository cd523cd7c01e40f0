import type { Kysely } from 'kysely';

/** What the store keeps. Times are unix milliseconds. */
export interface ControlTables {
  readonly control_entities: EntityTable;
  readonly control_key_hashes: { key_id: string; hash: string; until_ms: number | null };
  readonly control_audit: AuditTable;
  /** `revision`: how many changes there were. */
  readonly control_state: { name: string; value: string };
  readonly control_revision: { id: number; value: number };
  readonly control_sessions: SessionTable;
  /** What an entity is found by beside its id: who signs in, what an identity provider calls it. */
  readonly control_names: { name: string; kind: string; id: string };
  /** Users in the groups of an identity provider. */
  readonly control_members: { group_id: string; user_id: string };
  /** Of service tokens. */
  readonly control_last_used: { id: string; at_ms: number };
  /** Credentials of users for MCP servers, sealed. */
  readonly control_mcp_credentials: {
    server: string;
    owner: string;
    what: string;
    sealed: string;
    version: number;
    updated_ms: number;
    /** Until then somebody is about to renew it. */
    claimed_until_ms: number;
  };
  /** Those who are at an authorization server, by a hash of what they come back with. */
  readonly control_mcp_pending: { state: string; sealed: string; until_ms: number };
}

/** Somebody who has signed in. */
export interface SessionTable {
  /** Of what the browser has. */
  hash: string;
  id: string;
  user_id: string;
  created_ms: number;
  seen_ms: number;
  /** When it ends at the latest. */
  until_ms: number;
  /** Where it began; '' when from no network. */
  address: string;
  /** The browser, as it names itself. */
  agent: string;
  /** JSON list of the groups that the identity provider named at sign-in. */
  groups: string;
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
  /** `admin`, `cli`, `schedule`, or `user:ID`, `token:ID`, `key:ID` for what these did. */
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
