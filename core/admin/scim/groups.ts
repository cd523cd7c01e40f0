import { randomBytes } from 'node:crypto';
import { entityName } from '../../config/sections/entities.js';
import type { ControlAnswer } from '../../control.js';
import type { Writing } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { iso } from '../entity-text.js';
import type { OpenGovernance } from '../governance.js';
import { bodyOf } from '../reply.js';
import type { AdminRequest } from '../route.js';
import { everyOf } from './every-of.js';
import type { Filter } from './filter.js';
import { equalities, matches, mentions, onlyEqualities } from './filter-match.js';
import { listAnswer, readAsked, without } from './listing.js';
import { type Operation, readOperations } from './patch.js';
import { invalidValue, scimAnswer } from './scim-error.js';

type Json = Record<string, unknown>;

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PREFIX = 'scim-';
const groupName = (name: string): string => `scim-group:${name.toLowerCase()}`;
const externalName = (externalId: string): string => `scim-group-ext:${externalId}`;
/** Most members that one request may name. */
const MOST_MEMBERS = 10_000;

type Rows = Pick<OpenGovernance['store'], 'entities' | 'people'>;

export async function listGroups({ store }: OpenGovernance, { query }: AdminRequest): Promise<ControlAnswer> {
  const asked = readAsked(query);
  const { filter, offset, count, excluded } = asked;
  const shown = (some: StoredEntity[]) => Promise.all(some.map((one) => resourceOf(one, store, excluded)));
  if (filter === null) {
    const page = await store.entities.page('group', offset, count);
    return listAnswer(await shown(page), await store.entities.count('group'), asked);
  }
  const found = await matching(filter, store);
  return listAnswer(await shown(found.slice(offset, offset + count)), found.length, asked);
}

export async function oneGroup(
  { store }: OpenGovernance,
  { params, query }: AdminRequest,
): Promise<ControlAnswer> {
  const { excluded } = readAsked(query);
  const group = await store.entities.get('group', params['id'] ?? '');
  return scimAnswer(200, without(await resourceOf(group, store, excluded), excluded));
}

export async function createGroup({ store }: OpenGovernance, request: AdminRequest): Promise<ControlAnswer> {
  const given = bodyOf(request);
  const [name, externalId] = [nameOf(given['displayName']), externalIdOf(given['externalId'])];
  const members = memberIds(given['members'] ?? []);
  const id = `grp_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
  const { after } = await store.change(request.author, async (writing) => {
    const state = { ...(externalId !== null && { externalId }), members: members.length };
    const entity = { kind: 'group', id, name, parent: null, userId: null, spec: {}, state };
    const made = await writing.entities.insert(entity, writing.now);
    await note(made, writing);
    await addMembers(id, members, writing);
    return { action: 'create', kind: 'group', id, before: null, after: made };
  });
  const resource = await resourceOf(after as StoredEntity, store, new Set());
  return scimAnswer(201, resource, ['location', (resource['meta'] as { location: string }).location]);
}

export async function replaceGroup(open: OpenGovernance, request: AdminRequest): Promise<ControlAnswer> {
  const given = bodyOf(request);
  const members = memberIds(given['members'] ?? []);
  return changeGroup(open, request, async (before, writing) => {
    await writing.people.removeMembers(before.id, null);
    await addMembers(before.id, members, writing);
    return renamed(before, { displayName: given['displayName'], externalId: given['externalId'] ?? null });
  });
}

export async function patchGroup(open: OpenGovernance, request: AdminRequest): Promise<ControlAnswer> {
  const operations = readOperations(bodyOf(request));
  return changeGroup(open, request, async (before, writing) => {
    let group = before;
    for (const one of operations) group = await applied(group, one, writing);
    return group;
  });
}

export async function deleteGroup(
  { store }: OpenGovernance,
  { params, author }: AdminRequest,
): Promise<ControlAnswer> {
  const id = params['id'] ?? '';
  await store.change(author, async (writing) => {
    const before = await writing.entities.get('group', id);
    await writing.people.removeMembers(id, null);
    await writing.people.forgetNames({ kind: 'group', id });
    await writing.entities.remove('group', id);
    return { action: 'delete', kind: 'group', id, before, after: null };
  });
  return { status: 204, headers: [], body: '' };
}

async function changeGroup(
  { store }: OpenGovernance,
  { params, author, query }: AdminRequest,
  next: (before: StoredEntity, writing: Writing) => Promise<StoredEntity>,
): Promise<ControlAnswer> {
  const id = params['id'] ?? '';
  const { after } = await store.change(author, async (writing) => {
    const before = await writing.entities.get('group', id);
    const group = await next(before, writing);
    const members = (await writing.people.membersOf(id)).length;
    const made = await writing.entities.update(
      { ...group, state: { ...group.state, members } },
      null,
      writing.now,
    );
    await note(made, writing);
    return { action: 'update', kind: 'group', id, before, after: made };
  });
  const { excluded } = readAsked(query);
  return scimAnswer(200, without(await resourceOf(after as StoredEntity, store, excluded), excluded));
}

async function applied(
  group: StoredEntity,
  { op, path, value }: Operation,
  writing: Writing,
): Promise<StoredEntity> {
  const attribute = path?.attribute.toLowerCase();
  if (path === null || path.foreign) return group;
  if (attribute === 'displayname') return renamed(group, { displayName: op === 'remove' ? null : value });
  if (attribute === 'externalid') return renamed(group, { externalId: op === 'remove' ? null : value });
  if (attribute !== 'members') return group;
  const { people } = writing;
  if (op === 'remove') {
    // Entra ID sends the members to be removed as the value; without any, all of them are meant.
    const given = value === undefined || value === null ? null : memberIds(value);
    const some = path.where === null ? given : await membersWhere(group.id, path.where, writing);
    await people.removeMembers(group.id, some);
    return group;
  }
  const members = memberIds(value);
  if (op === 'replace' && path.where === null) await people.removeMembers(group.id, null);
  await addMembers(group.id, members, writing);
  return group;
}

function renamed(group: StoredEntity, given: { displayName?: unknown; externalId?: unknown }): StoredEntity {
  const { externalId: _, ...state } = group.state;
  const externalId =
    'externalId' in given ? externalIdOf(given.externalId) : externalIdOf(group.state['externalId']);
  return {
    ...group,
    name: 'displayName' in given ? nameOf(given.displayName) : group.name,
    state: { ...state, ...(externalId !== null && { externalId }) },
  };
}

function nameOf(value: unknown): string {
  const name = entityName.safeParse(value);
  if (!name.success) throw invalidValue('a group needs a "displayName" of at most 200 characters');
  return name.data;
}

function externalIdOf(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || value.length > 256)
    throw invalidValue('"externalId" must be a text of at most 256 characters');
  return value;
}

/** Ids of members as they are sent: a list of objects, one of them, or their ids. */
function memberIds(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MOST_MEMBERS) throw invalidValue(`at most ${MOST_MEMBERS} members at a time`);
  return list.map((one) => {
    const given = typeof one === 'object' && one !== null ? (one as Json) : { value: one };
    if (typeof given['value'] !== 'string' || given['value'] === '')
      throw invalidValue('a member needs the id of a user as its "value"');
    if (String(given['type'] ?? 'User').toLowerCase() !== 'user')
      throw invalidValue('groups in groups are not taken');
    return given['value'];
  });
}

async function addMembers(
  id: string,
  users: readonly string[],
  { entities, people }: Writing,
): Promise<void> {
  for (const user of users)
    if ((await entities.find('user', user)) === null)
      throw invalidValue(`there is no user ${JSON.stringify(user.slice(0, 128))}`);
  await people.addMembers(id, users);
}

async function note({ id, name, state }: StoredEntity, { people }: Writing): Promise<void> {
  const { externalId } = state;
  const names = [groupName(name), ...(typeof externalId === 'string' ? [externalName(externalId)] : [])];
  await people.setNames({ kind: 'group', id }, PREFIX, names);
}

async function matching(filter: Filter, rows: Rows): Promise<StoredEntity[]> {
  const excluded = new Set(mentions(filter, 'members') ? [] : ['members']);
  const found: StoredEntity[] = [];
  for (const one of await candidatesOf(filter, rows))
    if (matches(await resourceOf(one, rows, excluded), filter)) found.push(one);
  return found;
}

/** By what finds few; all of them only when nothing of that kind is asked for. */
async function candidatesOf(filter: Filter, { entities, people }: Rows): Promise<StoredEntity[]> {
  for (const [attribute, value] of equalities(filter)) {
    if (typeof value !== 'string') continue;
    let ids: string[] | null = null;
    if (attribute === 'id') ids = [value];
    else if (attribute === 'displayname') ids = idsOf(await people.named(groupName(value)));
    else if (attribute === 'externalid') ids = idsOf(await people.named(externalName(value)));
    else if (attribute === 'members.value' || attribute === 'members') ids = await people.groupsOf(value);
    if (ids === null) continue;
    const some = await Promise.all(ids.map((id) => entities.find('group', id)));
    return some.filter((one) => one !== null);
  }
  return everyOf('group', entities);
}

/** The members that an operation is about. */
async function membersWhere(group: string, where: Filter, { people, entities }: Rows): Promise<string[]> {
  const [only, ...others] = onlyEqualities(where) ?? [];
  if (only?.[0] === 'value' && others.length === 0) return [String(only[1])];
  const found: string[] = [];
  for (const value of await people.membersOf(group)) {
    const user = await entities.find('user', value);
    if (matches({ value, display: user?.name, type: 'User' }, where)) found.push(value);
  }
  return found;
}

function idsOf(known: { kind: string; id: string } | null): string[] {
  return known?.kind === 'group' ? [known.id] : [];
}

async function resourceOf(
  group: StoredEntity,
  { people, entities }: Rows,
  excluded: ReadonlySet<string>,
): Promise<Json> {
  const { id, name, state, createdMs, updatedMs, version } = group;
  const members: Json[] = [];
  if (!excluded.has('members'))
    for (const value of await people.membersOf(id)) {
      const user = await entities.find('user', value);
      if (user !== null) members.push({ value, display: user.name, type: 'User' });
    }
  return {
    schemas: [GROUP_SCHEMA],
    id,
    ...(state['externalId'] !== undefined && { externalId: state['externalId'] }),
    displayName: name,
    members,
    meta: {
      resourceType: 'Group',
      created: iso(createdMs),
      lastModified: iso(updatedMs),
      location: `/api/scim/v2/Groups/${encodeURIComponent(id)}`,
      version: `W/"${version}"`,
    },
  };
}
