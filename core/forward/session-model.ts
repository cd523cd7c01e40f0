import { gatewayError } from '../errors.js';
import { findModel, type ModelPlace } from '../realtime/model-in-message.js';

/** Where a request for a short-lived secret names the model of the sessions that it is for. */
interface SessionPath {
  readonly path: RegExp;
  readonly members: readonly string[];
  /** What may stand before the model's name. */
  readonly prefix: string;
}

const SESSIONS: readonly SessionPath[] = [
  { path: /^\/realtime\/client_secrets\/?$/, members: ['session', 'model'], prefix: '' },
  {
    path: /^\/v1[a-z0-9]*\/auth_tokens\/?$/,
    members: ['bidiGenerateContentSetup', 'model'],
    prefix: 'models/',
  },
];

export interface NestedModel {
  readonly model: string;
  readonly place: ModelPlace;
  readonly prefix: string;
}

/** Null when the request is for something else, or names no model. */
export function sessionModel(tail: string, body: Buffer): NestedModel | null {
  const session = SESSIONS.find(({ path }) => path.test(tail));
  if (session === undefined) return null;
  const place = findModel(body, session.members);
  if (place === 'twice') throw gatewayError('duplicate_field', { field: session.members.join('.') });
  if (place === 'none') return null;
  const prefix = place.model.startsWith(session.prefix) ? session.prefix : '';
  return { model: place.model.slice(prefix.length), place, prefix };
}
