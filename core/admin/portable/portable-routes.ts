import type { LiveConfig } from '../../live-config.js';
import type { Governance } from '../governance.js';
import { readChoice, readParameters } from '../parameters.js';
import { json } from '../reply.js';
import { type Route, route } from '../route.js';

/** `GET /api/export` and `POST /api/import`. What they need is loaded when somebody asks. */
export function portableRoutes(governance: Governance, live: LiveConfig): Route[] {
  return [
    // Hashes of keys are for those alone who could make keys themselves.
    route('GET', '/api/export', 'config:write', async ({ query }) => {
      const of = readChoice(readParameters(query, ['of']), 'of', ['store', 'all']);
      const { exportConfig } = await import('./export-config.js');
      const { store, secret } = await governance.open();
      const body = await exportConfig(of, { store, secret, live });
      return {
        status: 200,
        headers: ['content-type', 'application/yaml', 'cache-control', 'no-store'],
        body,
      };
    }),
    route('POST', '/api/import', 'config:write', async ({ query, body, author }) => {
      const asked = readParameters(query, ['dry_run', 'prune']);
      const [dryRun, prune] = (['dry_run', 'prune'] as const).map(
        (name) => readChoice(asked, name, ['false', 'true']) === 'true',
      ) as [boolean, boolean];
      const { importConfig } = await import('./import-config.js');
      const { feed, ...open } = await governance.open();
      const parts = { ...open, over: live, changed: () => feed.look() };
      // The environment is the command line's to name.
      const texts = { env: {}, kept: live.config.admin.variables };
      return json(200, await importConfig(body, parts, { author, dryRun, prune, texts }));
    }),
  ];
}
