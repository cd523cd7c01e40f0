import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { McpServerConfig } from '../../config/mcp-config.js';
import type { HeldTool, PinnedTool, ToolDefinition } from '../protocol.js';

/** What the file has: a fingerprint alone, as it was once written, or the tool with it. */
type Seen = Record<string, Record<string, PinnedTool | string>>;

/**
 * Of one server. Nothing is ever dropped, since a tool that was gone and comes back changed is to be caught: a server that makes up new
 * ones without end stops itself here, and nobody else.
 */
const MOST_TOOLS = 10_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** By `server/tool`. */
export type AcceptedTools = ReadonlyMap<string, PinnedTool>;

/** Pinned tools as they were first seen, in a file of the data folder, or as somebody has accepted them since. */
export class Pins {
  private seen: Seen | null = null;
  /** What was accepted counts in place of what was first seen. */
  accepted: AcceptedTools = new Map();

  constructor(private readonly file: string) {}

  /** The tools that are what was pinned, or that nobody has pinned; and those that are not. Throws when the file cannot be used. */
  check(
    server: McpServerConfig,
    tools: readonly ToolDefinition[],
  ): { tools: readonly ToolDefinition[]; held: readonly HeldTool[] } {
    // Without the names that every object has: a server may call a tool so.
    const first: Record<string, PinnedTool> = Object.create(null);
    const held: HeldTool[] = [];
    const fine = tools.filter((tool) => {
      const { name, fingerprint } = tool;
      const pin = (server.tools.get(name) ?? server.tools.get('*'))?.pin ?? null;
      if (pin === null) return true;
      const known = this.known(server.id, name);
      if (pin === 'first' && known === null) {
        first[name] = { fingerprint, tool };
        return true;
      }
      const wanted = pin === 'first' ? known : { ...pin, tool: sameAs(pin.fingerprint, known) };
      if (wanted?.fingerprint === fingerprint) return true;
      held.push({ server: server.id, now: tool, pinned: wanted as PinnedTool, byConfig: pin !== 'first' });
      return false;
    });
    if (Object.keys(first).length > 0) this.keep(server.id, first);
    return { tools: fine, held };
  }

  /** Somebody may have changed the file. */
  reread(): void {
    this.seen = null;
  }

  private known(server: string, tool: string): PinnedTool | null {
    const accepted = this.accepted.get(`${server}/${tool}`);
    if (accepted !== undefined) return accepted;
    const seen = this.of(server);
    const found = Object.hasOwn(seen, tool) ? seen[tool] : undefined;
    if (found === undefined) return null;
    return typeof found === 'string' ? { fingerprint: found, tool: null } : found;
  }

  private of(server: string): Seen[string] {
    this.seen ??= this.read();
    return Object.hasOwn(this.seen, server) ? (this.seen[server] as Seen[string]) : {};
  }

  private keep(server: string, first: Record<string, PinnedTool>): void {
    const all = { ...this.of(server), ...first };
    if (Object.keys(all).length > MOST_TOOLS || JSON.stringify(all).length > MOST_CHARACTERS)
      throw new Error(
        `it has shown more tools than are pinned for one server (${MOST_TOOLS}, ${MOST_CHARACTERS} characters): take what is not wanted ` +
          `any longer out of ${this.file}, or pin fewer tools`,
      );
    const seen = { ...this.seen, [server]: all };
    mkdirSync(dirname(this.file), { recursive: true });
    const beside = `${this.file}.new`;
    // On the disk before it takes the place of what was there.
    writeFileSync(beside, JSON.stringify(seen, null, 1), { flush: true });
    renameSync(beside, this.file);
    this.seen = seen;
  }

  /** One that cannot be read holds everything back, rather than trust what nobody has seen before. */
  private read(): Seen {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return JSON.parse(text) as Seen;
    } catch {
      throw new Error(`${this.file} is not JSON: repair it, or remove it to pin anew what is there now`);
    }
  }
}

function sameAs(fingerprint: string, known: PinnedTool | null): ToolDefinition | null {
  return known?.fingerprint === fingerprint ? known.tool : null;
}
