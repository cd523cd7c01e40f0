import type { ControlAnswer } from '../../control.js';
import { json } from '../reply.js';
import type { AdminRequest } from '../route.js';
import type { AdminParts } from '../routes.js';
import { differenceOf, keptAnswer } from './difference.js';
import { keptRequest } from './kept-request.js';

/** `GET /api/requests/{id}/compare/{other}`: what differs between two requests that were kept. */
export async function compareRequests(
  { ledger, replays }: Pick<AdminParts, 'ledger' | 'replays'>,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const { id = '', other = '' } = request.params;
  const before = await keptRequest(ledger, request, id);
  if (!('kept' in before)) return before;
  const after = await keptRequest(ledger, request, other);
  if (!('kept' in after)) return after;
  return json(200, {
    id: before.record.id,
    other: after.record.id,
    difference: await differenceOf(replays, keptAnswer(before), keptAnswer(after)),
  });
}
