import { configSchema } from '../../config/schema.js';
import { ERRORS, type Json, jsonSchema, ok, query, TEXT } from '../openapi-parts.js';

const NAMED = {
  type: 'array',
  items: { type: 'object', properties: { kind: TEXT, id: TEXT, why: TEXT }, required: ['kind', 'id'] },
};

export function portablePaths(): Json {
  const yaml = { 'application/yaml': { schema: TEXT } };
  const report = {
    type: 'object',
    required: ['dry_run', 'created', 'updated', 'unchanged', 'deleted', 'skipped', 'ignored'],
    properties: {
      dry_run: { type: 'boolean' },
      created: NAMED,
      updated: NAMED,
      unchanged: NAMED,
      deleted: NAMED,
      skipped: NAMED,
      ignored: { type: 'array', items: TEXT, description: 'Sections that belong into the file of each node' },
    },
  };
  return {
    '/api/export': {
      get: {
        operationId: 'export_config',
        summary: 'What the store defines as a headgate.yaml, without secrets',
        parameters: [query('of', { enum: ['store', 'all'], default: 'store' }, '`all`: the file too')],
        responses: { 200: { description: 'The text of the file', content: yaml }, ...ERRORS },
      },
    },
    '/api/import': {
      post: {
        operationId: 'import_config',
        summary: 'Takes a headgate.yaml into the store, all or nothing',
        parameters: [
          query(
            'dry_run',
            { enum: ['false', 'true'], default: 'false' },
            'Says what would happen, and does nothing',
          ),
          query(
            'prune',
            { enum: ['false', 'true'], default: 'false' },
            'Of the sections that the text has, deletes what it does not have',
          ),
        ],
        requestBody: {
          required: true,
          content: { ...yaml, 'application/json': { schema: jsonSchema(configSchema) } },
        },
        responses: { 200: ok(report, 'What came of it'), ...ERRORS },
      },
    },
  };
}
