import { headerOf } from '@headgate/sdk';
import type { LiveConfig } from '../../live-config.js';
import type { OpenGovernance } from '../governance.js';
import { bodyOf } from '../reply.js';
import type { AdminRequest } from '../route.js';
import type { DefinitionApi } from './definition-kinds.js';
import { fileDefinition, listDefinitions, storedDefinition } from './definition-list.js';
import { inFile } from './definition-service.js';

/** Resolves to what is answered. */
export type Work = (open: OpenGovernance, request: AdminRequest, id: string) => Promise<object>;

export function list(api: DefinitionApi, live: LiveConfig): Work {
  return ({ store }, { query }) => listDefinitions(api, store.entities, live, query);
}

export function create(api: DefinitionApi, live: LiveConfig): Work {
  return async ({ definitions }, request) =>
    storedDefinition(await definitions.create(api, bodyOf(request), request.author), live);
}

export function one(api: DefinitionApi, live: LiveConfig): Work {
  return async ({ store }, _, id) => {
    const own = inFile(api, live.written).find((entry) => entry.id === id);
    if (own !== undefined) return fileDefinition(api, own);
    return storedDefinition(await store.entities.get(api.kind, id), live);
  };
}

export function update(api: DefinitionApi, live: LiveConfig): Work {
  return async ({ definitions }, request, id) => {
    const version = headerOf(request.headers, 'if-match');
    const given = bodyOf(request);
    const fields = version === undefined ? given : { version, ...given };
    const replace = request.method === 'PUT';
    return storedDefinition(await definitions.update(api, id, fields, request.author, replace), live);
  };
}

export function remove(api: DefinitionApi): Work {
  return async ({ definitions }, { headers, query, author }, id) => {
    const version = headerOf(headers, 'if-match') ?? new URLSearchParams(query).get('version') ?? undefined;
    await definitions.remove(api, id, version, author);
    return { id, deleted: true };
  };
}
