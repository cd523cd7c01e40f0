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
