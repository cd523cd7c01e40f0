import type { Cluster } from './cluster/cluster.js';
import type { LedgerHealth } from './store/ledger-protocol.js';

/** One part of the gateway. `why` is for people, and says no name that is not everybody's business. */
export interface PartHealth {
  readonly ok: boolean;
  readonly why?: string;
}

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: object;
}

export interface HealthSources {
  /** Why the gateway as a whole is not ready; empty when it is. */
  readonly notReady: readonly string[];
  readonly ledger: LedgerHealth;
  readonly cluster: Pick<Cluster, 'away' | 'policy' | 'shown'> | null;
  /** What of the store is not in force. */
  readonly notes: readonly string[];
  /** States of servers of tools; null while there are none. */
  readonly mcp: readonly string[] | null;
}

/**
 * What `GET /health/ready` answers: whether requests are taken, and which part is not as it should be. 503 where requests are not
 * served, `degraded` with 200 where they are but something is missing.
 */
export function healthAnswer(sources: HealthSources): HealthAnswer {
  const { notReady, ledger, cluster, notes, mcp } = sources;
  const away = cluster?.away === true ? [`Redis (${cluster.shown}) does not answer`] : [];
  // With another policy than that requests are still answered.
  const stops = cluster?.policy === 'closed' ? away : [];
  const why = [...notReady, ...(ledger.ok ? [] : ledger.problems), ...stops];
  const failed = mcp?.filter((state) => state === 'failed').length ?? 0;
  const parts: Record<string, PartHealth> = {
    gateway: part(notReady),
    store: part(of(ledger.parts, 'database')),
    spool: part(of(ledger.parts, 'spool')),
    ...(ledger.parts['bodies'] !== undefined && { bodies: part(of(ledger.parts, 'bodies')) }),
    definitions: part(notes),
    ...(cluster !== null && { redis: part(away) }),
    ...(mcp !== null && {
      mcp: part(failed === 0 ? [] : [`${failed} of ${mcp.length} servers cannot be reached`]),
    }),
    ...(ledger.sinks.length > 0 && {
      sinks: part(
        ledger.sinks.flatMap(({ ok, name }) => (ok ? [] : [`${name} does not take what it is sent`])),
      ),
    }),
  };
  const problems = why.length > 0 ? why : [...away, ...lesser(parts)];
  const status = why.length > 0 ? 'not ready' : problems.length > 0 ? 'degraded' : 'ready';
  return {
    status: why.length === 0 ? 200 : 503,
    body: {
      status,
      ...(problems.length > 0 && { problems }),
      ...(notes.length > 0 && { notes }),
      parts,
    },
  };
}

/** What keeps nobody's request from being served. */
function lesser({ mcp, sinks, bodies }: Readonly<Record<string, PartHealth>>): string[] {
  return [mcp, sinks, bodies].flatMap((one) => one?.why ?? []);
}

function part(why: readonly string[]): PartHealth {
  return why.length === 0 ? { ok: true } : { ok: false, why: why.join('; ') };
}

function of(parts: Readonly<Record<string, string>>, name: string): string[] {
  const why = parts[name];
  return why === undefined ? [] : [why];
}
