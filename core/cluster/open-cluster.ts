import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../config/config.js';
import type { LogLine } from '../plugin/logger.js';
import type { Ledger } from '../store/ledger.js';
import type { NodeLife } from '../store/node-life.js';
import type { Cluster } from './cluster.js';

/** The same name after a restart, by which what was held before is known, and another start. */
export function newLife({ dataDir }: Pick<Config, 'dataDir'>): Pick<NodeLife, 'node' | 'boot'> {
  const node = createHash('sha256').update(`${hostname()}:${dataDir}`).digest('base64url').slice(0, 16);
  return { node, boot: randomBytes(6).toString('hex') };
}

/** This node among the others, null when there are none. What it takes is loaded by those alone that have others. */
export async function clusterOf(
  { cluster }: Pick<Config, 'cluster'>,
  life: Pick<NodeLife, 'node' | 'boot'> | undefined,
  ledger: Pick<Ledger, 'earlierLives' | 'usedInLife' | 'forgetLives' | 'nodesOfLate'>,
  counters: SharedArrayBuffer,
  log: LogLine,
): Promise<Cluster | null> {
  if (cluster === null || life === undefined) return null;
  const { Cluster } = await import('./cluster.js');
  const { name, policy, redis } = cluster;
  const earlier = {
    names: await ledger.earlierLives(),
    used: (...asked: Parameters<Ledger['usedInLife']>) => ledger.usedInLife(...asked),
    forget: (lives: readonly string[]) => ledger.forgetLives(lives),
  };
  const nodesOfLate = (): Promise<number> => ledger.nodesOfLate();
  return Cluster.start({
    target: redis.reveal(),
    name,
    policy,
    ...life,
    earlier,
    nodesOfLate,
    counters,
    log,
  });
}
