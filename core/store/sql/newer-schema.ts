/** A database that a later Headgate has changed: this one must not touch it. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';

  /**
   * @param where the database, without a secret
   * @param part which tables, such as `ledger`
   * @param found their version
   * @param known the latest that this Headgate knows
   */
  constructor(where: string, part: string, found: number, known: number) {
    super(
      `The database ${where} was written by a newer Headgate (${part} layout ${found}; this version knows up to ` +
        `${known}). Run that version, or point store.url at another database.`,
    );
  }
}
