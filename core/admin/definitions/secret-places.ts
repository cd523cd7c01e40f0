import { type DefinitionKind, isMapping } from '../../config/definitions.js';
import { valueAt } from '../../config/explain.js';
import { formatPath, type Path, pathKey } from '../../config/path.js';
import { StoreError } from '../../store/control/store-error.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What is said, and what of it is secret: `spec` has a hint in its place. */
export interface Split {
  readonly spec: Fields;
  /** By {@link pathKey}. */
  readonly secrets: ReadonlyMap<string, string>;
}

const SHORTEST_SHOWN = 20;
const SECRET_SETTING =
  /(^|[_-])(key|token|secret|pass|password|passwd|pwd|credentials?|authorization)$|(Key|Token|Secret|Password)$/;
/** `${NAME}`, as the file has it, perhaps behind a word such as `Bearer`: no secret itself. */
const REFERENCE = /^([A-Za-z]{1,15} )?\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;
const ALMOST = /\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}/;
/** What stands for a key where a server wants none. */
const NO_KEY = 'none';

/** Enough of a long secret to tell it from others; of others nothing. */
export function hintOf(secret: string): string {
  if (secret.length < SHORTEST_SHOWN || !/^[A-Za-z0-9_-]{3}[\x21-\x7e]*[A-Za-z0-9_=-]{4}$/.test(secret))
    return '***';
  return `${secret.slice(0, 3)}…${secret.slice(-4)}`;
}

/**
 * Where a definition has secrets, or a reference in place of one: keys and headers of providers, headers, environments and addresses
 * with a query of MCP servers, settings that are called so.
 */
export function placesForSecrets(kind: DefinitionKind, spec: Fields): Path[] {
  if (kind === 'plugin') return settingsIn(spec['config'], ['config']);
  if (kind === 'mcp_server') return placesOfServer(spec);
  if (kind !== 'provider') return [];
  const { keys, headers } = spec;
  const values = Array.isArray(keys) ? keys.map((_, index): Path => ['keys', index, 'value']) : [];
  const names = isMapping(headers) ? Object.keys(headers).map((name): Path => ['headers', name]) : [];
  return [...values, ...names].filter((path) => typeof valueAt(spec, path) === 'string');
}

/** Those of them that hold a secret. */
export function secretPlaces(kind: DefinitionKind, spec: Fields): Path[] {
  return placesForSecrets(kind, spec).filter((path) => isSecret(valueAt(spec, path)));
}

function placesOfServer(spec: Fields): Path[] {
  const { headers, env, auth, args: _, tools: __, ...rest } = spec;
  const named = Object.entries({ headers, env }).flatMap(([field, inside]) =>
    Object.keys(isMapping(inside) ? inside : {}).map((name): Path => [field, name]),
  );
  const texts = named.filter((path) => typeof valueAt({ headers, env }, path) === 'string');
  const addresses = ['url', 'openapi', 'base_url'].flatMap((field): Path[] => {
    const said = spec[field];
    return typeof said === 'string' && said.includes('?') ? [[field]] : [];
  });
  return [...addresses, ...texts, ...settingsIn(rest, []), ...placesOfAuth(auth)];
}

function placesOfAuth(auth: unknown): Path[] {
  if (!isMapping(auth)) return [];
  const { value, values } = auth;
  const ofUsers = Object.entries(isMapping(values) ? values : {}).filter(
    ([, one]) => typeof one === 'string',
  );
  return [
    ...settingsIn(auth, ['auth']),
    ...(typeof value === 'string' ? [['auth', 'value']] : []),
    ...ofUsers.map(([owner]): Path => ['auth', 'values', owner]),
  ];
}

function settingsIn(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null || path.length > 32) return [];
  return Object.entries(value).flatMap(([name, inside]) => {
    const place = [...path, Array.isArray(value) ? Number(name) : name];
    if (typeof inside !== 'string') return settingsIn(inside, place);
    const setting = place.findLast((part) => typeof part === 'string');
    return SECRET_SETTING.test(String(setting)) ? [place] : [];
  });
}

function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== NO_KEY && !REFERENCE.test(value);
}

/** As {@link secretPlaces} of the file, where nothing can be done about secrets but not to show them. */
export function shownSpec(kind: DefinitionKind, spec: Fields): Fields {
  const copy = structuredClone(spec) as Fields;
  for (const path of secretPlaces(kind, copy)) put(copy, path, hintOf(String(valueAt(copy, path))));
  return copy;
}

/**
 * Takes the secrets out of what a client says. A hint stands for the secret that it was shown for.
 *
 * @param before what is stored; asked for only when something is to stay as it is; null when nothing is stored
 * @throws StoreError about a hint of something else
 */
export function splitSecrets(kind: DefinitionKind, given: Fields, before: (() => Split) | null): Split {
  const spec = structuredClone(given) as Fields;
  const secrets = new Map<string, string>();
  for (const path of secretPlaces(kind, spec)) {
    const said = String(valueAt(spec, path));
    const isHint = looksLikeHint(said);
    if (ALMOST.test(said))
      throw new StoreError(
        'entity_invalid',
        `${formatPath(path)}: a variable stands alone in place of a secret, as \${NAME}, perhaps behind a word such as Bearer`,
      );
    const kept = isHint && before !== null ? keptFor(said, path, before()) : undefined;
    if (isHint && kept === undefined)
      throw new StoreError(
        'entity_invalid',
        `${formatPath(path)}: this is shown in place of a secret, which is not known here; give the secret itself`,
      );
    const secret = kept ?? said;
    secrets.set(pathKey(path), secret);
    put(spec, path, hintOf(secret));
  }
  return { spec, secrets };
}

/** At the same place, or at the only other one with that hint. */
function keptFor(hint: string, path: Path, { spec, secrets }: Split): string | undefined {
  const same = secrets.get(pathKey(path));
  if (same !== undefined && valueAt(spec, path) === hint) return same;
  const others = [...secrets].filter(([key]) => valueAt(spec, JSON.parse(key) as Path) === hint);
  return others.length === 1 ? others[0]?.[1] : undefined;
}

function looksLikeHint(text: string): boolean {
  return text === '***' || /^.{3}….{4}$/.test(text);
}

/** Changes the spec itself. */
export function put(spec: Fields, path: Path, value: string): void {
  const around = valueAt(spec, path.slice(0, -1)) as Record<string | number, unknown>;
  around[path.at(-1) as string | number] = value;
}
