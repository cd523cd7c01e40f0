/** Of SQLite; of Postgres the classes of bad data and of broken rules. */
const BAD_DATA = /^(SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)|2[23]\w{3}$)/;

/** Whether the database, or the code that prepares its values, refused a record for what it holds: trying again is no use. */
export function isBadRecord(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error ? BAD_DATA.test(String(error.code)) : error instanceof TypeError;
}
