import { silenceSchema } from './alerts.js';
import { logLevelSchema } from './log-level.js';
import { body, ERRORS, type Json, jsonSchema, ok } from './openapi-parts.js';

/** Paths about how the gateway fares. */
export function operatingPaths(): Json {
  const anything = { type: 'object' };
  const inPath = (name: string): Json => ({ name, in: 'path', required: true, schema: { type: 'string' } });
  return {
    '/api/alerts': {
      get: {
        operationId: 'list_alerts',
        summary: 'Alerts that hold, silences, and how destinations take what they are told',
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/alerts/silences': {
      post: {
        operationId: 'silence_alerts',
        summary: 'Alerts of a rule, or about something, are not told for a time',
        requestBody: body(jsonSchema(silenceSchema)),
        responses: { 201: ok(anything), ...ERRORS },
      },
    },
    '/api/alerts/silences/{id}': {
      parameters: [inPath('id')],
      delete: { operationId: 'end_silence', responses: { 200: ok(anything), ...ERRORS } },
    },
    '/api/alerts/{destination}/test': {
      parameters: [inPath('destination')],
      post: {
        operationId: 'test_alerts',
        summary: 'Sends a destination a test, and says whether it was taken',
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/log-level': {
      get: {
        operationId: 'get_log_level',
        summary: 'From which level on logs are written, and what was set beside the configuration',
        responses: { 200: ok(anything), ...ERRORS },
      },
      put: {
        operationId: 'set_log_level',
        summary:
          'Another level on all nodes, for all or for one part of the gateway, for a time or until it is taken back',
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
