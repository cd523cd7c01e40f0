import { body, ERRORS, type Json, jsonSchema, ok, query, TEXT } from './openapi-parts.js';
import { credentialSchema } from './own-credentials.js';

const HOLDER = [{ admin: [] }, { key: [] }];
const SERVER = { name: 'server', in: 'path', required: true, schema: TEXT };
const OWN: Json = {
  type: 'object',
  required: ['server', 'type'],
  properties: {
    server: TEXT,
    type: { enum: ['user_header', 'forward', 'token_exchange'] },
    owner: { ...TEXT, description: 'Whose it is, such as `user:ada`.' },
    credential: { enum: ['missing', 'set', 'in_file'] },
    updated_at: { type: ['string', 'null'], format: 'date-time' },
  },
};
const DELETED: Json = {
  type: 'object',
  required: ['server', 'owner', 'deleted'],
  properties: { server: TEXT, owner: TEXT, deleted: { type: 'boolean' } },
};

/** Paths about credentials of users for MCP servers. */
export function credentialPaths(): Json {
  return {
    '/api/me/mcp': {
      get: {
        operationId: 'list_own_mcp_credentials',
        summary: 'MCP servers that want a credential of each user, and whether there is one of whoever asks',
        security: HOLDER,
        responses: {
          200: ok({ type: 'object', properties: { data: { type: 'array', items: OWN } } }),
          ...ERRORS,
        },
      },
    },
    '/api/me/mcp/{server}/credential': {
      parameters: [SERVER],
      put: {
        operationId: 'set_own_mcp_credential',
        summary: 'What an MCP server is to see of whoever asks',
        security: HOLDER,
        requestBody: body(jsonSchema(credentialSchema)),
        responses: { 200: ok(OWN), ...ERRORS },
      },
      delete: {
        operationId: 'remove_own_mcp_credential',
        summary: 'Takes away what is kept for an MCP server of whoever asks',
        security: HOLDER,
        responses: { 200: ok(DELETED), ...ERRORS },
      },
    },
    '/api/mcp-credentials': {
      get: {
        operationId: 'list_mcp_credentials',
        summary: 'Who has credentials for which MCP servers',
        parameters: [query('server', TEXT), query('owner', TEXT, 'Such as `user:ada`')],
        responses: {
          200: ok({
            type: 'object',
            properties: { data: { type: 'array', items: { type: 'object' } } },
          }),
          ...ERRORS,
        },
      },
    },
    '/api/mcp-credentials/{server}/{owner}': {
      parameters: [SERVER, { ...SERVER, name: 'owner' }],
      delete: {
        operationId: 'remove_mcp_credentials',
        summary: 'Takes away all that somebody has for an MCP server',
        responses: { 200: ok(DELETED), ...ERRORS },
      },
    },
  };
}
