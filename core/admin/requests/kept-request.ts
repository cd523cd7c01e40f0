import type { SettledRecord } from '@headgate/sdk';
import type { ControlAnswer } from '../../control.js';
import { gatewayError } from '../../errors.js';
import type { KeptBodies } from '../../store/bodies/kept-bodies.js';
import type { Ledger } from '../../store/ledger.js';
import { isWithin } from '../../store/requests/search-query.js';
import { may } from '../caller.js';
import type { Permission } from '../role.js';
import type { AdminRequest } from '../route.js';
import { recordFor, withinOf } from './request-pages.js';

/** A request of which something was kept. */
export interface KeptRequest {
  readonly record: SettledRecord;
  readonly kept: KeptBodies;
}

/**
 * A request with what was kept of it, for somebody who may see that; or that there is none.
 *
 * @param more what the caller must be allowed to do with it beside
 * @throws GatewayError where the caller may not, or nothing was kept
 */
export async function keptRequest(
  ledger: Ledger,
  request: AdminRequest,
  id: string,
  more: readonly Permission[] = [],
): Promise<KeptRequest | ControlAnswer> {
  const record = await recordFor(ledger, request, id);
  if (!('id' in record)) return record;
  const { caller } = request;
  for (const permission of ['bodies:read', ...more] as const)
    if (!may(caller, permission) || !isWithin(record, withinOf(request, permission)))
      throw gatewayError('permission_missing', { who: caller.who, permission });
  const kept = await ledger.requests('bodies', { id: record.id }).catch((error) => {
    throw gatewayError('request_unusable', { why: error instanceof Error ? error.message : String(error) });
  });
  if (kept !== null) return { record, kept };
  const why = `nothing was kept of the request "${record.id}" itself (observability.log_bodies)`;
  throw gatewayError('entity_unknown', { why });
}
