import type { z } from 'zod';
import { memberSchema } from './members.js';
import { SCIM } from './scim/path.js';
import { tokenSchema } from './service-tokens.js';

type Json = Record<string, unknown>;

/** What the parts of the document are written with. */
export interface Words {
  readonly schema: (schema: z.ZodType) => Json;
  readonly errors: Json;
}

const ANYTHING = { type: 'object' };
const content = (schema: Json): Json => ({ 'application/json': { schema } });
const ok = (description: string, schema: Json = ANYTHING): Json => ({
  description,
  content: content(schema),
});
const inPath = (name: string): Json => ({ name, in: 'path', required: true, schema: { type: 'string' } });
const inQuery = (name: string, type = 'string'): Json => ({ name, in: 'query', schema: { type } });

/** Paths about who may do what. */
export function peoplePaths({ schema, errors }: Words): Json {
  const operation = (operationId: string, summary: string, more: Json = {}, status = 200): Json => ({
    operationId,
    summary,
    ...more,
    responses: { [status]: ok('What is there now'), ...errors },
  });
  const body = (given: z.ZodType): Json => ({
    requestBody: { required: true, content: content(schema(given)) },
  });
  const members = (kind: string): Json => ({
    [`/api/${kind}s/{id}/members`]: {
      parameters: [inPath('id')],
      get: operation(`list_${kind}_members`, `Who has a role in the ${kind}`),
    },
    [`/api/${kind}s/{id}/members/{user}`]: {
      parameters: [inPath('id'), inPath('user')],
      put: operation(`set_${kind}_member`, `Gives a user a role in the ${kind}`, body(memberSchema)),
      delete: operation(`remove_${kind}_member`, `Takes the role in the ${kind} from a user`),
    },
  });
  return {
    ...members('team'),
    ...members('organization'),
    ...scimPaths(errors),
    '/api/auth/login': {
      get: {
        operationId: 'sign_in',
        summary: 'Sends a browser to the identity provider',
        security: [],
        parameters: [inQuery('return_to')],
        responses: { 302: { description: 'To the identity provider' }, ...errors },
      },
    },
    '/api/auth/callback': {
      get: {
        operationId: 'signed_in',
        summary: 'Where the identity provider sends it back to',
        security: [],
        responses: { 302: { description: 'Signed in; to `return_to`' }, ...errors },
      },
    },
    '/api/auth/session': { get: operation('get_session', 'Who asks, and what they may do') },
    '/api/auth/logout': { post: operation('sign_out', 'Ends the session that the cookie names') },
    '/api/sessions': {
      get: operation('list_sessions', 'Who is signed in', {
        parameters: [inQuery('user'), inQuery('limit', 'integer')],
      }),
    },
    '/api/sessions/{id}': {
      parameters: [inPath('id')],
      delete: operation('end_session', 'Ends a session'),
    },
    '/api/service-tokens': {
      get: operation('list_service_tokens', 'Tokens of programs, without their secrets', {
        parameters: [inQuery('limit', 'integer'), inQuery('cursor')],
      }),
      post: operation('create_service_token', 'Makes one; its secret is told once', body(tokenSchema), 201),
    },
    '/api/service-tokens/{id}': {
      parameters: [inPath('id')],
      get: operation('get_service_token', 'One of them'),
      delete: operation('delete_service_token', 'Takes it back and forgets it'),
    },
    '/api/service-tokens/{id}/revoke': {
      parameters: [inPath('id')],
      post: operation('revoke_service_token', 'Takes it back; what is known of it stays'),
    },
  };
}

/** Their bodies are those of RFC 7643, which identity providers know. */
function scimPaths(errors: Json): Json {
  const one = (operationId: string, summary: string, status = 200): Json => ({
    operationId,
    summary,
    responses: {
      [status]:
        status === 204
          ? { description: 'It is gone' }
          : { description: 'As RFC 7643 has it', content: { 'application/scim+json': { schema: ANYTHING } } },
      ...errors,
    },
  });
  const body = {
    requestBody: { required: true, content: { 'application/scim+json': { schema: ANYTHING } } },
  };
  const of = (what: string, plural: string): Json => ({
    [`${SCIM}${plural}`]: {
      get: {
        ...one(`scim_list_${what}s`, `The ${what}s that an identity provider sees`),
        parameters: [inQuery('filter'), inQuery('startIndex', 'integer'), inQuery('count', 'integer')],
      },
      post: { ...one(`scim_create_${what}`, 'Makes one', 201), ...body },
    },
    [`${SCIM}${plural}/{id}`]: {
      parameters: [inPath('id')],
      get: one(`scim_get_${what}`, 'One of them'),
      put: { ...one(`scim_replace_${what}`, 'All attributes of one'), ...body },
      patch: { ...one(`scim_patch_${what}`, 'Some of its attributes'), ...body },
      delete: one(`scim_delete_${what}`, 'Deletes one', 204),
    },
  });
  return {
    ...of('user', 'Users'),
    ...of('group', 'Groups'),
    [`${SCIM}ServiceProviderConfig`]: { get: one('scim_service', 'What of SCIM 2.0 is served') },
    ...Object.fromEntries(
      ['ResourceTypes', 'Schemas'].flatMap((what) => [
        [`${SCIM}${what}`, { get: one(`scim_${what}`, `${what} of SCIM 2.0`) }],
        [`${SCIM}${what}/{id}`, { parameters: [inPath('id')], get: one(`scim_${what}_one`, 'One of them') }],
      ]),
    ),
  };
}
