import { createHash } from 'node:crypto';
import type { JsonObject } from '@headgate/sdk';
import type { Client } from '@modelcontextprotocol/client';
import type { ToolDefinition } from '../protocol.js';
import { sorted } from '../sorted-json.js';

/** Nobody has use for more, and no model. */
const MOST_TOOLS = 1000;
const MOST_PAGES = 100;
/** Of all definitions together. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A server cannot have its list kept for longer, whatever it says. */
const MOST_TTL_MS = 24 * 3_600_000;

export interface Listed {
  readonly tools: readonly ToolDefinition[];
  /** How long it counts, as the server says; null when it says nothing. */
  readonly ttlMs: number | null;
  readonly shared: boolean;
}

interface Page {
  readonly tools: readonly Tool[];
  readonly nextCursor?: string | undefined;
  readonly ttlMs?: unknown;
  readonly cacheScope?: unknown;
}

interface Tool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: object;
  readonly outputSchema?: object | undefined;
  readonly annotations?: object | undefined;
}

/** All pages of a server's list. Rejects when it never ends, or is larger than anybody could use. */
export async function listTools(client: Client, timeoutMs: number): Promise<Listed> {
  if (client.getServerCapabilities()?.tools === undefined) return { tools: [], ttlMs: null, shared: true };
  const until = performance.now() + timeoutMs;
  const byName = new Map<string, ToolDefinition>();
  let first: Page | null = null;
  let cursor: string | undefined;
  let bytes = 0;
  for (let pages = 0; pages === 0 || cursor !== undefined; pages++) {
    if (pages >= MOST_PAGES) throw new Error(`its list of tools has more than ${MOST_PAGES} pages`);
    const params = cursor === undefined ? {} : { cursor };
    const timeout = Math.max(1, until - performance.now());
    const page: Page = await client.request({ method: 'tools/list', params }, { timeout });
    first ??= page;
    for (const tool of page.tools) {
      const one = definitionOf(tool);
      bytes += JSON.stringify(one).length;
      // A name that comes twice would be two tools for one call: the first one counts.
      if (!byName.has(one.name)) byName.set(one.name, one);
    }
    if (byName.size > MOST_TOOLS || bytes > MOST_BYTES)
      throw new Error(
        `it lists more than ${MOST_TOOLS} tools, or describes them with more than ${MOST_BYTES} bytes`,
      );
    cursor = page.nextCursor;
  }
  const { ttlMs, cacheScope } = first as Page;
  return {
    // In an order of its own, so that what is made of it is the same as long as the tools are.
    tools: [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ttlMs: typeof ttlMs === 'number' && ttlMs >= 0 ? Math.min(ttlMs, MOST_TTL_MS) : null,
    shared: cacheScope === 'public',
  };
}

function definitionOf(tool: Tool): ToolDefinition {
  const told = {
    name: tool.name,
    title: tool.title ?? '',
    description: tool.description ?? '',
    inputSchema: tool.inputSchema as JsonObject,
    outputSchema: (tool.outputSchema ?? null) as JsonObject | null,
    annotations: (tool.annotations ?? {}) as JsonObject,
  };
  return { ...told, fingerprint: fingerprintOf(told) };
}

/** The same for the same tool, in whatever order its server writes the fields. */
function fingerprintOf(told: Omit<ToolDefinition, 'fingerprint'>): string {
  return `sha256:${createHash('sha256').update(sorted(told)).digest('hex')}`;
}
