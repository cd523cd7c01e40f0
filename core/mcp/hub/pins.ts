import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { McpServerConfig } from '../../config/mcp-config.js';
import type { ToolDefinition } from '../protocol.js';

type Seen = Record<string, Record<string, string>>;

/** Fingerprints of pinned tools as they were first seen, in a file of the data folder. */
export class Pins {
  private seen: Seen | null = null;

  constructor(private readonly file: string) {}

  /** The tools that are what was pinned, or that nobody has pinned; and those that are not. Throws when the file cannot be used. */
  check(
    server: McpServerConfig,
    tools: readonly ToolDefinition[],
  ): { tools: readonly ToolDefinition[]; held: { name: string; fingerprint: string }[] } {
    const first: Record<string, string> = {};
    const held: { name: string; fingerprint: string }[] = [];
    const fine = tools.filter(({ name, fingerprint }) => {
      const pin = (server.tools.get(name) ?? server.tools.get('*'))?.pin ?? null;
      if (pin === null) return true;
      const wanted = pin === 'first' ? this.of(server.id)[name] : pin.fingerprint;
      if (wanted === undefined) first[name] = fingerprint;
      else if (wanted !== fingerprint) held.push({ name, fingerprint });
      return wanted === undefined || wanted === fingerprint;
    });
    if (Object.keys(first).length > 0) this.keep(server.id, first);
    return { tools: fine, held };
  }

  /** Somebody may have changed the file. */
  reread(): void {
    this.seen = null;
  }

  private of(server: string): Record<string, string> {
    this.seen ??= this.read();
    return Object.hasOwn(this.seen, server) ? (this.seen[server] as Record<string, string>) : {};
  }

  private keep(server: string, first: Record<string, string>): void {
    const seen = { ...this.seen, [server]: { ...this.of(server), ...first } };
    mkdirSync(dirname(this.file), { recursive: true });
    const beside = `${this.file}.new`;
    writeFileSync(beside, JSON.stringify(seen, null, 1));
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
