import type { LiveConfig } from '../../live-config.js';
import type { EntityRows, StoredEntity } from '../../store/control/entity-rows.js';
import { compareIds, cursorOf, readCursor } from '../cursor.js';
import { IN_FILE, iso } from '../entity-text.js';
import { readChoice, readNumber, readParameters } from '../parameters.js';
import type { DefinitionApi } from './definition-kinds.js';
import { inFile, type Wanted } from './definition-service.js';
import { IN_FILE_TOO } from './reasons.js';
import { type Fields, shownSpec } from './secret-places.js';

const MOST = 1000;
const USUAL = 100;

type Live = Pick<LiveConfig, 'written' | 'outOfForce'>;

/**
 * `GET /api/providers` and the like: what the file and the store define, ordered by id.
 *
 * @param query what follows the `?`: `search` (part of the id), `source` (file or store), `in_force` (true or false),
 *   `provider` (of models and prices), `limit` (up to 1000), `cursor`
 */
export async function listDefinitions(
  api: DefinitionApi,
  rows: Pick<EntityRows, 'list'>,
  live: Live,
  query: string,
): Promise<Fields> {
  const names = ['search', 'source', 'in_force', 'limit', 'cursor'];
  const given = readParameters(query, api.providersOf === null ? names : [...names, 'provider']);
  const limit = readNumber(given, 'limit', MOST, USUAL);
  const source = readChoice(given, 'source', ['all', 'file', 'store']);
  const force = readChoice(given, 'in_force', ['all', 'true', 'false']);
  const after = readCursor(given.get('cursor'));
  const search = given.get('search')?.toLowerCase();
  const provider = given.get('provider');
  const fits = (id: string, spec: Fields, inForce: boolean): boolean =>
    (search === undefined || id.toLowerCase().includes(search)) &&
    (force === 'all' || String(inForce) === force) &&
    (provider === null || (api.providersOf?.(id, spec) ?? []).includes(provider)) &&
    (after === undefined || compareIds(id, after) > 0);
  const found: { id: string; shown: Fields }[] = [];
  if (source !== 'store')
    for (const one of inFile(api, live.written))
      if (fits(one.id, one.fields, true)) found.push({ id: one.id, shown: fileDefinition(api, one) });
  if (source !== 'file')
    // One page of it may have none that fits.
    for (let from = after ?? '', left = limit + 1; left > 0; ) {
      const page = await rows.list(api.kind, { after: from, limit: MOST });
      for (const row of page) {
        const shown = storedDefinition(row, live);
        if (!fits(row.id, row.spec, shown['in_force'] === true)) continue;
        found.push({ id: row.id, shown });
        left--;
      }
      if (page.length < MOST) break;
      from = page.at(-1)!.id;
    }
  found.sort((a, b) => compareIds(a.id, b.id));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    data: page.map(({ shown }) => shown),
    next_cursor: found.length > limit && last !== undefined ? cursorOf(last.id) : null,
  };
}

/** Something of the store as the API shows it, without its secrets. */
export function storedDefinition(
  { kind, id, spec, version, createdMs, updatedMs }: StoredEntity,
  live: Live,
): Fields {
  const why = live.outOfForce(`${kind}:${id}`);
  return {
    id,
    source: 'store',
    read_only: why === IN_FILE_TOO,
    ...(why === IN_FILE_TOO && { read_only_reason: IN_FILE }),
    in_force: why === undefined,
    ...(why !== undefined && { in_force_reason: why }),
    ...spec,
    version,
    created_at: iso(createdMs),
    updated_at: iso(updatedMs),
  };
}

/** Something of the file as the API shows it: in its words, without secrets. */
export function fileDefinition({ kind }: DefinitionApi, { id, fields }: Wanted): Fields {
  const { name: _, ...spec } = shownSpec(kind, fields);
  return {
    id,
    source: 'file',
    read_only: true,
    read_only_reason: IN_FILE,
    in_force: true,
    ...spec,
  };
}
