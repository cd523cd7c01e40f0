import { entityId, entityName } from '../../config/sections/entities.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { iso } from '../entity-text.js';
import { invalidValue } from './scim-error.js';

type Json = Record<string, unknown>;

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** What is kept of a user as the identity provider has it. */
export const USER_ATTRIBUTES = [
  'userName',
  'externalId',
  'name',
  'displayName',
  'emails',
  'active',
  'title',
  'preferredLanguage',
  'locale',
  'timezone',
] as const;

/** A user as the identity provider sends it, checked. */
export interface ScimUser {
  readonly userName: string;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly email: string | null;
  /** For people. */
  readonly shown: string;
  /** As it is given back. */
  readonly kept: Json;
}

const MOST = 256;

/** Throws a ScimError about what cannot be taken. */
export function readUser(given: Json): ScimUser {
  const userName = text(given, 'userName');
  if (userName === null) throw invalidValue('a user needs a "userName"');
  const kept: Json = { userName };
  const externalId = text(given, 'externalId');
  if (externalId !== null) kept['externalId'] = externalId;
  for (const name of ['displayName', 'title', 'preferredLanguage', 'locale', 'timezone']) {
    const value = text(given, name);
    if (value !== null) kept[name] = value;
  }
  const name = nameOf(given['name']);
  if (name !== null) kept['name'] = name;
  const emails = emailsOf(given['emails']);
  if (emails.length > 0) kept['emails'] = emails;
  const primary = emails.find((one) => one['primary'] === true) ?? emails[0];
  const full =
    name === null
      ? ''
      : String(name['formatted'] ?? [name['givenName'], name['familyName']].filter(Boolean).join(' '));
  const shown = [kept['displayName'], full, userName].find(
    (one): one is string => entityName.safeParse(one).success,
  );
  return {
    userName,
    externalId,
    active: truth(given['active'] ?? true),
    email: primary === undefined ? (looksLikeEmail(userName) ? userName : null) : String(primary['value']),
    shown: shown ?? 'user',
    kept,
  };
}

/** Entra ID sends "True" and "False" as texts. */
function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw invalidValue('"active" is true or false');
}

function text(given: Json, name: string): string | null {
  const value = given[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || value.length > MOST || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value))
    throw invalidValue(`"${name}" must be a text of at most ${MOST} characters without control characters`);
  return value;
}

function nameOf(value: unknown): Json | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidValue('"name" must be an object');
  const parts = ['formatted', 'givenName', 'familyName', 'middleName'].flatMap((part) => {
    const one = text(value as Json, part);
    return one === null ? [] : [[part, one]];
  });
  return parts.length === 0 ? null : (Object.fromEntries(parts) as Json);
}

function emailsOf(value: unknown): Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > 20) throw invalidValue('"emails" must be a list of at most 20');
  return value.flatMap((one: unknown): Json[] => {
    if (typeof one !== 'object' || one === null)
      throw invalidValue('an e-mail address must be an object with a "value"');
    const address = text(one as Json, 'value');
    if (address === null) return [];
    if (!looksLikeEmail(address)) throw invalidValue('"emails" has something that is no e-mail address');
    const type = text(one as Json, 'type');
    const { primary } = one as Json;
    return [
      {
        value: address,
        ...(type !== null && { type }),
        ...(primary !== undefined && primary !== null && { primary: truth(primary) }),
      },
    ];
  });
}

function looksLikeEmail(address: string): boolean {
  return /^[^\s@"'<>]+@[^\s@"'<>]+\.[^\s@"'<>]+$/.test(address) && address.length <= 254;
}

/** An id that tells who it is, if the user name can be one. */
export function idFrom({ userName }: ScimUser): string | null {
  return entityId.safeParse(userName).success ? userName : null;
}

/** As the store has it, whether SCIM has made it or somebody else. */
export function userName({ id, spec, state }: StoredEntity): string {
  const kept = state['scim'] as Json | undefined;
  return String(kept?.['userName'] ?? spec['email'] ?? id);
}

/** The resource of a user. @param groups ids and names of those it is in */
export function userResource(entity: StoredEntity, groups: readonly { id: string; name: string }[]): Json {
  const { id, name, spec, state, createdMs, updatedMs, version } = entity;
  const kept = (state['scim'] as Json | undefined) ?? {
    displayName: name,
    ...(spec['email'] !== undefined && { emails: [{ value: spec['email'], primary: true }] }),
  };
  return {
    schemas: [USER_SCHEMA],
    id,
    ...kept,
    userName: userName(entity),
    active: spec['disabled'] !== true,
    groups: groups.map((group) => ({ value: group.id, display: group.name })),
    meta: {
      resourceType: 'User',
      created: iso(createdMs),
      lastModified: iso(updatedMs),
      location: `/api/scim/v2/Users/${encodeURIComponent(id)}`,
      version: `W/"${version}"`,
    },
  };
}
