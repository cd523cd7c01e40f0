import type { Access, Choice } from '../config/entity.js';
import { choiceMatcher, type KeyFacts } from '../identity/virtual-key.js';

interface Rule {
  readonly who: string;
  readonly allows: (name: string) => boolean;
}

const byKey = new WeakMap<KeyFacts, ToolAccess>();

/** Which servers and tools a caller may use, by the rules of the key and of all that it belongs to. */
export class ToolAccess {
  private readonly servers: readonly Rule[];
  private readonly tools: readonly Rule[];

  private constructor(access: readonly Access[]) {
    this.servers = rulesOf(access, ({ mcpServers }) => mcpServers);
    this.tools = rulesOf(access, ({ mcpTools }) => mcpTools);
  }

  static of(key: KeyFacts): ToolAccess {
    let found = byKey.get(key);
    if (found === undefined) byKey.set(key, (found = new ToolAccess(key.access)));
    return found;
  }

  /** Who does not let it use the server, for messages; null when all do. */
  serverRefusedBy(server: string): string | null {
    return refusedBy(this.servers, server);
  }

  /** The same for a tool of a server that it may use. */
  toolRefusedBy(server: string, tool: string): string | null {
    return refusedBy(this.tools, `${server}/${tool}`);
  }
}

function rulesOf(access: readonly Access[], pick: (one: Access) => Choice | null): Rule[] {
  return access.flatMap((one) => {
    const choice = pick(one);
    return choice === null ? [] : [{ who: one.who, allows: choiceMatcher(choice) }];
  });
}

function refusedBy(rules: readonly Rule[], name: string): string | null {
  return rules.find(({ allows }) => !allows(name))?.who ?? null;
}
