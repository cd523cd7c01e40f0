import type { JSONRPCMessage } from '@modelcontextprotocol/server';

/** Most bytes of all sessions together. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Beside the message itself, about. */
const OVERHEAD_BYTES = 200;

interface Kept {
  readonly stream: string;
  /** Null: too large to be kept, so a stream cannot go on across it. */
  readonly message: JSONRPCMessage | null;
  readonly bytes: number;
  readonly from: ReplayStore;
  readonly id: string;
}

/** What was kept of all sessions, the oldest first. */
export class ReplayMemory {
  private readonly kept = new Set<Kept>();
  private bytes = 0;

  constructor(private readonly mostBytes = MOST_BYTES) {}

  add(one: Kept): void {
    this.kept.add(one);
    this.bytes += one.bytes;
    for (const oldest of this.kept) {
      if (this.bytes <= this.mostBytes) return;
      oldest.from.drop(oldest);
    }
  }

  remove(one: Kept): void {
    if (this.kept.delete(one)) this.bytes -= one.bytes;
  }
}

/** What was sent to one client, so that a stream which broke off can be taken up again: the latest, up to a number of bytes. */
export class ReplayStore {
  private readonly events = new Map<string, Kept>();
  private bytes = 0;
  private count = 0;

  constructor(
    private readonly memory: ReplayMemory,
    private readonly mostBytes: number,
    /** A client has come back for one of its streams. */
    private readonly onBack: () => void,
  ) {}

  /** The same for the library, which wants promises. */
  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const id = String(++this.count);
    const size = roughBytes(message, 0) + OVERHEAD_BYTES;
    const fits = size <= this.mostBytes;
    const one: Kept = {
      stream,
      message: fits ? message : null,
      bytes: fits ? size : OVERHEAD_BYTES,
      from: this,
      id,
    };
    this.events.set(id, one);
    this.bytes += one.bytes;
    for (const oldest of this.events.values()) {
      if (this.bytes <= this.mostBytes) break;
      this.drop(oldest);
    }
    this.memory.add(one);
    return id;
  }

  has(id: string): boolean {
    return this.events.has(id);
  }

  /** Rejects when something that came after it was not kept. */
  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const known = this.events.get(last);
    if (known === undefined) throw new Error('what came after it is not known any longer');
    const missed = [...this.events.values()].filter(
      ({ stream, id }) => stream === known.stream && Number(id) > Number(last),
    );
    if (missed.some(({ message }) => message === null))
      throw new Error('what came after it was too large to be kept');
    // What only opens a stream says nothing.
    for (const { id, message } of missed)
      if (message !== null && Object.keys(message).length > 0) await send(id, message);
    this.onBack();
    return known.stream;
  }

  drop(one: Kept): void {
    if (!this.events.delete(one.id)) return;
    this.bytes -= one.bytes;
    this.memory.remove(one);
  }

  clear(): void {
    for (const one of [...this.events.values()]) this.drop(one);
  }
}

/** About how many bytes it takes, without writing it. */
function roughBytes(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  // What is deeper than anybody needs is left to the limit on results.
  if (depth > 64) return 0;
  let bytes = 2;
  for (const name in value)
    bytes += name.length + 4 + roughBytes((value as Record<string, unknown>)[name], depth + 1);
  return bytes;
}
