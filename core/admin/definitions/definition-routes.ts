import type { LiveConfig } from '../../live-config.js';
import type { Governance } from '../governance.js';
import { json } from '../reply.js';
import { type Route, route } from '../route.js';
import type { Work } from './definition-handlers.js';
import { DEFINITION_APIS } from './definition-kinds.js';

/** Loaded when somebody asks. */
const handlers = () => import('./definition-handlers.js');
type Name = keyof Awaited<ReturnType<typeof handlers>>;

/** The admin API of what the file and the store may both define. */
export function definitionRoutes(governance: Governance, live: LiveConfig): Route[] {
  return DEFINITION_APIS.flatMap((api) => {
    const run =
      (name: Name, status = 200): Route['serve'] =>
      async (request) => {
        const work: Work = (await handlers())[name](api, live);
        return json(status, await work(await governance.open(), request, request.params['id'] ?? ''));
      };
    const all = `/api/${api.path}`;
    return [
      route('GET', all, 'config:read', run('list')),
      route('POST', all, 'config:write', run('create', 201)),
      route('GET', `${all}/{id}`, 'config:read', run('one')),
      route('PUT PATCH', `${all}/{id}`, 'config:write', run('update')),
      route('DELETE', `${all}/{id}`, 'config:write', run('remove')),
    ];
  });
}
