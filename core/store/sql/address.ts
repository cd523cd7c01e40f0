import { join, resolve } from 'node:path';
import type { StoreConfig } from '../../config/config.js';

/** Where a database is: a file (or `:memory:`) of SQLite, or a Postgres server. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres';
      /** With its password: for the driver alone, never for a message. */
      readonly url: string;
    };

export const MEMORY = ':memory:';

export function isMemory(path: string): boolean {
  return path === MEMORY;
}

/** The address for messages and logs: of Postgres the user, host, port and database, never the password or options. */
export function shownAddress(address: StoreAddress): string {
  if (address.kind === 'sqlite') return `sqlite:${address.path}`;
  try {
    const { username, host, pathname } = new URL(address.url);
    return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`;
  } catch {
    return 'postgres://…';
  }
}

/** With its password in the clear. */
export function addressOf(store: StoreConfig): StoreAddress {
  return store.kind === 'sqlite' ? store : { kind: 'postgres', url: store.url.reveal() };
}

/**
 * The address that a store URL names. Throws with words for people.
 *
 * @param url `sqlite:PATH`, `sqlite::memory:`, `postgres://…`, or undefined for the default in the data folder
 */
export function readAddress(url: string | undefined, dataDir: string): StoreAddress {
  if (url === undefined || url === '') return { kind: 'sqlite', path: join(dataDir, 'headgate.db') };
  if (/^postgres(ql)?:\/\//i.test(url)) return { kind: 'postgres', url };
  if (url === 'memory:' || url === `sqlite:${MEMORY}`) return { kind: 'sqlite', path: MEMORY };
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return { kind: 'sqlite', path: resolve(url.slice('sqlite:'.length)) };
  throw new Error(
    `"${url.replace(/\/\/.*@/, '//…@')}" is no address of a database; use sqlite:PATH, sqlite::memory: or postgres://…`,
  );
}
