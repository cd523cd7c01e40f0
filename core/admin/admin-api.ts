import { type CanonicalError, headerOf } from '@headgate/sdk';
import type { ControlAnswer, ControlRequest } from '../control.js';
import { canonicalError, GatewayError } from '../errors.js';
import { StoreError } from '../store/control/store-error.js';
import { callerOf, isForeign } from './authenticate.js';
import { ByteStreams } from './byte-stream.js';
import { may } from './caller.js';
import { ReadOnly } from './entity-service.js';
import { actorOf } from './guard.js';
import { BadParameter } from './parameters.js';
import { notFound, RouteTable, refused } from './route.js';
import { type AdminParts, adminRoutes } from './routes.js';
import { SCIM } from './scim/path.js';

/** The admin API: what is at a path, who asks, whether they may, and what becomes of errors, for all paths alike. */
export class AdminApi {
  private readonly table: RouteTable;
  /** Answers that are made piece by piece. */
  readonly streams = new ByteStreams();

  constructor(private readonly parts: AdminParts) {
    this.table = new RouteTable(adminRoutes(parts, this.streams));
  }

  async handle(request: ControlRequest): Promise<ControlAnswer> {
    const answer = await this.answer(request);
    // Identity providers read errors in a shape of their own.
    if (!('error' in answer) || !request.path.startsWith(SCIM)) return answer;
    const { inScim } = await import('./scim/scim-error.js');
    return inScim(answer.error, answer.headers);
  }

  private async answer(request: ControlRequest): Promise<ControlAnswer> {
    const { path, method, address } = request;
    const found = this.table.at(path);
    if (found === null) return notFound(request);
    const allow = ['allow', found.allow];
    if (method === 'OPTIONS') return { status: 204, headers: allow, body: '' };
    const match = found.get(method);
    if (match === undefined) {
      const details = { path: path.slice(0, 200), method, allow: found.allow };
      return refused(canonicalError('method_not_allowed', details), allow);
    }
    const { route, params } = match;
    try {
      const caller = await callerOf(request, this.parts);
      if (route.access !== 'anyone') {
        if (caller.kind === 'nobody') await this.noteRefusal(request);
        if (caller.kind === 'nobody')
          return refused(canonicalError('admin_required'), ['www-authenticate', 'Bearer']);
        if (!may(caller, route.access))
          return refused(canonicalError('permission_missing', { who: caller.who, permission: route.access }));
      }
      if (method !== 'GET' && method !== 'HEAD' && isForeign(request, caller))
        return refused(canonicalError('foreign_origin'));
      return await route.serve({
        ...request,
        caller,
        author: actorOf(caller, address, this.parts.config),
        params,
      });
    } catch (error) {
      return refused(this.told(error, request));
    }
  }

  /** Somebody who has shown nothing has only come without it. */
  private async noteRefusal(request: ControlRequest): Promise<void> {
    if (headerOf(request.headers, 'authorization') === undefined) return;
    // That it cannot be noted lets nobody in.
    await this.parts.refusals.note(request, 'its credential is not known').catch(() => {});
  }

  private told(error: unknown, { method, path }: ControlRequest): CanonicalError {
    if (error instanceof GatewayError) return error.canonical;
    if (error instanceof StoreError) return canonicalError(error.code, { why: error.message });
    if (error instanceof ReadOnly) return canonicalError('entity_read_only', { why: error.message });
    if (error instanceof BadParameter)
      return { ...canonicalError('invalid_parameter', { why: error.message }), param: error.param };
    const why = error instanceof Error ? error.message : String(error);
    this.parts.log('warn', 'the store could not do what the admin API was asked', {
      method,
      path,
      error: why,
    });
    return canonicalError('store_unavailable');
  }
}
