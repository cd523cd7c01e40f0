import { headerOf } from '@headgate/sdk';
import { entityKey } from '../config/entity-key.js';
import type { ControlAnswer, ControlRequest } from '../control.js';
import type { Author } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import { ENTITY_APIS, type EntityApi } from './entity-kinds.js';
import { inFileOf, listEntities } from './entity-list.js';
import type { Fields } from './entity-service.js';
import { fileJson, storedJson } from './entity-text.js';
import type { Governance, GovernanceParts, OpenGovernance } from './governance.js';

/** A path below `/api` that is about entities. */
export interface EntityPath {
  readonly api: EntityApi;
  /** Null: all of them. */
  readonly id: string | null;
  /** What is done to a key. */
  readonly action: 'rotate' | 'revoke' | 'import' | null;
}

const PATH = /^\/api\/([a-z-]+)(?:\/([^/]+))?(?:\/(rotate|revoke))?$/;

export function entityPath(path: string): EntityPath | null {
  const match = PATH.exec(path);
  const api = ENTITY_APIS.find((one) => one.path === match?.[1]);
  if (match === null || api === undefined) return null;
  const [, , part, action] = match;
  if (action !== undefined && api.kind !== 'key') return null;
  try {
    const id = part === undefined ? null : decodeURIComponent(part);
    return { api, id, action: (action as 'rotate' | 'revoke' | undefined) ?? null };
  } catch {
    return null;
  }
}

/** Methods of a path. `POST /api/keys/import` is the only one whose id is a word. */
export function methodsOf({ api, id, action }: EntityPath): string[] {
  if (action !== null) return ['POST'];
  if (id === null) return ['GET', 'HEAD', 'POST'];
  const item = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'];
  return api.kind === 'key' && id === 'import' ? [...item, 'POST'] : item;
}

/** The admin API of organizations, teams, projects, users, customers, tags and virtual keys. */
export class EntityRoutes {
  constructor(
    private readonly governance: Governance,
    private readonly parts: Pick<GovernanceParts, 'config'>,
  ) {}

  /** @throws StoreError, ReadOnly, BadParameter about what was asked for */
  async serve(path: EntityPath, request: ControlRequest, author: Author): Promise<ControlAnswer> {
    const open = await this.governance.open();
    const { api, id, action } = path;
    const { method } = request;
    if (method === 'GET' || method === 'HEAD')
      return id === null
        ? json(200, await listEntities(api, open, this.parts.config(), request.query))
        : json(200, await this.one(api, id, open));
    if (action === 'rotate') {
      const { key, secret } = await open.keys.rotate(String(id), bodyOf(request), author);
      return this.made(200, api, key, open, secret);
    }
    if (action === 'revoke') return this.made(200, api, await open.keys.revoke(String(id), author), open);
    if (method === 'POST') return this.create(path, request, author, open);
    const version = headerOf(request.headers, 'if-match');
    if (method === 'DELETE') {
      const asked = version ?? new URLSearchParams(request.query).get('version') ?? undefined;
      await open.entities.remove(api, String(id), asked, author);
      return json(200, { id, deleted: true });
    }
    const given = bodyOf(request);
    const fields = version === undefined ? given : { version, ...given };
    const after = await open.entities.update(api, String(id), fields, author, method === 'PUT');
    return this.made(200, api, after, open);
  }

  private async create(
    { api, id }: EntityPath,
    request: ControlRequest,
    author: Author,
    open: OpenGovernance,
  ): Promise<ControlAnswer> {
    const given = bodyOf(request);
    if (api.kind !== 'key') return this.made(201, api, await open.entities.create(api, given, author), open);
    if (id === 'import') return this.made(201, api, await open.keys.importHash(given, author), open);
    const { key, secret } = await open.keys.create(given, author);
    return this.made(201, api, key, open, secret);
  }

  private async one(api: EntityApi, id: string, { store }: OpenGovernance): Promise<Fields> {
    const own = inFileOf(api, this.parts.config()).find(
      ({ link }) => entityKey(link.kind, link.id) === entityKey(api.kind, id),
    );
    const now = Date.now();
    if (own !== undefined) return fileJson(own, now);
    const found = await store.entities.get(api.kind, id);
    return storedJson(api, found, { hashes: api.kind === 'key' ? await store.hashesOf(id) : [], now });
  }

  private async made(
    status: number,
    api: EntityApi,
    entity: StoredEntity,
    { store }: OpenGovernance,
    secret?: string,
  ): Promise<ControlAnswer> {
    const hashes = api.kind === 'key' ? await store.hashesOf(entity.id) : [];
    const shown = storedJson(api, entity, { hashes, now: Date.now() });
    return json(status, secret === undefined ? shown : { ...shown, secret });
  }
}

function json(status: number, body: object): ControlAnswer {
  // A secret that is shown once must not stay in somebody's cache.
  return {
    status,
    headers: ['content-type', 'application/json', 'cache-control', 'no-store'],
    body: JSON.stringify(body),
  };
}

/** Most bytes of what is sent to the admin API. */
const MOST_BODY = 1024 * 1024;

/** The body as an object; an empty one when there is none. */
function bodyOf({ body }: ControlRequest): Fields {
  if (body.length > MOST_BODY)
    throw new StoreError('entity_invalid', `the body is larger than ${MOST_BODY} bytes`);
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new StoreError('entity_invalid', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new StoreError('entity_invalid', 'the body must be a JSON object');
  return value as Fields;
}
