import { body, ERRORS, type Json, jsonSchema, ok, query, TEXT } from './openapi-parts.js';
import { credentialSchema } from './own-credentials.js';

const HOLDER = [{ admin: [] }, { key: [] }];
const SERVER = { name: 'server', in: 'path', required: true, schema: TEXT };
const OWN: Json = {
  type: 'object',
  required: ['server', 'type'],
  properties: {
    server: TEXT,
    type: { enum: ['user_header', 'forward', 'oauth', 'token_exchange'] },
    owner: { ...TEXT, description: 'Whose it is, such as `user:ada`.' },
    credential: { enum: ['missing', 'set', 'in_file'] },
    authorize_path: { ...TEXT, description: 'Where its user signs in, with a browser.' },
    updated_at: { type: ['string', 'null'], format: 'date-time' },
  },
};
const PAGE: Json = { description: 'A page', content: { 'text/html': { schema: TEXT } } };
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
    '/api/mcp/{server}/authorize': {
      parameters: [SERVER],
      get: {
        operationId: 'ask_mcp_sign_in',
        summary:
          'A page that asks whether its user means to sign in at the authorization server of an MCP server',
        security: [],
        parameters: [query('ticket', TEXT)],
        responses: { 200: PAGE, ...ERRORS },
      },
      post: {
        operationId: 'begin_mcp_sign_in',
        summary: 'Leads to that authorization server',
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/x-www-form-urlencoded': {
              schema: { type: 'object', properties: { ticket: TEXT, browser: TEXT } },
            },
          },
        },
        responses: { 303: { description: 'There' }, ...ERRORS },
      },
    },
    '/api/mcp/oauth/callback': {
      get: {
        operationId: 'end_mcp_sign_in',
        summary: 'Where authorization servers of MCP servers send browsers back to',
        security: [],
        parameters: ['state', 'code', 'iss', 'error'].map((name) => query(name, TEXT)),
        responses: { 200: PAGE, ...ERRORS },
      },
    },
    '/api/mcp/oauth/client.json': {
      get: {
        operationId: 'get_mcp_oauth_client',
        summary: 'What the gateway is as an OAuth client, for authorization servers that read it there',
        security: [],
        responses: { 200: ok({ type: 'object' }), ...ERRORS },
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
