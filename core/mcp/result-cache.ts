import { createHash } from 'node:crypto';
import type { ToolResult } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { sorted } from './sorted-json.js';
import type { OfferedTool, ToolRun } from './tool-run.js';

/** Of all results together, as JSON. */
const MOST_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly server: string;
  readonly result: ToolResult;
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/**
 * Results of tools that only read, as their server says, for as long as the configuration says. Each caller has its own, unless
 * the server says that all would get the same. The oldest go first when there are too many.
 */
export class ResultCache {
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  /** Where the result of a call is kept; null where none is. */
  placeOf(x: Exchange, run: ToolRun): Place | null {
    const { offered } = run;
    const forMs = offered?.settings?.cacheMs ?? null;
    if (offered === null || forMs === null || offered.tool.annotations['readOnlyHint'] !== true) return null;
    return { caller: x.principal?.id ?? '', what: nameOf(offered, run), server: offered.server.id, forMs };
  }

  get({ caller, what }: Place): ToolResult | null {
    for (const name of [keyOf(what, caller), keyOf(what, null)]) {
      const found = this.kept.get(name);
      if (found === undefined) continue;
      if (found.until > performance.now()) return found.result;
      this.delete(name, found);
    }
    return null;
  }

  /** A failure is not kept, nor what the server says is old already. */
  set({ caller, what, server, forMs }: Place, result: ToolResult): void {
    const { ttlMs, cacheScope } = result;
    const forNow = typeof ttlMs === 'number' ? Math.min(forMs, ttlMs) : forMs;
    if (result.isError === true || !(forNow > 0)) return;
    const name = keyOf(what, cacheScope === 'public' ? null : caller);
    const before = this.kept.get(name);
    if (before !== undefined) this.delete(name, before);
    const bytes = Buffer.byteLength(JSON.stringify(result));
    this.kept.set(name, { server, result, bytes, until: performance.now() + forNow });
    this.bytes += bytes;
    for (const [oldest, one] of this.kept) {
      if (this.bytes <= MOST_BYTES) break;
      this.delete(oldest, one);
    }
  }

  /** Something about the server has changed. */
  forget(server: string): void {
    for (const [name, one] of this.kept) if (one.server === server) this.delete(name, one);
  }

  private delete(name: string, { bytes }: Kept): void {
    this.kept.delete(name);
    this.bytes -= bytes;
  }
}

export interface Place {
  readonly caller: string;
  /** The tool as it is now, and what it was called with. */
  readonly what: string;
  readonly server: string;
  readonly forMs: number;
}

/** What was got with the credential of a user is for that user's calls alone, whatever the server says of it. */
function nameOf({ server, tool }: OfferedTool, { args, behalf }: ToolRun): string {
  const all = JSON.stringify([server.id, behalf?.owner ?? '', tool.name, tool.fingerprint, sorted(args)]);
  return createHash('sha256').update(all).digest('base64');
}

/** `caller` null: anybody's. */
function keyOf(what: string, caller: string | null): string {
  return JSON.stringify([what, caller]);
}
