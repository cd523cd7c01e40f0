import type { Config } from '../config/config.js';
import type { EntityConfig } from '../config/entity.js';
import { compareIds, cursorOf, readCursor } from './cursor.js';
import { type EntityApi, PARENT_KINDS } from './entity-kinds.js';
import { fileJson, isUnder, storedJson } from './entity-text.js';
import type { OpenGovernance } from './governance.js';
import { BadParameter, readChoice, readNumber, readParameters } from './parameters.js';
import { Places } from './places.js';
import { type Reach, sees } from './reach.js';

const MOST = 1000;
const USUAL = 100;

type Json = Record<string, unknown>;

/**
 * `GET /api/keys` and the like: what the file and the store define, ordered by id.
 *
 * @param query what follows the `?`: `search` (part of the id or name), `organization`, `team`, `project`, `user` (what it
 *   belongs to), `source` (file or store), `limit` (up to 1000), `cursor`
 * @param reach what the caller may see; null: everything
 */
export async function listEntities(
  api: EntityApi,
  { store }: Pick<OpenGovernance, 'store'>,
  config: Config,
  query: string,
  reach: Reach | null = null,
): Promise<Json> {
  const given = readParameters(query, ['search', 'source', 'limit', 'cursor', ...PARENT_KINDS]);
  const limit = readNumber(given, 'limit', MOST, USUAL);
  const source = readChoice(given, 'source', ['all', 'file', 'store']);
  const after = readCursor(given.get('cursor'));
  const search = given.get('search') ?? undefined;
  const wanted = Object.fromEntries(
    PARENT_KINDS.flatMap((kind) => (given.has(kind) ? [[kind, given.get(kind) as string]] : [])),
  );
  const now = Date.now();
  const places = new Places(config, store.entities);
  const visible = async (at: () => Promise<Set<string>>): Promise<boolean> =>
    reach === null || sees(reach, await at());
  const found: Json[] = [];
  for (const one of source === 'store' ? [] : inFileOf(api, config))
    if (fits(one.link, search) && isUnder(one.parents, wanted) && (await visible(() => places.ofFile(one))))
      found.push(fileJson(one, now));
  if (source !== 'file') {
    const fileIds = new Set(inFileOf(api, config).map(({ link }) => link.id));
    const { user, ...above } = wanted;
    const [under, ...more] = Object.entries(above).map(([kind, id]) => `${kind}:${id}`);
    if (more.length > 0)
      throw new BadParameter('organization', 'give one of project, team and organization: the nearest');
    // As many as it takes: of those that are read, some may be out of the caller's sight.
    for (let [from, more] = [after, limit + 1]; more > 0; ) {
      const rows = await store.entities.list(api.kind, {
        search,
        under,
        user,
        after: from,
        limit: limit + 1,
      });
      for (const row of rows) {
        if (!(await visible(() => places.ofStored(api.kind, row.id, row)))) continue;
        more--;
        const hashes = api.kind === 'key' ? await store.hashesOf(row.id) : [];
        const shown = storedJson(api, row, { hashes, now });
        // Of both, the file's counts.
        found.push(
          fileIds.has(row.id)
            ? {
                ...shown,
                in_force: false,
                in_force_reason: 'The configuration file defines the same id, and counts.',
              }
            : shown,
        );
      }
      if (rows.length <= limit) break;
      from = rows.at(-1)?.id;
    }
  }
  const later = found
    .filter(({ id }) => after === undefined || compareIds(String(id), after) > 0)
    .sort((a, b) => compareIds(String(a['id']), String(b['id'])));
  const page = later.slice(0, limit);
  const last = page.at(-1);
  const next = later.length > limit && last !== undefined ? cursorOf(String(last['id'])) : null;
  return { data: page, next_cursor: next };
}

/** What the file defines of a kind. */
export function inFileOf(api: EntityApi, config: Config): readonly EntityConfig[] {
  if (api.kind === 'key') return config.keys;
  return [...config.entities.values()].filter(({ link }) => link.kind === api.kind);
}

function fits({ id, name }: { id: string; name: string }, search: string | undefined): boolean {
  if (search === undefined) return true;
  const part = search.toLowerCase();
  return id.toLowerCase().includes(part) || name.toLowerCase().includes(part);
}
