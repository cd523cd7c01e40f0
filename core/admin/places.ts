import type { Config } from '../config/config.js';
import type { EntityConfig } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';
import type { GivenGrant } from '../config/resolve-admin.js';
import type { EntityRows, StoredEntity } from '../store/control/entity-rows.js';

type Found = Pick<StoredEntity, 'parent' | 'userId' | 'spec'>;

/** Most that is followed upwards: a circle ends somewhere. */
const MOST = 16;

/** Where entities are: all that they belong to, by `kind:id`, and they themselves. Remembers what it has looked up. */
export class Places {
  private readonly known = new Map<string, readonly string[]>();

  constructor(
    private readonly config: Pick<Config, 'entities' | 'keys' | 'people'>,
    private readonly rows: Pick<EntityRows, 'find'>,
  ) {}

  /** Of something of the store, as it is or will be. */
  ofStored(kind: string, id: string, entity: Found): Promise<Set<string>> {
    return this.from(kind, id, aboveStored(kind, entity));
  }

  ofFile({ link: { kind, id }, parents }: EntityConfig): Promise<Set<string>> {
    const teams = kind === 'user' ? placesOf(this.config.people.get(id)?.roles ?? []) : [];
    return this.from(kind, id, [...parents, ...teams]);
  }

  /** Of whatever has that id, in the file or in the store; null when nothing has. */
  async of(kind: string, id: string): Promise<Set<string> | null> {
    const filed =
      this.config.entities.get(entityKey(kind as EntityConfig['link']['kind'], id)) ??
      (kind === 'key' ? this.config.keys.find(({ link }) => link.id === id) : undefined);
    if (filed !== undefined) return this.ofFile(filed);
    const stored = await this.rows.find(kind, id);
    return stored === null ? null : this.ofStored(kind, id, stored);
  }

  private async from(kind: string, id: string, above: readonly string[]): Promise<Set<string>> {
    const found = new Set([`${kind}:${id}`]);
    const next = [...above];
    for (let name = next.shift(); name !== undefined && found.size < MOST * 8; name = next.shift()) {
      if (found.has(name)) continue;
      found.add(name);
      // Whose a key is says nothing of where it is.
      if (!name.startsWith('user:')) next.push(...(await this.above(name)));
    }
    return found;
  }

  private async above(name: string): Promise<readonly string[]> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const colon = name.indexOf(':');
    const [kind, id] = [name.slice(0, colon), name.slice(colon + 1)];
    const filed = this.config.entities.get(name as ReturnType<typeof entityKey>);
    let above: readonly string[] = filed?.parents ?? [];
    if (filed === undefined) {
      const stored = await this.rows.find(kind, id);
      if (stored !== null) above = aboveStored(kind, stored);
    }
    this.known.set(name, above);
    return above;
  }
}

function aboveStored(kind: string, { parent, userId, spec }: Found): string[] {
  const roles = kind === 'user' ? ((spec['roles'] as GivenGrant[] | undefined) ?? []) : [];
  return [
    ...(parent === null ? [] : [parent]),
    ...(userId === null ? [] : [`user:${userId}`]),
    ...placesOf(roles),
  ];
}

/** The teams that somebody's roles are in: whoever manages a team sees its members. */
function placesOf(roles: readonly { team?: string | null | undefined }[]): string[] {
  return roles.flatMap(({ team }) => (team === null || team === undefined ? [] : [`team:${team}`]));
}
