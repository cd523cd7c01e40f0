import type { ControlAnswer } from '../control.js';
import type { ControlStore } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { iso } from './entity-text.js';
import { readNumber, readParameters } from './parameters.js';
import { json } from './reply.js';
import type { AdminRequest } from './route.js';

/** `GET /api/sessions`: who is signed in, the latest first. */
export async function listSessions(store: ControlStore, { query }: AdminRequest): Promise<ControlAnswer> {
  const given = readParameters(query, ['user', 'limit']);
  const found = await store.people.sessionsOf(given.get('user'), readNumber(given, 'limit', 1000, 100));
  return json(200, {
    data: found.map((one) => ({
      id: one.id,
      user: one.user_id,
      created_at: iso(one.created_ms),
      last_seen_at: iso(one.seen_ms),
      expires_at: iso(one.until_ms),
      address: one.address,
      agent: one.agent,
    })),
  });
}

/** `DELETE /api/sessions/{id}` */
export async function endSession(
  store: ControlStore,
  { params, author }: AdminRequest,
): Promise<ControlAnswer> {
  const id = params['id'] ?? '';
  const { actor, source } = author;
  await store.change({ actor, source }, async ({ people }) => {
    if ((await people.endSessions({ id })) === 0)
      throw new StoreError('entity_unknown', `there is no session "${id}"`);
    return { action: 'end', kind: 'session', id, before: null, after: null };
  });
  return json(200, { id, deleted: true });
}
