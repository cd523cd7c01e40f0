import type { z } from 'zod';
import { GROUP_DIMENSIONS, USAGE_DIMENSIONS } from '../store/usage-report.js';
import { acceptSchema } from './accept-tool.js';
import { definitionPaths, definitionSchemas } from './definitions/openapi.js';
import { ENTITY_APIS, type EntityApi, PARENT_KINDS } from './entity-kinds.js';
import { importSchema, rotateSchema } from './key-service.js';
import { MODEL_PARAMETERS } from './models.js';
import { credentialPaths } from './openapi-credentials.js';
import { invoicePaths } from './openapi-invoices.js';
import { ownQuotaSchema } from './openapi-me.js';
import { operatingPaths } from './openapi-operating.js';
import {
  body,
  CURSOR,
  content,
  ERROR,
  ERRORS,
  type Json,
  jsonSchema,
  LIMIT,
  ok,
  page,
  query,
  ref,
  TEXT,
  VERSION,
} from './openapi-parts.js';
import { peoplePaths } from './openapi-people.js';
import { portablePaths } from './portable/openapi.js';
import { requestPaths } from './requests/openapi.js';

let written: string | undefined;

/**
 * The admin API as an OpenAPI 3.1 document, https://spec.openapis.org/oas/v3.1.1. What may be sent comes from the schemas that
 * requests are checked by. Written when somebody asks for the first time.
 */
export function openApiText(): string {
  written ??= JSON.stringify(openApi());
  return written;
}

export function openApi(): Json {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Headgate admin API',
      version: '1',
      description:
        'Keys, entities, providers, models, usage and the audit of one gateway. docs/keys.md, docs/admin-api.md and docs/ledger.md say more.',
    },
    servers: [{ url: '/' }],
    security: [{ admin: [] }],
    paths: {
      ...Object.assign({}, ...ENTITY_APIS.map(pathsOf)),
      ...keyPaths(),
      ...definitionPaths(),
      ...portablePaths(),
      ...requestPaths(),
      ...otherPaths(),
      ...credentialPaths(),
      ...peoplePaths({ schema: jsonSchema, errors: ERRORS }),
    },
    components: {
      securitySchemes: {
        admin: {
          type: 'http',
          scheme: 'bearer',
          description: 'The admin token, or a service token; docs/people.md.',
        },
        key: { type: 'http', scheme: 'bearer', description: 'A virtual key.' },
      },
      schemas: { ...Object.assign({}, ...ENTITY_APIS.map(schemasOf)), ...definitionSchemas(), Error: ERROR },
    },
  };
}

function nameOf({ kind }: EntityApi): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

function schemasOf(api: EntityApi): Json {
  const given = jsonSchema(api.schema as unknown as z.ZodType);
  const shown = {
    type: 'object',
    required: ['id', 'name', 'source', 'read_only'],
    properties: {
      ...(given['properties'] as Json),
      id: { type: 'string' },
      name: { type: 'string' },
      source: { enum: ['file', 'store'] },
      read_only: { type: 'boolean' },
      read_only_reason: { type: 'string' },
      version: {
        type: 'integer',
        description: 'Sent back with a change, it refuses one that others have overtaken.',
      },
      created_at: { type: 'string', format: 'date-time' },
      updated_at: { type: 'string', format: 'date-time' },
      ...(api.kind === 'key' && KEY_STATE),
    },
  };
  return { [`${nameOf(api)}Given`]: given, [nameOf(api)]: shown };
}

const TIME = { type: ['string', 'null'], format: 'date-time' };
const KEY_STATE: Json = {
  prefix: { type: ['string', 'null'], description: 'How the secret begins.' },
  status: { enum: ['active', 'disabled', 'expired', 'revoked'] },
  rotated_at: TIME,
  revoked_at: TIME,
  old_secret_until: TIME,
  next_rotation_at: { ...TIME, description: 'When its secret is replaced by schedule.' },
  secret_waits: { type: 'boolean', description: 'A new secret waits for its holder, or for an admin.' },
};

function pathsOf(api: EntityApi): Json {
  const [name, given] = [ref(nameOf(api)), ref(`${nameOf(api)}Given`)];
  const { kind, path, plural } = api;
  const id = { name: 'id', in: 'path', required: true, schema: jsonSchema(api.id) };
  const made = kind === 'key' ? { allOf: [name, SECRET] } : name;
  const withId = { allOf: [given, { type: 'object', properties: { id: jsonSchema(api.id) } }] };
  const withVersion = { allOf: [given, { type: 'object', properties: { version: { type: 'integer' } } }] };
  return {
    [`/api/${path}`]: {
      get: {
        operationId: `list_${path}`,
        summary: `The ${plural} of the file and of the store`,
        parameters: [
          query('search', TEXT, 'Part of the id or the name'),
          query('source', { enum: ['all', 'file', 'store'], default: 'all' }),
          ...PARENT_KINDS.map((parent) => query(parent, TEXT, 'What it belongs to')),
          LIMIT,
          CURSOR,
        ],
        responses: { 200: ok(page(name)), ...ERRORS },
      },
      post: {
        operationId: `create_${kind}`,
        summary: `Makes one${kind === 'key' ? '; its secret is told once' : ''}`,
        requestBody: body(withId),
        responses: { 201: ok(made, 'It is in force on this node; on others within a second'), ...ERRORS },
      },
    },
    [`/api/${path}/{id}`]: {
      parameters: [id],
      get: { operationId: `get_${kind}`, responses: { 200: ok(name), ...ERRORS } },
      put: {
        operationId: `replace_${kind}`,
        parameters: [VERSION],
        requestBody: body(withVersion),
        responses: { 200: ok(name), ...ERRORS },
      },
      patch: {
        operationId: `update_${kind}`,
        summary: 'Changes the fields that are sent; null takes one away',
        parameters: [VERSION],
        requestBody: body({ type: 'object' }),
        responses: { 200: ok(name), ...ERRORS },
      },
      delete: {
        operationId: `delete_${kind}`,
        parameters: [VERSION],
        responses: { 200: ok({ type: 'object' }, 'It is gone'), ...ERRORS },
      },
    },
  };
}

const SECRET: Json = {
  type: 'object',
  required: ['secret'],
  properties: { secret: { type: 'string', description: 'Told once, and kept nowhere.' } },
};

function keyPaths(): Json {
  const parameters = [{ name: 'id', in: 'path', required: true, schema: TEXT }];
  return {
    '/api/keys/import': {
      post: {
        operationId: 'import_key',
        summary: 'A key of which only the hash is known',
        requestBody: body({ allOf: [jsonSchema(importSchema), ref('KeyGiven')] }),
        responses: { 201: ok(ref('Key')), ...ERRORS },
      },
    },
    '/api/keys/{id}/rotate': {
      parameters,
      post: {
        operationId: 'rotate_key',
        summary: 'A new secret; the old one works for as long as `grace` says',
        requestBody: { content: content(jsonSchema(rotateSchema)) },
        responses: { 200: ok({ allOf: [ref('Key'), SECRET] }), ...ERRORS },
      },
    },
    '/api/keys/{id}/secret': {
      parameters,
      post: {
        operationId: 'take_key_secret',
        summary: 'The secret of a scheduled rotation that the holder has not fetched, once',
        responses: { 200: ok({ allOf: [ref('Key'), SECRET] }), ...ERRORS },
      },
    },
    '/api/keys/{id}/revoke': {
      parameters,
      post: { operationId: 'revoke_key', responses: { 200: ok(ref('Key')), ...ERRORS } },
    },
  };
}

function otherPaths(): Json {
  const anything = { type: 'object' };
  const period = [
    query('from', TEXT, 'A date, a time or unix milliseconds'),
    query('to', TEXT),
    query('time_zone', TEXT),
  ];
  const list = (items: readonly string[]): Json => ({ type: 'array', items: { enum: items } });
  return {
    '/api/usage': {
      get: {
        operationId: 'get_usage',
        summary: 'Requests, tokens and cost by any mix of dimensions and time',
        parameters: [
          { ...query('group_by', list(USAGE_DIMENSIONS)), explode: false },
          ...GROUP_DIMENSIONS.map((name) => query(name, { type: 'array', items: TEXT })),
          ...period,
          query('limit', { type: 'integer', minimum: 1, maximum: 50_000, default: 10_000 }),
          CURSOR,
          query('format', { enum: ['json', 'csv'], default: 'json' }),
        ],
        responses: {
          200: { description: 'The sums', content: { ...content(anything), 'text/csv': { schema: TEXT } } },
          ...ERRORS,
        },
      },
    },
    ...invoicePaths(),
    '/api/audit': {
      get: {
        operationId: 'get_audit',
        summary: 'Every change of the store, the latest first',
        parameters: [
          ...['actor', 'action', 'kind', 'id'].map((name) => query(name, TEXT)),
          ...period,
          LIMIT,
          CURSOR,
        ],
        responses: { 200: ok(page(anything)), ...ERRORS },
      },
    },
    ...operatingPaths(),
    '/api/models': {
      get: {
        operationId: 'list_models',
        summary: 'Every model, what it can do and costs, and who may use it',
        parameters: MODEL_PARAMETERS.map((name) => query(name, TEXT)),
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/mcp/servers': {
      get: {
        operationId: 'list_mcp_servers',
        summary: 'MCP servers and how they are; with a virtual key those that it may use',
        security: [{ admin: [] }, { key: [] }],
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/mcp/tools': {
      get: {
        operationId: 'list_mcp_tools',
        summary: 'Tools of MCP servers; with a virtual key those that it may use',
        security: [{ admin: [] }, { key: [] }],
        parameters: [query('server', { type: 'array', items: TEXT }, 'Of these servers alone')],
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/mcp/held': {
      get: {
        operationId: 'list_held_tools',
        summary: 'Pinned tools of MCP servers that are others by now: as they were, and as they are',
        responses: { 200: ok(anything), ...ERRORS },
      },
      post: {
        operationId: 'accept_held_tool',
        summary: 'Accepts one as it is now, on all nodes; `fingerprint` is that of the list',
        requestBody: body(jsonSchema(acceptSchema)),
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/mcp/call': {
      post: {
        operationId: 'call_mcp_tool',
        summary: 'Calls a tool with a virtual key',
        security: [{ key: [] }],
        requestBody: body({
          type: 'object',
          required: ['server', 'tool'],
          properties: { server: TEXT, tool: TEXT, arguments: anything },
          additionalProperties: false,
        }),
        responses: { 200: ok(anything, 'What the tool returned'), ...ERRORS },
      },
    },
    '/api/me': {
      get: {
        operationId: 'get_own_quota',
        summary: 'What the holder of a virtual key may use, and what of it is used',
        security: [{ key: [] }],
        responses: { 200: ok(ownQuotaSchema), ...ERRORS },
      },
    },
    '/api/me/secret': {
      post: {
        operationId: 'fetch_own_secret',
        summary:
          'The secret that takes the place of the one that is shown, as often as it is asked for while the old one works',
        security: [{ key: [] }],
        responses: { 200: ok(OWN_SECRET), ...ERRORS },
      },
    },
    '/api/me/rotate': {
      post: {
        operationId: 'rotate_own_key',
        summary: 'Another secret, where the key lets its holder ask (`rotate.self`)',
        security: [{ key: [] }],
        requestBody: { content: content(jsonSchema(rotateSchema)) },
        responses: { 200: ok(OWN_SECRET), ...ERRORS },
      },
    },
  };
}

const OWN_SECRET: Json = {
  type: 'object',
  required: ['id', 'secret', 'old_secret_until'],
  properties: {
    id: { type: 'string' },
    secret: { type: ['string', 'null'], description: 'Null: none waits.' },
    old_secret_until: TIME,
  },
};
