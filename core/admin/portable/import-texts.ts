import type { DefinitionKind } from '../../config/definitions.js';
import { valueAt } from '../../config/explain.js';
import { type Env, interpolate } from '../../config/interpolate.js';
import { formatPath, type Path, pathKey } from '../../config/path.js';
import { StoreError } from '../../store/control/store-error.js';
import { type Fields, placesForSecrets, put } from '../definitions/secret-places.js';

export interface Texts {
  /** Whose variables are put in: those of the command line; of the admin API none. */
  readonly env: Env;
  /** Names that the store may have, and keeps. */
  readonly kept: readonly string[];
}

/** Stands for the `$` of a variable that is kept, while the others are put in. */
const MARK = '\u0000';

/**
 * A definition of a file for the store: variables are put in, but for those that the store may have itself. One in place of a
 * secret that is not known here leaves the secret that is stored.
 *
 * @param shown what the store shows of the definition; null when it has none
 * @throws StoreError that names every variable that is not known
 */
export function definitionTexts(
  kind: DefinitionKind,
  place: Path,
  fields: Fields,
  shown: Fields | null,
  { env, kept }: Texts,
): Fields {
  const marked = inTexts(fields, (text) =>
    text.replace(/\$?\$\{([A-Za-z0-9_]+)(?=\}|:-)/g, (all, name: string) =>
      kept.includes(name) && !all.startsWith('$$') ? `${MARK}{${name}` : all,
    ),
  );
  const { data, problems } = interpolate(marked, env);
  const result = data as Fields;
  const secret = new Set(placesForSecrets(kind, fields).map(pathKey));
  const unknown: string[] = [];
  for (const { path, what } of problems) {
    const stands = secret.has(pathKey(path)) && shown !== null ? valueAt(shown, path) : undefined;
    if (typeof stands === 'string') put(result, path, stands);
    else unknown.push(`${formatPath([...place, ...path])}: ${what}`);
  }
  refuse(unknown);
  // What was put in means nothing more, what is kept does.
  return inTexts(result, (text, path) =>
    (secret.has(pathKey(path)) ? text : text.replaceAll('${', () => '$${')).replaceAll(`${MARK}{`, '${'),
  ) as Fields;
}

/** Something else of a file for the store, where `${` means nothing. @throws StoreError that names every unknown variable */
export function plainTexts(place: Path, fields: Fields, { env }: Texts): Fields {
  const { data, problems } = interpolate(fields, env);
  refuse(problems.map(({ path, what }) => `${formatPath([...place, ...path])}: ${what}`));
  return data as Fields;
}

function refuse(unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  throw new StoreError(
    'entity_invalid',
    `${unknown.slice(0, 5).join('; ')} here: write the value itself, or import on the command line, where it is set`,
  );
}

function inTexts(value: unknown, change: (text: string, path: Path) => string, path: Path = []): unknown {
  if (typeof value === 'string') return change(value, path);
  if (Array.isArray(value)) return value.map((one, index) => inTexts(one, change, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, inTexts(one, change, [...path, name])]),
  );
}
