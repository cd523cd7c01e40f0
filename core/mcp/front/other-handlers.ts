import type { JsonObject } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import { counted } from './call-handler.js';
import { askingOf, type Desk, inputOf } from './desk.js';
import { INVALID_PARAMS, Refused } from './refused.js';
import { askServer, listOf, type OtherList, offers } from './upstream.js';

/** Prompts, resources or templates that the servers list. */
export async function list(desk: Desk, kind: OtherList, ctx: ServerContext): Promise<JsonObject> {
  const { caller } = askingOf(ctx);
  const servers = desk.scope.otherServers(caller.servers);
  const asked = await Promise.allSettled(
    servers.map(async (server) => {
      const items = await listOf(desk.link(server, caller), kind);
      return items.map((item) => shownAs(desk, server, kind, item));
    }),
  );
  // One that cannot be had now does not take the others away.
  const there = asked.filter((one) => one.status === 'fulfilled');
  const [failed] = asked.filter((one) => one.status === 'rejected');
  if (there.length === 0 && failed !== undefined) throw failed.reason;
  return { [kind]: there.flatMap(({ value }) => value) };
}

function shownAs(desk: Desk, server: string, kind: OtherList, item: JsonObject): JsonObject {
  if (kind === 'prompts') return { ...item, name: desk.scope.called(server, String(item['name'])) };
  if (kind === 'resources') desk.state?.places.set(String(item['uri']), server);
  return item;
}

export async function getPrompt(desk: Desk, params: JsonObject, ctx: ServerContext): Promise<JsonObject> {
  const { server, name } = promptPlace(desk, String(params['name']), ctx);
  return during(desk, server, ctx, () =>
    counted(askingOf(ctx), server, 'prompts/get', () =>
      askServer(
        linkFor(desk, server, ctx),
        'prompts/get',
        { ...params, name },
        ctx.mcpReq.signal,
        inputOf(ctx),
      ),
    ),
  );
}

export async function readResource(desk: Desk, params: JsonObject, ctx: ServerContext): Promise<JsonObject> {
  const server = await resourcePlace(desk, String(params['uri']), ctx);
  return during(desk, server, ctx, () =>
    counted(askingOf(ctx), server, 'resources/read', () =>
      askServer(linkFor(desk, server, ctx), 'resources/read', params, ctx.mcpReq.signal, inputOf(ctx)),
    ),
  );
}

export async function complete(desk: Desk, params: JsonObject, ctx: ServerContext): Promise<JsonObject> {
  const ref = params['ref'] as { type: string; name?: string; uri?: string };
  const { signal } = ctx.mcpReq;
  const place =
    ref.type === 'ref/prompt'
      ? promptPlace(desk, String(ref.name), ctx)
      : { server: await resourcePlace(desk, String(ref.uri), ctx), name: '' };
  const link = linkFor(desk, place.server, ctx);
  if (!(await offers(link, 'completions'))) return { completion: { values: [] } };
  const named = ref.type === 'ref/prompt' ? { ...params, ref: { ...ref, name: place.name } } : params;
  return askServer(link, 'completion/complete', named as JsonObject, signal);
}

/** The server that a resource is at. Addresses are not changed, so it is looked for where several may have it. */
export async function resourcePlace(desk: Desk, uri: string, ctx: ServerContext): Promise<string> {
  const servers = desk.scope.otherServers(askingOf(ctx).caller.servers);
  if (desk.scope.isOne && servers[0] !== undefined) return servers[0];
  const before = desk.state?.places.get(uri);
  if (before !== undefined && servers.includes(before)) return before;
  const found = await Promise.all(
    servers.map(async (server) => {
      try {
        const link = linkFor(desk, server, ctx);
        const known = await listOf(link, 'resources');
        if (known.some((one) => one['uri'] === uri)) return true;
        const templates = await listOf(link, 'resourceTemplates');
        return templates.some((one) => fits(String(one['uriTemplate']), uri));
      } catch {
        return false;
      }
    }),
  );
  const server = servers[found.indexOf(true)];
  if (server === undefined)
    throw new Refused(INVALID_PARAMS, `There is no resource "${uri.slice(0, 200)}".`, { uri });
  desk.state?.places.set(uri, server);
  return server;
}

/** Whether an address may be one of a template: the same up to its first variable, or the template itself. */
function fits(template: string, uri: string): boolean {
  const fixed = template.split('{', 1)[0] ?? '';
  return template === uri || (fixed.length > 0 && fixed.length < template.length && uri.startsWith(fixed));
}

function promptPlace(desk: Desk, name: string, ctx: ServerContext): { server: string; name: string } {
  const places = desk.scope.places(name, askingOf(ctx).caller.servers);
  // Of `a__b__c` the longest server's name counts.
  const place = places.sort((a, b) => b.server.length - a.server.length)[0];
  if (place === undefined) throw new Refused(INVALID_PARAMS, `There is no prompt "${name.slice(0, 200)}".`);
  return place;
}

function linkFor(desk: Desk, server: string, ctx: ServerContext): ReturnType<Desk['link']> {
  return desk.link(server, askingOf(ctx).caller);
}

async function during<T>(desk: Desk, server: string, ctx: ServerContext, run: () => Promise<T>): Promise<T> {
  const leave = desk.with(server, ctx.mcpReq.id);
  try {
    return await run();
  } finally {
    leave();
  }
}
