import { iso } from './entity-text.js';
import { readParameters } from './parameters.js';
import { json } from './reply.js';
import { type Route, route } from './route.js';
import type { AdminParts } from './routes.js';

/** Whose it is what the gateway was registered as. */
const GATEWAY = 'gateway';

/** Credentials of users for MCP servers: what each sees to, and what those may see who run the gateway. */
export function credentialRoutes(parts: AdminParts): Route[] {
  const { vault } = parts;
  const own = () => import('./own-credentials.js');
  const signIn = () => import('./mcp-sign-in.js');
  const one = '/api/me/mcp/{server}/credential';
  const authorize = '/api/mcp/{server}/authorize';
  return [
    route('GET', '/api/me/mcp', 'anyone', async (request) => (await own()).listOwn(parts, request)),
    route('PUT', one, 'anyone', async (request) => (await own()).setOwn(parts, request)),
    route('DELETE', one, 'anyone', async (request) => (await own()).removeOwn(parts, request)),
    route('GET', '/api/mcp/oauth/callback', 'anyone', async (request) =>
      (await signIn()).endOfSignIn(parts, request),
    ),
    route('GET', '/api/mcp/oauth/client.json', 'anyone', async (request) =>
      (await signIn()).clientDocument(parts, request),
    ),
    route('GET', authorize, 'anyone', async (request) => (await signIn()).askSignIn(parts, request)),
    route('POST', authorize, 'anyone', async (request) => (await signIn()).goToSignIn(parts, request)),
    route('GET', '/api/mcp-credentials', 'config:read', async ({ query }) => {
      const given = readParameters(query, ['server', 'owner']);
      const [server, owner] = [given.get('server'), given.get('owner')];
      const rows = await vault.list({
        ...(server !== null && { server }),
        ...(owner !== null && { owner: owner === GATEWAY ? '' : owner }),
      });
      return json(200, {
        data: rows.map(({ server: of, owner: whose, what, updatedMs }) => ({
          server: of,
          owner: whose === '' ? GATEWAY : whose,
          kind: what,
          updated_at: iso(updatedMs),
        })),
      });
    }),
    route('DELETE', '/api/mcp-credentials/{server}/{owner}', 'config:write', async ({ params, author }) => {
      const { server = '', owner: named = '' } = params;
      const owner = named === GATEWAY ? '' : named;
      await parts.mcp.revoke(server, owner);
      return json(200, { server, owner: named, deleted: await vault.remove(server, owner, author) });
    }),
  ];
}
