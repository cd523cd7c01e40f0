import type { AskedServer, CanonicalRequest, JsonObject, ServerToolItems } from '@headgate/sdk';
import { understood } from '../../canonical-of.js';
import type { AttachedTools, ToolSelection } from '../../config/mcp-config.js';
import { gatewayError } from '../../errors.js';
import type { Exchange } from '../../exchange.js';
import { choiceMatcher } from '../../identity/virtual-key.js';
import type { GuestServer, ToolDefinition } from '../protocol.js';
import { guestOf } from './guest-servers.js';

/** A server whose tools a request is to have. */
export interface WantedServer {
  readonly id: string;
  /** The request itself names it, so that it must be there. */
  readonly named: boolean;
  /** It stands among the request's tools. */
  readonly item: AskedServer | null;
  /** The request has brought it along; null: it is one of the configuration. */
  readonly guest: GuestServer | null;
  readonly allows: (tool: ToolDefinition) => boolean;
}

export interface Wanted {
  /** In the order of the configuration, whatever the order of those that ask. */
  readonly servers: readonly WantedServer[];
  /** The gateway runs the calls. */
  readonly agent: boolean;
  readonly select: ToolSelection;
}

/** What the request, its model and its key say of tools of servers. Throws a GatewayError for what makes no sense. */
export function wantedServers(x: Exchange, request: CanonicalRequest, items: ServerToolItems | null): Wanted {
  const mode = readMode(x.header('x-headgate-mcp-mode'));
  const header = x.header('x-headgate-mcp');
  const attached = header === undefined ? attachedOf(x) : [];
  const wanted = new Map<string, WantedServer>();
  for (const one of header === undefined ? attached.flatMap(byConfig) : byHeader(header)) add(wanted, one);
  let asked = false;
  if (items !== null)
    for (const value of opaqueTools(request)) {
      const item = understood(() => items.asked(value));
      if (item === null) continue;
      if (x.runtime.config.mcp?.servers.has(item.label) !== true) {
        const guest = guestOf(x, item);
        if (guest === null) mustPass(x, item);
        else {
          if (wanted.has(item.label))
            throw gatewayError('invalid_field', {
              why: `Two servers are called "${item.label.slice(0, 100)}".`,
            });
          asked = true;
          add(wanted, { ...byItem(item), guest });
        }
        continue;
      }
      asked = true;
      add(wanted, byItem(item));
    }
  const order = [...(x.runtime.config.mcp?.servers.keys() ?? [])];
  // Those of the request itself come last, as it has them.
  const at = ({ id, guest }: WantedServer): number => (guest === null ? order.indexOf(id) : order.length);
  const servers = [...wanted.values()].sort((a, b) => at(a) - at(b));
  const select = readSelect(x.header('x-headgate-mcp-select'));
  if (mode === 'return' && select === 'code')
    throw gatewayError('invalid_header', {
      name: 'x-headgate-mcp-select',
      why: 'programs are run by the gateway: the mode must be agent',
    });
  const chosen = select ?? selectOf(attached);
  // Who has the calls returned cannot be told of tools that only the gateway has.
  if (mode === 'return') return { servers, agent: false, select: chosen === 'code' ? 'all' : chosen };
  const agent =
    mode === 'agent' || asked || chosen === 'code' || attached.some((one) => one.mode === 'agent');
  return { servers, agent, select: chosen };
}

function readMode(text: string | undefined): 'agent' | 'return' | null {
  if (text === undefined) return null;
  if (text === 'agent' || text === 'return') return text;
  throw gatewayError('invalid_header', { name: 'x-headgate-mcp-mode', why: 'it must be agent or return' });
}

function readSelect(text: string | undefined): ToolSelection | null {
  if (text === undefined) return null;
  if (text === 'all' || text === 'search' || text === 'code') return text;
  throw gatewayError('invalid_header', {
    name: 'x-headgate-mcp-select',
    why: 'it must be all, search or code',
  });
}

/** Of a model and a key, whoever wants fewer. */
function selectOf(attached: readonly AttachedTools[]): ToolSelection {
  const asked = attached.map(({ select }) => select);
  return asked.includes('code') ? 'code' : asked.includes('search') ? 'search' : 'all';
}

function attachedOf({ runtime, route, principal }: Exchange): AttachedTools[] {
  const model = route === null ? null : runtime.config.models.get(route.name)?.attached;
  return [model, principal?.attached].filter((one) => one != null);
}

function byConfig({ servers, tools }: AttachedTools): WantedServer[] {
  const allows = tools === null ? null : choiceMatcher({ allowed: tools, denied: [] });
  return servers.map((id) => ({
    id,
    named: false,
    item: null,
    guest: null,
    allows: ({ name }) => allows === null || allows(`${id}/${name}`),
  }));
}

/** `files,search/read_*`; `none` is nothing, whatever the configuration says. */
function byHeader(text: string): WantedServer[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.length === 1 && names[0] === 'none') return [];
  return names.map((name) => {
    const slash = name.indexOf('/');
    const id = slash < 0 ? name : name.slice(0, slash);
    const pattern = slash < 0 ? '*' : name.slice(slash + 1);
    // Clients write it: no more than one wildcard, at the end.
    const star = pattern.indexOf('*');
    if (id === '' || pattern === '' || (star >= 0 && star < pattern.length - 1))
      throw gatewayError('invalid_header', {
        name: 'x-headgate-mcp',
        why: 'it must be none, or servers and server/tool, set apart by commas; a tool may end in "*"',
      });
    return {
      id,
      named: true,
      item: null,
      guest: null,
      allows: ({ name: tool }) => fits(tool, pattern, star),
    };
  });
}

function fits(tool: string, pattern: string, star: number): boolean {
  return star < 0 ? tool === pattern : tool.startsWith(pattern.slice(0, star));
}

function byItem(item: AskedServer): WantedServer {
  return {
    id: item.label,
    named: true,
    item,
    guest: null,
    allows: ({ name, annotations }) =>
      item.allowed?.includes(name) !== false && (!item.readOnly || annotations['readOnlyHint'] === true),
  };
}

/** One that several ask for has the tools of all of them. */
function add(wanted: Map<string, WantedServer>, one: WantedServer): void {
  const before = wanted.get(one.id);
  if (before === undefined) {
    wanted.set(one.id, one);
    return;
  }
  wanted.set(one.id, {
    id: one.id,
    named: before.named || one.named,
    item: one.item ?? before.item,
    guest: before.guest,
    allows: (tool) => before.allows(tool) || one.allows(tool),
  });
}

export function opaqueTools(request: CanonicalRequest): JsonObject[] {
  return (request.tools ?? []).flatMap((tool) =>
    tool.kind === 'opaque' && tool.format === request.origin ? [tool.value] : [],
  );
}

/** A server that is none of ours is its provider's to run; addresses of requests are never called from here. */
function mustPass({ route, endpoint, model }: Exchange, { label }: AskedServer): void {
  const passes = route?.targets.some(({ speech }) => speech.get(endpoint.format.id)?.same === true);
  if (passes !== true) throw gatewayError('mcp_server_url_refused', { label: label.slice(0, 100), model });
}
