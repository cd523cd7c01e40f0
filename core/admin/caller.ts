import type { Author } from '../store/control/control-store.js';
import { allows, type Grant, type Permission } from './role.js';

/** Who asks the admin API for something. */
export interface Caller {
  /** `local`: this machine, where no admin token is set; `nobody` has shown nothing. */
  readonly kind: 'local' | 'admin-token' | 'service-token' | 'session' | 'nobody';
  /** Of the service token or the user; '' otherwise. */
  readonly id: string;
  /** For messages: `user "Ada"`. */
  readonly who: string;
  /** What it may do where. */
  readonly grants: readonly Grant[];
}

const OWNER: readonly Grant[] = [{ role: 'owner', organization: null, team: null }];

export const LOCAL: Caller = { kind: 'local', id: '', who: 'this machine', grants: OWNER };
export const ADMIN: Caller = { kind: 'admin-token', id: '', who: 'the admin token', grants: OWNER };
export const NOBODY: Caller = { kind: 'nobody', id: '', who: 'nobody', grants: [] };

/** Whether it may do that somewhere. What it reaches is {@link reachOf}'s business. */
export function may({ grants }: Caller, permission: Permission): boolean {
  return grants.some((grant) => allows(grant, permission));
}

/** As the audit names it. */
export function authorOf({ kind, id }: Caller, source: string): Author {
  const actor = kind === 'session' ? `user:${id}` : kind === 'service-token' ? `token:${id}` : 'admin';
  return { actor, source };
}
