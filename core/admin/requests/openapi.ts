import { HOOK_OUTCOMES } from '../../plan/hook-times.js';
import { EXPORT_FORMATS } from '../../store/requests/export-format.js';
import { body, CURSOR, content, ERRORS, type Json, jsonSchema, ok, query, TEXT } from '../openapi-parts.js';
import { replaySchema } from './replay.js';
import { RANGE_PARAMETERS, VALUE_PARAMETERS } from './request-query.js';

const ANYTHING: Json = { type: 'object' };
const NUMBER: Json = { type: 'number', minimum: 0 };
const LIMIT = query('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 50 });
const ID = { name: 'id', in: 'path', required: true, schema: TEXT };

const COST: Json = {
  type: ['object', 'null'],
  required: ['total_usd', 'parts'],
  properties: {
    total_usd: TEXT,
    parts: {
      type: ['object', 'null'],
      additionalProperties: TEXT,
      description: 'Dollars by what was paid for, which add up to the total; null where they are not known',
    },
    why: { type: 'string', description: 'Why the parts are not known' },
  },
};
const COUNT: Json = { type: 'integer', minimum: 0 };
const HOOK: Json = {
  type: 'object',
  required: ['plugin', 'phase', 'outcome', 'from_us', 'to_us', 'busy_us', 'calls'],
  properties: {
    plugin: TEXT,
    phase: TEXT,
    outcome: { enum: HOOK_OUTCOMES },
    from_us: { ...COUNT, description: 'Microseconds from the arrival of the request until its first call' },
    to_us: { ...COUNT, description: 'Until the end of its last call' },
    busy_us: { ...COUNT, description: 'How long it had the request, in all calls together' },
    calls: COUNT,
  },
};
const PLUGINS: Json = {
  plugins: { type: 'array', items: TEXT, description: 'Plugins that were called, each once' },
  plugin_ms: {
    type: 'array',
    items: NUMBER,
    description: 'How long each of them had the request; empty where that was not kept',
  },
};
const REQUEST: Json = { ...ANYTHING, properties: PLUGINS };
const PAGE: Json = { ...ANYTHING, properties: { data: { type: 'array', items: REQUEST } } };
const DETAIL: Json = {
  ...ANYTHING,
  properties: { ...PLUGINS, cost: COST, hooks: { type: 'array', items: HOOK } },
};

const both = (type: string): Json => ({
  type: 'object',
  required: ['before', 'after'],
  properties: { before: { type: [type, 'null'] }, after: { type: [type, 'null'] } },
});
const AMOUNTS: Json = {
  type: 'object',
  required: ['before', 'after', 'change'],
  properties: Object.fromEntries(
    ['before', 'after', 'change'].map((name) => [name, { type: ['number', 'null'] }]),
  ),
};
const DIFFERENCE: Json = {
  type: ['object', 'null'],
  required: ['text', 'model', 'provider', 'tokens', 'cost', 'ms', 'finish'],
  properties: {
    text: {
      type: ['array', 'null'],
      description: 'By words; null where an answer cannot be read, and `text_unknown` says why',
      items: {
        type: 'object',
        required: ['op', 'text'],
        properties: { op: { enum: ['same', 'out', 'in'] }, text: TEXT },
      },
    },
    text_unknown: TEXT,
    text_redacted: {
      const: true,
      description: 'Something was taken out of a kept answer, which is told as a difference',
    },
    model: both('string'),
    provider: both('string'),
    tokens: {
      type: 'object',
      required: ['input', 'output'],
      properties: { input: AMOUNTS, output: AMOUNTS },
    },
    cost: {
      type: 'object',
      required: ['before_usd', 'after_usd', 'change_usd'],
      properties: Object.fromEntries(
        ['before_usd', 'after_usd', 'change_usd'].map((name) => [name, { type: ['string', 'null'] }]),
      ),
    },
    ms: AMOUNTS,
    finish: both('string'),
  },
};

/** Which requests are meant, of every list of them. */
export const REQUEST_FILTERS: readonly Json[] = [
  query(
    'q',
    TEXT,
    'Occurs in a name, an id, a tag or the words of an error, or in what was kept of the bodies',
  ),
  ...Object.keys(VALUE_PARAMETERS).map((name) => query(name, { type: 'array', items: TEXT })),
  query('status', { type: 'array', items: TEXT }, 'Such as 200, 4xx or 500-503'),
  ...Object.keys(RANGE_PARAMETERS).flatMap((name) => [
    query(`min_${name}`, NUMBER),
    query(`max_${name}`, NUMBER),
  ]),
  query('from', TEXT, 'A date, a time or unix milliseconds'),
  query('to', TEXT),
  query('time_zone', TEXT),
];

/** Of what has been, and of what looks at more than records. */
const NOT_OF_TAIL: ReadonlySet<string> = new Set(['q', 'from', 'to', 'time_zone']);

/** Requests as the OpenAPI document tells of them. */
export function requestPaths(): Json {
  return {
    '/api/requests': {
      get: {
        operationId: 'list_requests',
        summary: 'Requests, the latest first',
        parameters: [
          ...REQUEST_FILTERS,
          LIMIT,
          CURSOR,
          query('format', { enum: ['json', 'jsonl', 'csv'], default: 'json' }),
        ],
        responses: {
          200: {
            description:
              'A page of them; with `has_more` and fewer than `limit` where a search takes long: `next_cursor` goes on with it',
            content: {
              ...content(PAGE),
              'text/csv': { schema: TEXT },
              'application/x-ndjson': { schema: TEXT },
            },
          },
          ...ERRORS,
        },
      },
    },
    '/api/requests/tail': {
      get: {
        operationId: 'tail_requests',
        summary:
          'Requests as they settle, as Server-Sent Events: a record for each, `left_out` where there were too many, `ended` before the end',
        parameters: [
          query(
            'q',
            TEXT,
            'Occurs in a name, an id, a tag or the words of an error; bodies, which are kept later, are not looked at',
          ),
          ...REQUEST_FILTERS.filter(({ name }) => !NOT_OF_TAIL.has(String(name))),
          {
            name: 'last-event-id',
            in: 'header',
            schema: TEXT,
            description: 'Goes on behind the event of this id: what has settled since is read from the store',
          },
        ],
        responses: {
          200: { description: 'Events without end', content: { 'text/event-stream': { schema: TEXT } } },
          ...ERRORS,
        },
      },
    },
    '/api/requests/export': {
      get: {
        operationId: 'export_requests',
        summary: 'All requests that fit, the latest first, as one file',
        parameters: [...REQUEST_FILTERS, query('format', { enum: EXPORT_FORMATS, default: 'jsonl' })],
        responses: {
          200: {
            description: 'The file; with gzip where the client takes that and the format is not Parquet',
            content: {
              'application/x-ndjson': { schema: TEXT },
              'text/csv': { schema: TEXT },
              'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } },
            },
          },
          ...ERRORS,
        },
      },
    },
    '/api/requests/sessions': {
      get: {
        operationId: 'list_request_sessions',
        summary:
          'Conversations with what their requests of that time came to, those with the latest request first; of the last week unless `from` says otherwise',
        parameters: [...REQUEST_FILTERS, LIMIT, CURSOR],
        responses: { 200: ok(ANYTHING), ...ERRORS },
      },
    },
    '/api/requests/sessions/{id}': {
      parameters: [ID],
      get: {
        operationId: 'get_request_session',
        summary: 'One conversation, by its name or the id of one of its answers, with its latest requests',
        parameters: [...REQUEST_FILTERS, LIMIT],
        responses: { 200: ok(ANYTHING), ...ERRORS },
      },
    },
    '/api/requests/{id}': {
      parameters: [ID],
      get: {
        operationId: 'get_request',
        summary: 'One request, with each attempt, where its time went and what its cost is made of',
        responses: { 200: ok(DETAIL), ...ERRORS },
      },
    },
    '/api/requests/{id}/replay': {
      parameters: [ID],
      post: {
        operationId: 'replay_request',
        summary: 'Asks again what a kept request asked, at the cost of a virtual key, and tells what differs',
        requestBody: { ...body(jsonSchema(replaySchema)), required: false },
        responses: {
          200: ok(
            {
              type: 'object',
              required: ['id', 'replay_of', 'status', 'answer', 'difference'],
              properties: {
                id: TEXT,
                replay_of: TEXT,
                status: { type: 'integer', description: 'Of the answer: also where that is an error' },
                answer: {},
                difference: DIFFERENCE,
              },
            },
            'The answer, and what differs from the one before',
          ),
          ...ERRORS,
        },
      },
    },
    '/api/requests/{id}/compare/{other}': {
      parameters: [ID, { ...ID, name: 'other' }],
      get: {
        operationId: 'compare_requests',
        summary: 'What differs between two requests that were kept',
        responses: {
          200: ok({
            type: 'object',
            required: ['id', 'other', 'difference'],
            properties: { id: TEXT, other: TEXT, difference: DIFFERENCE },
          }),
          ...ERRORS,
        },
      },
    },
  };
}
