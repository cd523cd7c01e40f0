import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type ProviderRowInput, providerRow } from '@headgate/sdk';

/** The row files; the build makes one file of them beside the compiled code. */
const catalogFolder = new URL('./catalog/', import.meta.url);
const catalogFile = new URL('./catalog.json', import.meta.url);

/** All rows: those that the build has checked, or else those of the folder. Synchronous: it runs once, at boot. */
export function loadCatalog(): ProviderRowInput[] {
  if (!existsSync(catalogFile)) return readCatalog();
  return JSON.parse(readFileSync(catalogFile, 'utf8')) as ProviderRowInput[];
}

/**
 * Reads and checks one provider row.
 *
 * @throws Error that names the file, and for each wrong field its path and what was expected.
 */
function readRow(file: URL): ProviderRowInput {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file.pathname}: not readable as JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = providerRow.safeParse(value);
  if (parsed.success) return value as ProviderRowInput;
  const mistakes = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(row)'}: ${issue.message}`,
  );
  throw new Error(`${file.pathname}: not a valid provider row\n${mistakes.join('\n')}`);
}

/**
 * All rows of a folder, checked, in order of their ids.
 *
 * @throws Error when a row is invalid, is not named after its id, or its id is taken.
 */
export function readCatalog(folder: URL = catalogFolder): ProviderRowInput[] {
  const rows: ProviderRowInput[] = [];
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
