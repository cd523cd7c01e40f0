import { postgresPrograms } from '../../bench/real-postgres.js';

export { once, type RealPostgres, startPostgres } from '../../bench/real-postgres.js';

/**
 * Why tests with a real Postgres cannot run here; null when they can. They are left out then, unless
 * HEADGATE_TEST_REQUIRE_ALL says that nothing may be.
 */
export const noPostgres: string | null =
  postgresPrograms() === null && process.env['HEADGATE_TEST_REQUIRE_ALL'] !== '1'
    ? 'Postgres is not installed (Debian: apt-get install postgresql)'
    : null;
