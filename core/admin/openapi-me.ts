import type { Json } from './openapi-parts.js';

const TEXT = { type: 'string' };
const TIME = { type: 'string', format: 'date-time' };
const USD = { type: 'string', description: 'US dollars, exact to nine places.' };
const OF: Json = {
  type: 'object',
  required: ['kind', 'id', 'name'],
  properties: { kind: TEXT, id: TEXT, name: TEXT },
};
const WINDOW: Json = {
  of: { ...OF, description: 'Whose it is: of the key, or of what it belongs to.' },
  per: { enum: ['minute', 'hour', 'day', 'week', 'month', 'year'] },
  window: { enum: ['calendar', 'rolling'] },
  time_zone: TEXT,
  since: TIME,
  resets_at: { ...TIME, type: ['string', 'null'], description: 'Null of a rolling window.' },
};

/** What `GET /api/me` answers. */
export const ownQuotaSchema: Json = {
  type: 'object',
  required: ['id', 'name', 'expires_at', 'models', 'belongs_to', 'budgets', 'limits'],
  properties: {
    id: TEXT,
    name: TEXT,
    expires_at: { ...TIME, type: ['string', 'null'], description: 'Of the secret that was shown.' },
    models: { type: 'array', items: TEXT },
    belongs_to: { type: 'array', items: OF },
    budgets: {
      type: 'array',
      items: {
        type: 'object',
        required: ['of', 'usd', 'per', 'window', 'spent_usd', 'remaining_usd', 'since', 'resets_at'],
        properties: {
          ...WINDOW,
          usd: { type: 'number' },
          spent_usd: USD,
          remaining_usd: USD,
          hard: { type: 'boolean' },
          reserve: { enum: ['most', 'expected'] },
          raise: { type: 'object', properties: { usd: { type: 'number' }, until: TIME } },
          downgrade: { type: 'object', properties: { at: { type: 'number' }, to: TEXT } },
        },
      },
    },
    limits: {
      type: 'array',
      items: {
        type: 'object',
        required: ['of'],
        properties: {
          ...WINDOW,
          requests: { type: 'integer' },
          input_tokens: { type: 'integer' },
          output_tokens: { type: 'integer' },
          total_tokens: { type: 'integer' },
          usd: { type: 'number' },
          parallel_requests: { type: 'integer' },
          used: { type: 'integer' },
          remaining: { type: 'integer' },
          spent_usd: USD,
          remaining_usd: USD,
        },
      },
    },
  },
};
