import { readdirSync, readFileSync } from 'node:fs';
import { type ProviderRow, providerRow } from '@headgate/sdk';

/** The row files, copied beside the compiled code by the build. */
export const catalogFolder = new URL('./catalog/', import.meta.url);

/**
 * Reads and checks one provider row.
 *
 * @throws Error that names the file, and for each wrong field its path and what was expected.
 */
export function readRow(file: URL): ProviderRow {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file.pathname}: not readable as JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = providerRow.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(row)'}: ${issue.message}`,
  );
  throw new Error(`${file.pathname}: not a valid provider row\n${mistakes.join('\n')}`);
}

/**
 * All rows of a folder, in order of their ids. Synchronous: it runs once, at boot.
 *
 * @throws Error when a row is invalid, is not named after its id, or its id is taken.
 */
export function readCatalog(folder: URL = catalogFolder): ProviderRow[] {
  const rows: ProviderRow[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue;
    const file = new URL(name, folder);
    const row = readRow(file);
    // A file that is not named after its row hides two rows of one id from a reader of the folder.
    if (`${row.id}.json` !== name)
      throw new Error(`${file.pathname}: holds the row '${row.id}'; name the file ${row.id}.json`);
    rows.push(row);
  }
  return rows;
}
