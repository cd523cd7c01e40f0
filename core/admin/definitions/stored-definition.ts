import type { Definition, DefinitionKind } from '../../config/definitions.js';
import { formatPath, type Path } from '../../config/path.js';
import type { EntityRows, StoredEntity } from '../../store/control/entity-rows.js';
import { DEFINITION_APIS } from './definition-kinds.js';
import { SealError, type Sealer } from './sealer.js';
import type { Fields, Split } from './secret-places.js';

const PAGE = 1000;

/** What the store defines, of every kind, by id. */
export async function storedDefinitions(rows: Pick<EntityRows, 'list'>): Promise<StoredEntity[]> {
  const found: StoredEntity[] = [];
  for (const { kind } of DEFINITION_APIS) {
    for (let after = ''; ; ) {
      const page = await rows.list(kind, { after, limit: PAGE });
      found.push(...page);
      if (page.length < PAGE) break;
      after = page.at(-1)!.id;
    }
  }
  return found;
}

/** The definition with its secrets. Throws a SealError that names the first that cannot be opened. */
export function opened({ kind, id, spec, state }: StoredEntity, sealer: Sealer): Definition {
  const secrets = Object.entries(sealedOf(state)).map(([key, sealed]): [string, string] => {
    try {
      return [key, sealer.open(sealed, placeOf(kind, id, key))];
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new SealError(`${formatPath(JSON.parse(key) as Path)} cannot be read: ${error.message}`);
    }
  });
  return { kind: kind as DefinitionKind, id, spec, secrets: new Map(secrets) };
}

/** Its state: the secrets, sealed for their places. */
export function sealedState(kind: DefinitionKind, id: string, { secrets }: Split, sealer: Sealer): Fields {
  if (secrets.size === 0) return {};
  const sealed = [...secrets].map(([key, secret]) => [key, sealer.seal(secret, placeOf(kind, id, key))]);
  return { sealed: Object.fromEntries(sealed) as Fields };
}

export function sealedOf(state: Fields): Readonly<Record<string, string>> {
  return (state['sealed'] ?? {}) as Record<string, string>;
}

function placeOf(kind: string, id: string, key: string): string {
  return `${kind}:${id}:${key}`;
}
