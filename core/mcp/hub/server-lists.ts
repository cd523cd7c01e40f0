import type { McpServerConfig } from '../../config/mcp-config.js';
import type { LogLine } from '../../plugin/logger.js';
import type { HeldTool, ItemList, ListKind, ToolList } from '../protocol.js';
import type { Connection } from './connect.js';
import { LIST_OF_API, LIST_OF_SERVER, listAll } from './list-all.js';
import type { Pins } from './pins.js';
import { definitionsOf } from './tool-definition.js';

export interface ListParts {
  readonly config: McpServerConfig;
  readonly pins: Pins;
  readonly log: LogLine;
  /** What was known of a list no longer holds. */
  readonly onChanged: (kind: ListKind) => void;
}

interface Known<T> {
  value: T | null;
  asking: Promise<T> | null;
  /** Counts what was told of changes: what was asked for before one of them is old already. */
  changes: number;
}

/** What one server offers, as long as it holds. */
export class ServerLists {
  private readonly tools: Known<ToolList> = { value: null, asking: null, changes: 0 };
  private readonly others = new Map<ListKind, Known<ItemList>>();
  private reported = '';
  /** Tools of the last list that are held back. */
  held: readonly HeldTool[] = [];

  constructor(private readonly parts: ListParts) {}

  /** The last list of tools, be it old; null when there was none. */
  get lastTools(): ToolList | null {
    return this.tools.value;
  }

  /** Its tools, those that are held back left out. */
  toolsOf(connect: () => Promise<Connection>): Promise<ToolList> {
    return fresh(this.tools, connect, async ({ client }, freshFor) => {
      const { config, pins } = this.parts;
      const most = config.transport.kind === 'openapi' ? LIST_OF_API : LIST_OF_SERVER;
      const { items, ttlMs, shared } = await listAll(client, 'tools', config.timeouts.listMs, most);
      const checked = pins.check(config, definitionsOf(items));
      this.held = checked.held;
      const held = checked.held.map(({ now: { name, fingerprint } }) => ({ name, fingerprint }));
      this.report(held);
      return { tools: checked.tools, held, shared, freshUntil: freshFor(ttlMs ?? config.listTtlMs) };
    });
  }

  /** Resources, templates of them, or prompts, as the server lists them. */
  itemsOf(kind: Exclude<ListKind, 'tools'>, connect: () => Promise<Connection>): Promise<ItemList> {
    let known = this.others.get(kind);
    if (known === undefined) this.others.set(kind, (known = { value: null, asking: null, changes: 0 }));
    return fresh(known, connect, async ({ client }, freshFor) => {
      const { config } = this.parts;
      const { items, ttlMs, shared } = await listAll(client, kind, config.timeouts.listMs);
      return { items, shared, freshUntil: freshFor(ttlMs ?? config.listTtlMs) };
    });
  }

  /** What is known of a list, or of all of them, may not hold any longer. */
  forget(kind: ListKind | null = null): void {
    if (kind === null || kind === 'tools') this.outdate('tools', this.tools);
    for (const [name, known] of this.others) if (kind === null || kind === name) this.outdate(name, known);
  }

  private outdate<T extends { readonly freshUntil: number }>(kind: ListKind, known: Known<T>): void {
    known.changes++;
    if (known.value !== null) known.value = { ...known.value, freshUntil: 0 };
    this.parts.onChanged(kind);
  }

  private report(held: ToolList['held']): void {
    const names = held.map(({ name, fingerprint }) => `${name} ${fingerprint}`).join(', ');
    if (names !== '' && names !== this.reported)
      this.parts.log('warn', 'tools are held back: they are not what was pinned', {
        server: this.parts.config.id,
        tools: names,
      });
    this.reported = names;
  }
}

/** What is known if it still holds; else it is asked for, once for all who want it at the same time. */
function fresh<T extends { readonly freshUntil: number }>(
  known: Known<T>,
  connect: () => Promise<Connection>,
  ask: (connection: Connection, freshFor: (ms: number) => number) => Promise<T>,
): Promise<T> {
  const { value } = known;
  if (value !== null && value.freshUntil > Date.now()) return Promise.resolve(value);
  known.asking ??= connect()
    .then((connection) => {
      // A new connection is a change itself, which what is asked over it has seen.
      const { changes } = known;
      return ask(connection, (ms) => (known.changes === changes ? Date.now() + ms : 0));
    })
    .then((found) => {
      known.value = found;
      return found;
    })
    .finally(() => {
      known.asking = null;
    });
  return known.asking;
}
