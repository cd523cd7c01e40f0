function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // Errors of SQLite come from another thread, which hands over their code as their name.
  return 'code' in error ? String(error.code) : error.name;
}

/** Whether a row was refused because another one has the same key. */
export function isDuplicate(error: unknown): boolean {
  return ['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'].includes(codeOf(error));
}
