import { z } from 'zod';

export type Json = Record<string, unknown>;

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const content = (schema: Json): Json => ({ 'application/json': { schema } });
export const body = (schema: Json): Json => ({ required: true, content: content(schema) });
export const ok = (schema: Json, description = 'What is there now'): Json => ({
  description,
  content: content(schema),
});

export const ERROR: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: 'string', description: 'Stable; docs/lifecycle.md lists them.' },
        request_id: { type: 'string' },
      },
    },
  },
};

/** What every path may answer with. */
export const ERRORS: Json = Object.fromEntries(
  Object.entries({
    400: 'What was sent makes no sense; the message names the field',
    401: 'The token is missing or wrong',
    403: 'Whoever asks may not do that',
    404: 'There is none of that id',
    409: 'Another version is there by now, something belongs to it, or the configuration file defines it',
    503: 'The store cannot be reached',
  }).map(([status, description]) => [status, { description, content: content(ref('Error')) }]),
);

/** A schema of ours in the form that OpenAPI 3.1 shares with JSON Schema. */
export function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return rest;
}

export const query = (name: string, schema: Json, description = ''): Json => ({
  name,
  in: 'query',
  schema,
  ...(description !== '' && { description }),
});
export const TEXT = { type: 'string' };
export const LIMIT = query('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 100 });
export const CURSOR = query('cursor', TEXT, '`next_cursor` of the page before');
export const VERSION = {
  name: 'if-match',
  in: 'header',
  schema: TEXT,
  description: 'The version that is to be changed; `version` in the body says the same.',
};

export function page(schema: Json): Json {
  const properties = { data: { type: 'array', items: schema }, next_cursor: { type: ['string', 'null'] } };
  return { type: 'object', required: ['data', 'next_cursor'], properties };
}
