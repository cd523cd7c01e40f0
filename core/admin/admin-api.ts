import { headerOf } from '@headgate/sdk';
import type { ControlAnswer, ControlRequest } from '../control.js';
import { canonicalError, type ErrorCode, GatewayError } from '../errors.js';
import type { Author } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { auditPage } from './audit.js';
import { type EntityPath, EntityRoutes, entityPath, methodsOf } from './entity-routes.js';
import { ReadOnly } from './entity-service.js';
import type { Governance, GovernanceParts } from './governance.js';
import { BadParameter } from './parameters.js';

/** The paths of the admin API that change things. Whoever calls has shown the admin token where there is one. */
export class AdminApi {
  private readonly routes: EntityRoutes;

  constructor(
    private readonly governance: Governance,
    private readonly parts: Pick<GovernanceParts, 'config' | 'log'>,
  ) {
    this.routes = new EntityRoutes(governance, parts);
  }

  find(path: string): EntityPath | null {
    return entityPath(path);
  }

  async handle(path: EntityPath, request: ControlRequest): Promise<ControlAnswer> {
    const methods = methodsOf(path);
    const { method } = request;
    if (!methods.includes(method)) {
      const allow = [...methods, 'OPTIONS'].join(', ');
      if (method === 'OPTIONS') return { status: 204, headers: ['allow', allow], body: '' };
      const details = { path: request.path.slice(0, 200), method, allow: methods.join(', ') };
      return { error: canonicalError('method_not_allowed', details), headers: ['allow', allow] };
    }
    if (method !== 'GET' && method !== 'HEAD' && this.isForeign(request))
      return { error: canonicalError('foreign_origin'), headers: [] };
    const author: Author = { actor: 'admin', source: request.address };
    try {
      return await this.routes.serve(path, request, author);
    } catch (error) {
      return { error: this.told(error, request), headers: [] };
    }
  }

  /** `GET /api/audit` */
  async audit(request: ControlRequest): Promise<ControlAnswer> {
    try {
      const { store } = await this.governance.open();
      const body = JSON.stringify(await auditPage(store, request.query));
      return { status: 200, headers: ['content-type', 'application/json'], body };
    } catch (error) {
      return { error: this.told(error, request), headers: [] };
    }
  }

  /** A page of another site in a browser on this machine; only a token would tell it from its user. */
  private isForeign({ headers }: ControlRequest): boolean {
    if (this.parts.config().admin.token !== null) return false;
    const origin = headerOf(headers, 'origin');
    if (origin === undefined) return false;
    return !/^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
  }

  private told(error: unknown, { method, path }: ControlRequest): GatewayError['canonical'] {
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
    return canonicalError('store_unavailable' satisfies ErrorCode);
  }
}
