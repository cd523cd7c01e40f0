import { adminErrors } from './admin-errors.js';
import type { ErrorRow } from './error-row.js';
import { mcpErrorRows } from './mcp/error-rows.js';

/** Every error the gateway itself can give: its stable code, status and text. */
export const errorTable = {
  ...adminErrors,
  not_found: { status: 404, kind: 'not-found', message: 'There is nothing at {method} {path}.' },
  method_not_allowed: {
    status: 405,
    kind: 'invalid-request',
    message: '{path} does not answer {method}; use {allow}.',
  },
  duplicate_content_length: {
    status: 400,
    kind: 'invalid-request',
    message: 'The request has more than one Content-Length header.',
  },
  body_too_large: {
    status: 413,
    kind: 'too-large',
    message:
      'The request body is larger than the {limit} bytes that this gateway accepts (server.body_limit).',
  },
  upload_too_large: {
    status: 413,
    kind: 'too-large',
    message: 'The upload is larger than the {limit} bytes that this gateway forwards (server.upload_limit).',
  },
  headers_too_large: {
    status: 431,
    kind: 'too-large',
    message:
      'The request headers are more than this gateway accepts: at most {count} of them and {bytes} bytes.',
  },
  invalid_json: {
    status: 400,
    kind: 'invalid-request',
    message: 'The request body is not a valid JSON object: {why}.',
  },
  duplicate_field: {
    status: 400,
    kind: 'invalid-request',
    message: 'The request body names the field "{field}" more than once.',
  },
  invalid_field: { status: 400, kind: 'invalid-request', message: '{why}' },
  invalid_form: {
    status: 400,
    kind: 'invalid-request',
    message: 'The request body is not the multipart form that its content-type announces: {why}.',
  },
  invalid_path: { status: 400, kind: 'invalid-request', message: 'The path cannot be forwarded: {why}.' },
  provider_unknown: {
    status: 404,
    kind: 'not-found',
    message: 'There is no provider "{provider}" here.{hint}',
  },
  object_not_found: {
    status: 404,
    kind: 'not-found',
    message: 'There is no object "{id}" that the virtual key "{key}" has made.',
  },
  provider_unset: {
    status: 404,
    kind: 'not-found',
    message:
      'No provider here speaks the API of {path}. Name one in the header x-headgate-provider, or set defaults.{api}.',
  },
  path_unsupported: {
    status: 404,
    kind: 'not-found',
    message: 'The provider "{provider}" does not speak the API of {path}.{hint}',
  },
  forward_not_allowed: {
    status: 403,
    kind: 'permission',
    message:
      'The virtual key "{key}" may not have requests forwarded to the provider "{provider}" (keys[].passthrough).',
  },
  forward_unguarded: {
    status: 403,
    kind: 'permission',
    message:
      'Plugins of this gateway must read such requests, which they cannot when these are only forwarded: use {path}.',
  },
  model_required: {
    status: 400,
    kind: 'invalid-request',
    message: 'The request needs a "model", a non-empty string.',
    param: 'model',
  },
  definition_held_back: {
    status: 503,
    kind: 'unavailable',
    message:
      'The {what} "{name}" of the gateway\'s store is not in force, and nothing else may take its place. GET /api/{path}/{name} says why.',
  },
  model_not_found: {
    status: 404,
    kind: 'not-found',
    message: 'There is no model "{model}" here.{hint}',
    param: 'model',
  },
  operation_unsupported: {
    status: 404,
    kind: 'not-found',
    message: 'No target of model "{model}" can serve {operation} requests in this format.{hint}',
    param: 'model',
  },
  key_required: {
    status: 401,
    kind: 'authentication',
    message: 'This gateway needs a virtual key: send it where your SDK puts its API key.',
  },
  key_in_url: {
    status: 401,
    kind: 'authentication',
    message:
      'A virtual key in the URL ("{name}") is not read, since URLs end up in logs: send it as "Authorization: Bearer …", and have this one replaced.',
  },
  key_unknown: { status: 401, kind: 'authentication', message: 'The virtual key is not known here.' },
  key_revoked: {
    status: 401,
    kind: 'authentication',
    message: 'The virtual key "{key}" is no longer in force: it was revoked, deleted or replaced.',
  },
  token_invalid: {
    status: 401,
    kind: 'authentication',
    message: 'The token is not accepted: {why}.',
  },
  token_keys_unavailable: {
    status: 503,
    kind: 'unavailable',
    message:
      'The public keys of the issuer "{issuer}" cannot be read at the moment, so its tokens cannot be verified.',
  },
  key_expired: { status: 401, kind: 'authentication', message: 'The virtual key has expired.' },
  model_not_allowed: {
    status: 403,
    kind: 'permission',
    message: 'The {who} may not use the model "{model}".',
    param: 'model',
  },
  model_unpriced: {
    status: 403,
    kind: 'permission',
    message:
      'No price is known for the model "{model}", and such models may not be used here: set prices["{price}"], or set unpriced.',
    param: 'model',
  },
  provider_not_allowed: {
    status: 403,
    kind: 'permission',
    message: 'The {who} may not use the provider "{provider}".',
  },
  endpoint_not_allowed: { status: 403, kind: 'permission', message: 'The {who} may not ask for {path}.' },
  address_not_allowed: {
    status: 403,
    kind: 'permission',
    message: 'The {who} may not be used from the address that this request comes from.',
  },
  entity_disabled: { status: 403, kind: 'permission', message: 'The {who} is disabled.' },
  entity_expired: { status: 403, kind: 'permission', message: 'The {who} has expired.' },
  counters_unavailable: {
    status: 503,
    kind: 'unavailable',
    message:
      '{of} cannot be counted at the moment: Redis, which the nodes share (cluster.redis), does not answer.',
  },
  record_unwritten: {
    status: 503,
    kind: 'unavailable',
    message:
      'The record of this request cannot be written, and this gateway is set to give no answer without one (store.on_failure).',
  },
  invalid_metadata: {
    status: 400,
    kind: 'invalid-request',
    message: 'The header x-headgate-metadata must be a JSON object of strings or "k=v, k=v": {why}.',
  },
  invalid_parameter: { status: 400, kind: 'invalid-request', message: '{why}' },
  invalid_header: { status: 400, kind: 'invalid-request', message: 'The header {name} is not valid: {why}.' },
  draining: {
    status: 503,
    kind: 'unavailable',
    message: 'The gateway is stopping and takes no new requests.',
  },
  gateway_stopping: {
    status: 503,
    kind: 'unavailable',
    message: 'The gateway is stopping and could not wait for the end of this request.',
  },
  too_many_in_flight: {
    status: 503,
    kind: 'overloaded',
    message: 'The gateway already has {limit} requests in flight (server.max_in_flight).',
  },
  plugin_failed: {
    status: 500,
    kind: 'internal',
    message: 'The plugin "{plugin}" failed in its {phase} hook.',
  },
  no_target: { status: 503, kind: 'unavailable', message: 'No target of model "{model}" is left to try.' },
  provider_unreachable: {
    status: 502,
    kind: 'upstream',
    message: 'The provider "{provider}" could not be reached: {why}.',
  },
  provider_timeout: {
    status: 504,
    kind: 'timeout',
    message: 'The provider "{provider}" took too long: {why}.',
  },
  unsupported_fields: {
    status: 400,
    kind: 'invalid-request',
    message:
      'No target of model "{model}" can be told what the request says in {fields}, and it must not be left out (on_unsupported: reject).',
  },
  provider_credentials_unavailable: {
    status: 502,
    kind: 'upstream',
    message: 'The gateway could not get credentials for the provider "{provider}"; its log says why.',
  },
  provider_refused_key: {
    status: 502,
    kind: 'upstream',
    message: 'The provider "{provider}" refused the credentials this gateway holds for it (HTTP {status}).',
  },
  provider_rate_limited: {
    status: 429,
    kind: 'rate-limit',
    message: 'The provider "{provider}" is rate-limiting this gateway. It said: {why}',
  },
  provider_bad_answer: {
    status: 502,
    kind: 'upstream',
    message: 'The provider "{provider}" gave an answer that cannot be understood: {why}.',
  },
  stream_interrupted: {
    status: 502,
    kind: 'upstream',
    message: 'The provider "{provider}" ended the answer before it was complete: {why}.',
  },
  request_timeout: {
    status: 504,
    kind: 'timeout',
    message: 'The request took longer than its total time of {limit} ms.',
  },
  answer_refused: {
    status: 502,
    kind: 'upstream',
    message: 'A plugin did not accept the answer of the provider "{provider}".',
  },
  answer_blocked: {
    status: 400,
    kind: 'content-filter',
    message: 'A plugin stopped the answer.',
  },
  usage_unavailable: {
    status: 503,
    kind: 'unavailable',
    message: 'The usage cannot be read at the moment: {why}.',
  },
  message_too_large: {
    status: 413,
    kind: 'too-large',
    message:
      'The message is larger than the {limit} bytes that this gateway accepts (realtime.message_limit).',
  },
  provider_message_too_large: {
    status: 502,
    kind: 'upstream',
    message:
      'The provider "{provider}" sent a message larger than the {limit} bytes that this gateway accepts (realtime.message_limit).',
  },
  too_many_sockets: {
    status: 429,
    kind: 'rate-limit',
    message: 'The virtual key "{key}" already has {limit} WebSockets open, which is its limit.',
  },
  first_message_late: {
    status: 408,
    kind: 'timeout',
    message: 'No message that names a model came in time.',
  },
  session_idle: {
    status: 408,
    kind: 'timeout',
    message: 'The session had no message for {limit} ms (realtime.idle_timeout).',
  },
  session_expired: {
    status: 408,
    kind: 'timeout',
    message: 'The session has reached its longest duration of {limit} ms.',
  },
  session_backlog: {
    status: 503,
    kind: 'unavailable',
    message:
      'The provider does not read what the client sends, and more waits for it than this gateway keeps.',
  },
  session_ended: {
    status: 403,
    kind: 'permission',
    message: 'A plugin ended the session.',
  },
  previous_response_not_found: {
    status: 400,
    kind: 'invalid-request',
    message: 'Previous response with id "{id}" not found.',
    param: 'previous_response_id',
  },
  previous_response_unfinished: {
    status: 400,
    kind: 'invalid-request',
    message: 'The response "{id}" has not ended yet, so nothing can go on from it.',
    param: 'previous_response_id',
  },
  conversation_twice: {
    status: 400,
    kind: 'invalid-request',
    message:
      'The request names a previous_response_id and a conversation: only one of them can be gone on from.',
    param: 'conversation',
  },
  conversation_elsewhere: {
    status: 400,
    kind: 'invalid-request',
    message:
      'The conversation is kept by the provider "{provider}", which is no target of model "{model}". Ask a model of that provider, or send the whole conversation as input.',
  },
  object_elsewhere: {
    status: 400,
    kind: 'invalid-request',
    message:
      'The object "{id}" is kept by the provider "{provider}", which is no target of model "{model}". Ask a model of that provider, or upload it to a provider of this model with the header x-headgate-provider.',
  },
  conversation_unsupported: {
    status: 400,
    kind: 'invalid-request',
    message:
      'No target of model "{model}" keeps conversations. Use previous_response_id, or send the whole conversation as input.',
    param: 'conversation',
  },
  conversation_stuck: {
    status: 503,
    kind: 'unavailable',
    message:
      'The conversation is kept by the provider "{provider}", which did not answer ({why}), and no other target knows it. Try again, or send the whole conversation as input.',
  },
  conversation_too_large: {
    status: 413,
    kind: 'too-large',
    message:
      'The conversation is larger than the {limit} bytes that this gateway keeps (responses.max_bytes), so it cannot run in the background.',
  },
  background_not_kept: {
    status: 400,
    kind: 'invalid-request',
    message:
      'A response in the background must be kept, which the request (store: false) or this gateway (responses.store) rules out.',
    param: 'background',
  },
  response_not_found: { status: 404, kind: 'not-found', message: 'Response with id "{id}" not found.' },
  response_not_cancellable: {
    status: 400,
    kind: 'invalid-request',
    message: 'Only a response that was created with background: true can be cancelled.',
  },
  response_lost: {
    status: 500,
    kind: 'internal',
    message: 'The gateway ended in the middle of this response.',
  },
  response_not_replayable: {
    status: 400,
    kind: 'invalid-request',
    message: 'The response "{id}" has failed and has no stream: get it without stream=true.',
  },
  answers_unavailable: {
    status: 503,
    kind: 'unavailable',
    message: 'The responses that this gateway keeps cannot be read or written at the moment.',
  },
  ...mcpErrorRows,
  internal: {
    status: 500,
    kind: 'internal',
    message: 'Something went wrong inside the gateway; its log has the request id.',
  },
} as const satisfies Record<string, ErrorRow>;
