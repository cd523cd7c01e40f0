import { createHash } from 'node:crypto';
import type { OfferedTool } from '../tool-run.js';

/** What all providers take as the name of a function. */
const LONGEST = 64;
const HASH_DIGITS = 8;

/** A tool as a request has it. */
export interface NamedTool extends OfferedTool {
  /** The name of the function that the model sees. */
  readonly name: string;
}

/**
 * Names that models know tools by: `server__tool`, the same as long as the tools are. A name stands for one tool of one
 * server, so that no server can have calls that are meant for another; where two would have the same, or the client has a
 * function of that name, a hash of both names sets them apart.
 */
export class ToolNames {
  private readonly byName = new Map<string, NamedTool>();
  private readonly names = new Map<string, string>();

  constructor(offered: readonly OfferedTool[], taken: ReadonlySet<string>) {
    for (const tool of offered) {
      const { server, tool: definition } = tool;
      let name = functionName(server.id, definition.name);
      for (let salt = 0; taken.has(name) || this.byName.has(name); salt++)
        name = hashedName(server.id, definition.name, salt);
      this.byName.set(name, { ...tool, name });
      this.names.set(key(server.id, definition.name), name);
    }
  }

  get all(): readonly NamedTool[] {
    return [...this.byName.values()];
  }

  find(name: string): NamedTool | null {
    return this.byName.get(name) ?? null;
  }

  /** The name of a tool that is there; '' when it is not. */
  exactly(server: string, tool: string): string {
    return this.names.get(key(server, tool)) ?? '';
  }

  /** Also of a tool that is no longer there: a conversation may tell of it. */
  of(server: string, tool: string): string {
    return this.names.get(key(server, tool)) ?? functionName(server, tool);
  }
}

const key = (server: string, tool: string): string => JSON.stringify([server, tool]);

function functionName(server: string, tool: string): string {
  const plain = `${server}__${tool}`;
  const clean = plain.replace(/[^A-Za-z0-9_-]/g, '_');
  // What had to be changed may be the same as something else now.
  return clean === plain && clean.length <= LONGEST ? clean : hashedName(server, tool, 0);
}

function hashedName(server: string, tool: string, salt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([server, tool, salt]))
    .digest('hex');
  const clean = `${server}__${tool}`.replace(/[^A-Za-z0-9_-]/g, '_');
  return `${clean.slice(0, LONGEST - HASH_DIGITS - 1)}_${hash.slice(0, HASH_DIGITS)}`;
}
