import { logLevelSchema } from './log-level.js';
import { body, ERRORS, type Json, jsonSchema, ok } from './openapi-parts.js';

/** Paths about how the gateway fares. */
export function operatingPaths(): Json {
  const anything = { type: 'object' };
  return {
    '/api/log-level': {
      get: {
        operationId: 'get_log_level',
        summary: 'From which level on this node writes its log, and what was set for a time',
        responses: { 200: ok(anything), ...ERRORS },
      },
      put: {
        operationId: 'set_log_level',
        summary: 'Another level, for all or for one part of the gateway, for a time or until it ends',
        requestBody: body(jsonSchema(logLevelSchema)),
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/debug/bundle': {
      get: {
        operationId: 'get_debug_bundle',
        summary:
          'Versions, configuration, health, threads, metrics and the last lines of the log, without secrets',
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
  };
}
