import { headerOf } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import { entityKey } from '../config/entity-key.js';
import type { ControlAnswer } from '../control.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import { ENTITY_APIS, type EntityApi } from './entity-kinds.js';
import { inFileOf, listEntities } from './entity-list.js';
import type { Fields } from './entity-service.js';
import { fileJson, storedJson } from './entity-text.js';
import type { Governance, OpenGovernance } from './governance.js';
import { Places } from './places.js';
import { reachOf, sees } from './reach.js';
import { bodyOf, json } from './reply.js';
import type { Permission } from './role.js';
import { type AdminRequest, type Route, route } from './route.js';

/** The admin API of organizations, teams, projects, users, customers, tags and virtual keys. */
export function entityRoutes(governance: Governance, config: () => Config): Route[] {
  return ENTITY_APIS.flatMap((api) => new EntityRoutes(api, governance, config).lines());
}

/** What one needs to read and to change things of a kind. */
function permissionsOf({ kind }: EntityApi): [read: Permission, write: Permission] {
  if (kind === 'key') return ['keys:read', 'keys:write'];
  return kind === 'user' ? ['people:read', 'people:write'] : ['entities:read', 'entities:write'];
}

type Work = (open: OpenGovernance, request: AdminRequest, id: string) => Promise<ControlAnswer>;

class EntityRoutes {
  constructor(
    private readonly api: EntityApi,
    private readonly governance: Governance,
    private readonly config: () => Config,
  ) {}

  lines(): Route[] {
    const [read, write] = permissionsOf(this.api);
    const all = `/api/${this.api.path}`;
    const lines = [
      route('GET', all, read, this.run(this.list)),
      route('POST', all, write, this.run(this.create)),
      route('GET', `${all}/{id}`, read, this.run(this.one)),
      route('PUT PATCH', `${all}/{id}`, write, this.run(this.update)),
      route('DELETE', `${all}/{id}`, write, this.run(this.remove)),
    ];
    if (this.api.kind !== 'key') return lines;
    return [
      ...lines,
      route('POST', `${all}/import`, write, this.run(this.importHash)),
      route('POST', `${all}/{id}/rotate`, write, this.run(this.rotate)),
      route('POST', `${all}/{id}/secret`, write, this.run(this.takeSecret)),
      route('POST', `${all}/{id}/revoke`, write, this.run(this.revoke)),
    ];
  }

  /** What is out of the caller's sight is not there for it. */
  private run(work: Work): Route['serve'] {
    return async (request) => {
      const open = await this.governance.open();
      const { id } = request.params;
      if (id !== undefined && request.author.guard !== undefined) await this.find(open, request, id);
      return work(open, request, id ?? '');
    };
  }

  private async find({ store }: OpenGovernance, { caller }: AdminRequest, id: string): Promise<void> {
    const { kind } = this.api;
    const reach = reachOf(caller, permissionsOf(this.api)[0]);
    if (reach === null) return;
    const at = await new Places(this.config(), store.entities).of(kind, id);
    if (at === null || !sees(reach, at))
      throw new StoreError('entity_unknown', `there is no ${kind} "${id}"`);
  }

  private readonly list: Work = async (open, { query, caller }) => {
    const reach = reachOf(caller, permissionsOf(this.api)[0]);
    return json(200, await listEntities(this.api, open, this.config(), query, reach));
  };

  private readonly one: Work = async ({ store }, _, id) => {
    const { api } = this;
    const own = inFileOf(api, this.config()).find(
      ({ link }) => entityKey(link.kind, link.id) === entityKey(api.kind, id),
    );
    if (own !== undefined) return json(200, fileJson(own, Date.now()));
    return json(200, await this.shown(await store.entities.get(api.kind, id), store));
  };

  private readonly create: Work = async ({ entities, keys, store }, request) => {
    const { author } = request;
    const given = this.withOwner(bodyOf(request), request);
    if (this.api.kind !== 'key')
      return json(201, await this.shown(await entities.create(this.api, given, author), store));
    const { key, secret } = await keys.create(given, author);
    return json(201, { ...(await this.shown(key, store)), secret });
  };

  /** Of somebody who may make keys for himself alone, a key is his, in the one team that he is a member of. */
  private withOwner(given: Fields, { caller }: AdminRequest): Fields {
    if (this.api.kind !== 'key') return given;
    const reach = reachOf(caller, 'keys:write');
    if (reach === null || reach.own === null || reach.places.size > 0) return given;
    const placed = ['project', 'team', 'organization'].some((one) => given[one] !== undefined);
    const [place, ...others] = reach.ownWithin ?? [];
    const colon = place?.indexOf(':') ?? 0;
    return {
      ...(!placed && place !== undefined && others.length === 0
        ? { [place.slice(0, colon)]: place.slice(colon + 1) }
        : {}),
      user: reach.own,
      ...given,
    };
  }

  private readonly update: Work = async ({ entities, store }, request, id) => {
    const version = headerOf(request.headers, 'if-match');
    const given = bodyOf(request);
    const fields = version === undefined ? given : { version, ...given };
    const replace = request.method === 'PUT';
    const after = await entities.update(this.api, id, fields, request.author, replace);
    return json(200, await this.shown(after, store));
  };

  private readonly remove: Work = async ({ entities }, { headers, query, author }, id) => {
    const version = headerOf(headers, 'if-match') ?? new URLSearchParams(query).get('version') ?? undefined;
    await entities.remove(this.api, id, version, author);
    return json(200, { id, deleted: true });
  };

  private readonly importHash: Work = async ({ keys, store }, request) =>
    json(201, await this.shown(await keys.importHash(bodyOf(request), request.author), store));

  private readonly rotate: Work = async ({ keys, store }, request, id) => {
    const { key, secret } = await keys.rotate(id, bodyOf(request), request.author);
    return json(200, { ...(await this.shown(key, store)), secret });
  };

  private readonly takeSecret: Work = async ({ rotation, store }, { author }, id) => {
    const { key, secret } = await rotation.forAdmin(id, author);
    return json(200, { ...(await this.shown(key, store)), secret });
  };

  private readonly revoke: Work = async ({ keys, store }, { author }, id) =>
    json(200, await this.shown(await keys.revoke(id, author), store));

  private async shown(entity: StoredEntity, store: OpenGovernance['store']): Promise<Fields> {
    const hashes = this.api.kind === 'key' ? await store.hashesOf(entity.id) : [];
    return storedJson(this.api, entity, { hashes, now: Date.now() });
  }
}
