import type { ErrorRow } from './error-row.js';

/** Errors of the admin API; a part of the error table. */
export const adminErrors = {
  admin_required: {
    status: 401,
    kind: 'authentication',
    message: 'This needs the admin token: send it as "Authorization: Bearer …".',
  },
  permission_missing: {
    status: 403,
    kind: 'permission',
    message: 'This needs the permission {permission}, which {who} does not have here.',
  },
  login_off: {
    status: 404,
    kind: 'not-found',
    message: 'Nobody signs in here: admin.oidc is not set.',
  },
  login_refused: { status: 403, kind: 'permission', message: 'The sign-in was refused: {why}.' },
  login_stale: {
    status: 400,
    kind: 'invalid-request',
    message:
      'This sign-in has taken too long, was used before, or did not begin in this browser: begin again at /api/auth/login.',
  },
  login_unavailable: {
    status: 502,
    kind: 'upstream',
    message: 'Nobody can sign in at the moment, since the identity provider cannot be asked: {why}.',
  },
  role_above_own: {
    status: 403,
    kind: 'permission',
    message: 'Nobody gives or takes a role above the own: {who} may not change somebody who is {role} there.',
  },
  entity_unknown: { status: 404, kind: 'not-found', message: 'There is nothing of that name: {why}.' },
  entity_exists: { status: 409, kind: 'invalid-request', message: 'This is taken: {why}.' },
  version_conflict: { status: 409, kind: 'invalid-request', message: 'Somebody else was faster: {why}.' },
  entity_in_use: { status: 409, kind: 'invalid-request', message: 'This is in use: {why}.' },
  entity_invalid: { status: 400, kind: 'invalid-request', message: 'This cannot be taken: {why}.' },
  entity_read_only: { status: 409, kind: 'invalid-request', message: 'This cannot be changed here: {why}.' },
  request_unusable: {
    status: 409,
    kind: 'invalid-request',
    message: 'This cannot be done with that request: {why}.',
  },
  too_many_streams: {
    status: 429,
    kind: 'rate-limit',
    message: 'There are as many of these answers under way as there may be at a time: {why}.',
  },
  store_unavailable: { status: 503, kind: 'unavailable', message: 'The store does not answer; see the log.' },
  foreign_origin: {
    status: 403,
    kind: 'permission',
    message: 'Pages of other sites may change nothing here: set admin.token, and send it.',
  },
} as const satisfies Record<string, ErrorRow>;
