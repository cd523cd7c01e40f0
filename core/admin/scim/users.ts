import { randomBytes } from 'node:crypto';
import { entityKey } from '../../config/entity-key.js';
import type { ControlAnswer } from '../../control.js';
import type { Change, Writing } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import type { OpenGovernance } from '../governance.js';
import { scimUserName } from '../login/sign-in.js';
import { bodyOf } from '../reply.js';
import type { AdminRequest } from '../route.js';
import type { AdminParts } from '../routes.js';
import { everyOf } from './every-of.js';
import type { Filter } from './filter.js';
import { equalities, matches, mentions } from './filter-match.js';
import { listAnswer, readAsked, without } from './listing.js';
import { apply, readOperations } from './patch.js';
import { ScimError, scimAnswer } from './scim-error.js';
import { idFrom, readUser, type ScimUser, USER_ATTRIBUTES, userName, userResource } from './user.js';

type Json = Record<string, unknown>;

const PREFIX = 'scim-';
const externalName = (externalId: string): string => `scim-ext:${externalId}`;
const PAGE = 1000;

/** `GET /Users` */
export async function listUsers({ store }: OpenGovernance, { query }: AdminRequest): Promise<ControlAnswer> {
  const asked = readAsked(query);
  const { filter, offset, count } = asked;
  if (filter === null) {
    const page = await store.entities.page('user', offset, count);
    const shown = await Promise.all(page.map((one) => resourceOf(one, store)));
    return listAnswer(shown, await store.entities.count('user'), asked);
  }
  const found = await matching(filter, store);
  const page = found.slice(offset, offset + count);
  return listAnswer(await Promise.all(page.map((one) => resourceOf(one, store))), found.length, asked);
}

export async function oneUser(
  { store }: OpenGovernance,
  { params, query }: AdminRequest,
): Promise<ControlAnswer> {
  const resource = await resourceOf(await store.entities.get('user', params['id'] ?? ''), store);
  return scimAnswer(200, without(resource, readAsked(query).excluded));
}

export async function createUser(
  open: OpenGovernance,
  request: AdminRequest,
  parts: AdminParts,
): Promise<ControlAnswer> {
  const { store, feed } = open;
  const user = readUser(bodyOf(request));
  if ((await named(user.userName, store)) !== null) throw taken(user);
  const wanted = idFrom(user);
  const free =
    wanted !== null &&
    !parts.config().people.has(wanted) &&
    (await store.entities.find('user', wanted)) === null;
  const id = free
    ? wanted
    : `user_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
  const { after } = await store.change(request.author, async (writing) => {
    const entity = { kind: 'user', id, parent: null, userId: null, ...partsOf(user, {}, {}) };
    const made = await writing.entities.insert(entity, writing.now);
    await note(id, user, writing);
    return { action: 'create', kind: 'user', id, before: null, after: made };
  });
  await feed.look();
  const resource = await resourceOf(after as StoredEntity, store);
  return scimAnswer(201, resource, ['location', (resource['meta'] as { location: string }).location]);
}

/** `PUT`: all attributes are given. */
export async function replaceUser(open: OpenGovernance, request: AdminRequest): Promise<ControlAnswer> {
  const user = readUser(bodyOf(request));
  return changeUser(open, request, () => user);
}

export async function patchUser(open: OpenGovernance, request: AdminRequest): Promise<ControlAnswer> {
  const operations = readOperations(bodyOf(request));
  return changeUser(open, request, (before) => {
    const resource = { ...userResource(before, []) };
    for (const operation of operations) apply(resource, operation, USER_ATTRIBUTES);
    return readUser(resource);
  });
}

async function changeUser(
  { store, feed }: OpenGovernance,
  { params, author }: AdminRequest,
  next: (before: StoredEntity) => ScimUser,
): Promise<ControlAnswer> {
  const id = params['id'] ?? '';
  const { after } = await store.change(author, async (writing) => {
    const before = await writing.entities.get('user', id);
    const user = next(before);
    const known = await named(user.userName, { entities: writing.entities, people: writing.people });
    if (known !== null && known.id !== id) throw taken(user);
    const changed = { ...before, ...partsOf(user, before.spec, before.state) };
    const made = await writing.entities.update(changed, null, writing.now);
    await note(id, user, writing);
    // Whoever is shut out is so at once; the keys are refused by the rules of their user.
    if (!user.active) await writing.people.endSessions({ userId: id });
    return { action: 'update', kind: 'user', id, before, after: made };
  });
  await feed.look();
  return scimAnswer(200, await resourceOf(after as StoredEntity, store));
}

/** The user is gone for good; the keys are taken back, and stay to be seen. */
export async function deleteUser(
  { store, feed }: OpenGovernance,
  { params, author }: AdminRequest,
): Promise<ControlAnswer> {
  const id = params['id'] ?? '';
  await store.changes(author, async (writing) => {
    const before = await writing.entities.get('user', id);
    const done: Change[] = [];
    for (let after = ''; ; ) {
      const keys = await writing.entities.list('key', { user: id, after, limit: PAGE });
      for (const key of keys) done.push(await revoked(key, writing));
      if (keys.length < PAGE) break;
      after = keys.at(-1)?.id ?? '';
    }
    await writing.people.forgetUser(id);
    await writing.credentials.forgetOwner(entityKey('user', id));
    await writing.entities.remove('user', id);
    return [...done, { action: 'delete', kind: 'user', id, before, after: null }];
  });
  await feed.look();
  return { status: 204, headers: [], body: '' };
}

async function revoked(key: StoredEntity, writing: Writing): Promise<Change> {
  await writing.setHashes(key.id, []);
  const { user: _, ...spec } = key.spec;
  const state = { ...key.state, revoked_ms: key.state['revoked_ms'] ?? writing.now };
  const after = await writing.entities.update({ ...key, userId: null, spec, state }, null, writing.now);
  return { action: 'revoke', kind: 'key', id: key.id, before: key, after };
}

/** What is kept of it: the rules that somebody here has given stay. */
function partsOf(
  user: ScimUser,
  spec: StoredEntity['spec'],
  state: StoredEntity['state'],
): Pick<StoredEntity, 'name' | 'spec' | 'state'> {
  const { disabled: _d, email: _e, ...rules } = spec;
  return {
    name: user.shown,
    spec: {
      ...rules,
      ...(user.email !== null && { email: user.email }),
      ...(!user.active && { disabled: true }),
    },
    state: { ...state, scim: user.kept },
  };
}

async function note(
  id: string,
  { userName: name, externalId }: ScimUser,
  { people }: Writing,
): Promise<void> {
  const names = [scimUserName(name), ...(externalId === null ? [] : [externalName(externalId)])];
  await people.setNames({ kind: 'user', id }, PREFIX, names);
}

function taken({ userName: name }: ScimUser): ScimError {
  return new ScimError(409, 'uniqueness', `there is a user ${JSON.stringify(name)} already`);
}

type Rows = Pick<OpenGovernance['store'], 'entities' | 'people'>;

/** By the name that SCIM has given, else by what stands in for one. */
async function named(name: string, { entities, people }: Rows): Promise<StoredEntity | null> {
  const known = await people.named(scimUserName(name));
  if (known?.kind === 'user') return entities.find('user', known.id);
  const others = [await entities.find('user', name), await entities.userWithEmail(name.toLowerCase())];
  return others.find((one) => one !== null && userName(one).toLowerCase() === name.toLowerCase()) ?? null;
}

async function matching(filter: Filter, rows: Rows): Promise<StoredEntity[]> {
  const ofGroups = mentions(filter, 'groups');
  const found: StoredEntity[] = [];
  for (const one of await candidatesOf(filter, rows)) {
    const resource = ofGroups ? await resourceOf(one, rows) : userResource(one, []);
    if (matches(resource, filter)) found.push(one);
  }
  return found;
}

/** By what finds few; all of them only when nothing of that kind is asked for. */
async function candidatesOf(filter: Filter, { entities, people }: Rows): Promise<StoredEntity[]> {
  for (const [attribute, value] of equalities(filter)) {
    if (typeof value !== 'string') continue;
    let one: StoredEntity | null | undefined;
    if (attribute === 'id') one = await entities.find('user', value);
    if (attribute === 'username') one = await named(value, { entities, people });
    if (attribute === 'externalid') {
      const known = await people.named(externalName(value));
      one = known?.kind === 'user' ? await entities.find('user', known.id) : null;
    }
    if (one !== undefined) return one === null ? [] : [one];
  }
  return everyOf('user', entities);
}

async function resourceOf(user: StoredEntity, { entities, people }: Rows): Promise<Json> {
  const groups: { id: string; name: string }[] = [];
  for (const id of await people.groupsOf(user.id)) {
    const group = await entities.find('group', id);
    if (group !== null) groups.push({ id, name: group.name });
  }
  return userResource(user, groups);
}
