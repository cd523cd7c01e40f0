import type { JsonObject } from '@headgate/sdk';
import type { Client } from '@modelcontextprotocol/client';
import type { ListKind } from '../protocol.js';

/** What a list may be. */
export interface ListLimits {
  readonly items: number;
  /** Of all items together, as JSON. */
  readonly bytes: number;
}

/** Nobody has use for more, and no model. */
export const LIST_OF_SERVER: ListLimits = { items: 1000, bytes: 4 * 1024 * 1024 };
/** Of an API whose document the operator has chosen. */
export const LIST_OF_API: ListLimits = { items: 5000, bytes: 32 * 1024 * 1024 };
const MOST_PAGES = 100;
/** A server cannot have its list kept for longer, whatever it says. */
const MOST_TTL_MS = 24 * 3_600_000;

interface How {
  readonly method: string;
  readonly field: string;
  /** What servers have that offer any of it. */
  readonly capability: 'tools' | 'resources' | 'prompts';
}

const HOW: Readonly<Record<ListKind, How>> = {
  tools: { method: 'tools/list', field: 'tools', capability: 'tools' },
  resources: { method: 'resources/list', field: 'resources', capability: 'resources' },
  resourceTemplates: {
    method: 'resources/templates/list',
    field: 'resourceTemplates',
    capability: 'resources',
  },
  prompts: { method: 'prompts/list', field: 'prompts', capability: 'prompts' },
};

export interface Listed<Item> {
  readonly items: readonly Item[];
  /** How long it counts, as the server says; null when it says nothing. */
  readonly ttlMs: number | null;
  readonly shared: boolean;
}

/** All pages of a server's list. Rejects when it never ends, or is larger than anybody could use. */
export async function listAll(
  client: Client,
  kind: ListKind,
  timeoutMs: number,
  most: ListLimits = LIST_OF_SERVER,
): Promise<Listed<JsonObject>> {
  const { method, field, capability } = HOW[kind];
  if (client.getServerCapabilities()?.[capability] === undefined)
    return { items: [], ttlMs: null, shared: true };
  const until = performance.now() + timeoutMs;
  const items: JsonObject[] = [];
  let first: JsonObject | null = null;
  let cursor: string | undefined;
  let bytes = 0;
  for (let pages = 0; pages === 0 || cursor !== undefined; pages++) {
    if (pages >= MOST_PAGES) throw new Error(`its list has more than ${MOST_PAGES} pages`);
    const asked = { method, params: cursor === undefined ? {} : { cursor } } as { method: 'tools/list' };
    const timeout = Math.max(1, until - performance.now());
    const page = (await client.request(asked, { timeout })) as unknown as JsonObject;
    first ??= page;
    for (const item of page[field] as JsonObject[]) {
      items.push(item);
      bytes += JSON.stringify(item).length;
    }
    if (items.length > most.items || bytes > most.bytes)
      throw new Error(
        `it lists more than ${most.items}, or describes them with more than ${most.bytes} bytes`,
      );
    cursor = page['nextCursor'] as string | undefined;
  }
  const { ttlMs, cacheScope } = first as JsonObject;
  return {
    items,
    ttlMs: typeof ttlMs === 'number' && ttlMs >= 0 ? Math.min(ttlMs, MOST_TTL_MS) : null,
    shared: cacheScope === 'public',
  };
}
