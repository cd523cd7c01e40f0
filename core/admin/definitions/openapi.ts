import {
  body,
  CURSOR,
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
} from '../openapi-parts.js';
import { DEFINITION_APIS, type DefinitionApi } from './definition-kinds.js';

function nameOf({ kind }: DefinitionApi): string {
  const words = kind.split('_').map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${words.join('')}Definition`;
}

const BOOLEAN = { type: 'boolean' };

/** Schemas of what the file and the store may both define: those that the file is checked by. */
export function definitionSchemas(): Json {
  return Object.fromEntries(
    DEFINITION_APIS.flatMap((api) => {
      const given = jsonSchema(api.schema);
      const properties = {
        ...(given['properties'] as Json),
        id: TEXT,
        source: { enum: ['file', 'store'] },
        read_only: BOOLEAN,
        read_only_reason: TEXT,
        in_force: BOOLEAN,
        in_force_reason: { type: 'string', description: 'Why it is not.' },
        version: { type: 'integer' },
        created_at: { type: 'string', format: 'date-time' },
        updated_at: { type: 'string', format: 'date-time' },
      };
      const required = ['id', 'source', 'read_only', 'in_force'];
      return [
        [`${nameOf(api)}Given`, given],
        [nameOf(api), { type: 'object', required, properties }],
      ];
    }),
  );
}

export function definitionPaths(): Json {
  return Object.assign({}, ...DEFINITION_APIS.map(pathsOf)) as Json;
}

function pathsOf(api: DefinitionApi): Json {
  const [shown, given] = [ref(nameOf(api)), ref(`${nameOf(api)}Given`)];
  const { kind, path, plural } = api;
  const givenWith = (properties: Json, required: readonly string[] = []): Json => ({
    allOf: [given, { type: 'object', required, properties }],
  });
  const id = { name: 'id', in: 'path', required: true, schema: TEXT, description: 'With slashes as %2F' };
  return {
    [`/api/${path}`]: {
      get: {
        operationId: `list_${path.replaceAll('-', '_')}`,
        summary: `The ${plural} of the file and of the store; secrets are hinted at`,
        parameters: [
          query('search', TEXT, 'Part of the id'),
          query('source', { enum: ['all', 'file', 'store'], default: 'all' }),
          query('in_force', { enum: ['all', 'true', 'false'], default: 'all' }),
          ...(api.providersOf === null ? [] : [query('provider', TEXT, 'That it names')]),
          LIMIT,
          CURSOR,
        ],
        responses: { 200: ok(page(shown)), ...ERRORS },
      },
      post: {
        operationId: `create_${kind}_definition`,
        summary:
          'Makes one; refused, with the words of `headgate check`, when the configuration would not do with it',
        requestBody: body(givenWith({ id: jsonSchema(api.id) }, kind === 'plugin' ? [] : ['id'])),
        responses: { 201: ok(shown, 'It is in force on this node; on others within a second'), ...ERRORS },
      },
    },
    [`/api/${path}/{id}`]: {
      parameters: [id],
      get: { operationId: `get_${kind}_definition`, responses: { 200: ok(shown), ...ERRORS } },
      put: {
        operationId: `replace_${kind}_definition`,
        parameters: [VERSION],
        requestBody: body(givenWith({ version: { type: 'integer' } })),
        responses: { 200: ok(shown), ...ERRORS },
      },
      patch: {
        operationId: `update_${kind}_definition`,
        summary: 'Changes the fields that are sent; null takes one away',
        parameters: [VERSION],
        requestBody: body({ type: 'object' }),
        responses: { 200: ok(shown), ...ERRORS },
      },
      delete: {
        operationId: `delete_${kind}_definition`,
        parameters: [VERSION],
        responses: { 200: ok({ type: 'object' }, 'It is gone'), ...ERRORS },
      },
    },
  };
}
