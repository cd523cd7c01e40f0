import type { Kysely } from 'kysely';

/** A database that is open, whichever it is. What is written for it is written once for both. */
export interface SqlDatabase<Tables> {
  readonly kind: 'sqlite' | 'postgres';
  /** For messages: without a password. */
  readonly shown: string;
  readonly db: Kysely<Tables>;
  close(): Promise<void>;
}
