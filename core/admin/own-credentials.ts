import { z } from 'zod';
import type { OwnerKind } from '../config/mcp-auth-config.js';
import { addressOfServer, type McpServerConfig } from '../config/mcp-config.js';
import { wants } from '../config/wants.js';
import type { ControlAnswer } from '../control.js';
import { gatewayError } from '../errors.js';
import { anonymous, type KeyFacts } from '../identity/virtual-key.js';
import { ownerOf } from '../mcp/behalf.js';
import type { StoredHeader } from '../mcp/hub/auth/stored-header.js';
import { ToolAccess } from '../mcp/tool-access.js';
import type { Author } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { authorOf } from './caller.js';
import { iso } from './entity-text.js';
import { signInPath } from './mcp-ticket.js';
import { shownKey } from './own-key.js';
import { checked } from './read-spec.js';
import { bodyOf, json } from './reply.js';
import type { AdminRequest } from './route.js';
import type { AdminParts } from './routes.js';

const valueForm = wants('a value: text without line breaks, at most 8000 characters');

/** What its owner says of a credential. */
export const credentialSchema = z.strictObject({
  value: z
    .string(valueForm)
    .regex(/^[\x20-\x7e\x80-\xff]{1,8000}$/, valueForm)
    .describe('What the server is to see, without the prefix that the configuration puts before it.'),
});

/** Somebody who sees to their own credentials. */
export interface Holder {
  readonly key: KeyFacts;
  readonly author: Author;
  /** With a session: it is known who it is, and nothing of keys and teams. */
  readonly isPerson: boolean;
}

type Parts = Pick<AdminParts, 'config' | 'vault' | 'mcp' | 'secret'>;

/** `GET /api/me/mcp`: servers that want something of each of their users, and what they have of whoever asks. */
export async function listOwn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const holder = holderOf(request);
  const { key, isPerson } = holder;
  const access = ToolAccess.of(key);
  const servers = [...(parts.config().mcp?.servers.values() ?? [])].filter(
    ({ id, auth }) =>
      'users' in auth &&
      access.serverRefusedBy(id) === null &&
      !(isPerson && 'per' in auth && auth.per !== 'user'),
  );
  const data = await Promise.all(servers.map((server) => stateOf(parts, server, holder)));
  return json(200, { data });
}

/** `PUT /api/me/mcp/{server}/credential`: what the server is to see of whoever asks. */
export async function setOwn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const holder = holderOf(request);
  const server = serverOf(parts, request, holder.key);
  const { auth } = server;
  if (auth.kind !== 'user_header' || !auth.selfService)
    throw new StoreError('entity_invalid', `the MCP server "${server.id}" takes no value that its users set`);
  const owner = ownerFor(server, auth.per, holder);
  if (auth.values.has(owner))
    throw gatewayError('entity_read_only', {
      why: `the configuration file says what "${server.id}" sees of ${owner}`,
    });
  const { value } = checked(credentialSchema, bodyOf(request));
  const kept: StoredHeader = { url: addressOfServer(server), value };
  await parts.vault.set({ server: server.id, owner, what: 'header' }, kept, holder.author);
  return json(200, await stateOf(parts, server, holder));
}

/** `DELETE /api/me/mcp/{server}/credential` */
export async function removeOwn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const holder = holderOf(request);
  const server = serverOf(parts, request, holder.key);
  const { auth } = server;
  if (auth.kind !== 'user_header' && auth.kind !== 'oauth')
    throw new StoreError('entity_invalid', `of the MCP server "${server.id}" nothing of its users is kept`);
  const owner = ownerFor(server, auth.per, holder);
  await parts.mcp.revoke(server.id, owner);
  const deleted = await parts.vault.remove(server.id, owner, holder.author);
  return json(200, { server: server.id, owner, deleted });
}

/** With a virtual key, or signed in; on a machine of one's own without either. Throws a GatewayError. */
export function holderOf(request: AdminRequest): Holder {
  const { caller, address, key } = request;
  if (key === null && caller.kind === 'session')
    return { key: { ...anonymous, user: caller.id }, author: authorOf(caller, address), isPerson: true };
  if (key === null && caller.kind === 'local')
    return { key: anonymous, author: authorOf(caller, address), isPerson: false };
  const shown = shownKey(request);
  return { key: shown, author: { actor: `key:${shown.id}`, source: address }, isPerson: false };
}

/** The server of a path. Throws a GatewayError where it is none that the key may use. */
export function serverOf(
  { config }: Pick<Parts, 'config'>,
  { params }: AdminRequest,
  key: KeyFacts,
): McpServerConfig {
  const id = params['server'] ?? '';
  const server = config().mcp?.servers.get(id);
  if (server === undefined) throw gatewayError('mcp_server_unknown', { server: id.slice(0, 200) });
  const who = ToolAccess.of(key).serverRefusedBy(id);
  if (who !== null) throw gatewayError('mcp_server_not_allowed', { who, server: id });
  return server;
}

/** Whose credential it is that somebody sees to. Throws a StoreError where that cannot be said. */
export function ownerFor({ id }: McpServerConfig, per: OwnerKind, { key, isPerson }: Holder): string {
  if (!isPerson || per === 'user') return ownerOf(per, key);
  throw new StoreError(
    'entity_invalid',
    `credentials for "${id}" are those of a ${per}: come with a virtual key of it`,
  );
}

async function stateOf({ vault, secret }: Parts, of: McpServerConfig, holder: Holder): Promise<object> {
  const { id: server, auth } = of;
  if (auth.kind !== 'user_header' && auth.kind !== 'oauth') return { server, type: auth.kind };
  const owner = ownerFor(of, auth.per, holder);
  const fromFile = auth.kind === 'user_header' && auth.values.has(owner);
  const what = auth.kind === 'oauth' ? 'grant' : 'header';
  const kept = fromFile ? undefined : (await vault.list({ owner, server })).find((row) => row.what === what);
  return {
    server,
    type: auth.kind,
    owner,
    credential: fromFile ? 'in_file' : kept === undefined ? 'missing' : 'set',
    updated_at: kept === undefined ? null : iso(kept.updatedMs),
    ...(auth.kind === 'oauth' && { authorize_path: signInPath(secret, server, owner, '') }),
  };
}
