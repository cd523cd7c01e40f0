import type { ControlAnswer } from '../../control.js';
import type { AdminRequest } from '../route.js';
import { GROUP_SCHEMA } from './groups.js';
import { ScimError, scimAnswer } from './scim-error.js';
import { USER_SCHEMA } from './user.js';

type Json = Record<string, unknown>;

const BASE = '/api/scim/v2';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

/** What this service can do, RFC 7643, 5. */
export function providerConfig(): ControlAnswer {
  return scimAnswer(200, {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: 200 },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A service token with the role scim.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${BASE}/ServiceProviderConfig` },
  });
}

const TYPES: readonly Json[] = [
  ['User', '/Users', USER_SCHEMA],
  ['Group', '/Groups', GROUP_SCHEMA],
].map(([id, endpoint, schema]) => ({
  schemas: [`${CORE}:ResourceType`],
  id,
  name: id,
  endpoint,
  schema,
  schemaExtensions: [],
  meta: { resourceType: 'ResourceType', location: `${BASE}/ResourceTypes/${id}` },
}));

const attribute = (name: string, more: Json = {}): Json => ({
  name,
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

const SCHEMAS: readonly Json[] = [
  {
    id: USER_SCHEMA,
    name: 'User',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute('externalId', { caseExact: true }),
      attribute('displayName'),
      attribute('title'),
      attribute('preferredLanguage'),
      attribute('locale'),
      attribute('timezone'),
      attribute('active', { type: 'boolean' }),
      attribute('name', {
        type: 'complex',
        subAttributes: ['formatted', 'givenName', 'familyName', 'middleName'].map((name) => attribute(name)),
      }),
      attribute('emails', {
        type: 'complex',
        multiValued: true,
        subAttributes: [attribute('value'), attribute('type'), attribute('primary', { type: 'boolean' })],
      }),
      attribute('groups', {
        type: 'complex',
        multiValued: true,
        mutability: 'readOnly',
        subAttributes: [attribute('value'), attribute('display')],
      }),
    ],
  },
  {
    id: GROUP_SCHEMA,
    name: 'Group',
    attributes: [
      attribute('displayName', { required: true, uniqueness: 'server' }),
      attribute('externalId', { caseExact: true }),
      attribute('members', {
        type: 'complex',
        multiValued: true,
        subAttributes: [attribute('value'), attribute('display'), attribute('type')],
      }),
    ],
  },
].map((one) => ({
  schemas: [`${CORE}:Schema`],
  ...one,
  meta: { resourceType: 'Schema', location: `${BASE}/Schemas/${one.id}` },
}));

export function resourceTypes(request: AdminRequest): ControlAnswer {
  return listed(TYPES, request);
}

export function schemas(request: AdminRequest): ControlAnswer {
  return listed(SCHEMAS, request);
}

function listed(all: readonly Json[], { params }: AdminRequest): ControlAnswer {
  const { id } = params;
  if (id !== undefined) {
    const found = all.find((one) => one['id'] === id);
    if (found === undefined) throw new ScimError(404, null, 'there is nothing of that id');
    return scimAnswer(200, found);
  }
  return scimAnswer(200, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: all.length,
    startIndex: 1,
    itemsPerPage: all.length,
    Resources: all,
  });
}
