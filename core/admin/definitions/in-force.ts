import { definitionKey } from '../../config/definitions.js';
import { ConfigError, formatProblem } from '../../config/problem.js';
import type { LayeredConfig } from '../../plugin/load-config.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { IN_FILE_TOO } from './reasons.js';
import { SealError, Sealer } from './sealer.js';
import { opened } from './stored-definition.js';

/** A configuration of file and store, and what of the store is not part of it. */
export interface InForce {
  readonly loaded: LayeredConfig;
  /** By `definitionKey`, why. */
  readonly out: ReadonlyMap<string, string>;
}

/**
 * Puts what is stored over the file. What cannot be used, by itself or any longer with this file, is left out and says why: a
 * gateway that runs goes on, and one that starts does.
 *
 * @param refused what failed beyond what can be checked here, by `definitionKey`
 */
export async function inForce(
  file: LayeredConfig,
  rows: readonly StoredEntity[],
  refused: ReadonlyMap<string, string> = new Map(),
): Promise<InForce> {
  const out = new Map<string, string>();
  const sealer = new Sealer(file.config.admin.encryptionKey);
  let left = rows.flatMap((row) => {
    const key = `${row.kind}:${row.id}`;
    const why = refused.get(key);
    if (why !== undefined) {
      out.set(key, why);
      return [];
    }
    try {
      return [opened(row, sealer)];
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      out.set(key, error.message);
      return [];
    }
  });
  for (;;) {
    if (left.length === 0) return { loaded: holdingBack(file, out), out };
    try {
      const loaded = await file.with(left);
      const held = holdingBack(loaded, out);
      for (const key of loaded.shadowed) out.set(key, IN_FILE_TOO);
      return { loaded: held, out };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const wrong = reasonsIn(error, new Set(left.map(definitionKey)));
      // What cannot be told apart goes together: the file by itself is known to be right.
      if (wrong.size === 0) for (const one of left) wrong.set(definitionKey(one), error.message);
      for (const [key, why] of wrong) out.set(key, why);
      left = left.filter((one) => !wrong.has(definitionKey(one)));
    }
  }
}

/**
 * A provider of the store may have the id of a built-in one, and a model a name that a provider knows: while it is out of force,
 * what was meant for it must not go there.
 */
function holdingBack(loaded: LayeredConfig, out: ReadonlyMap<string, string>): LayeredConfig {
  const names = (kind: string): Set<string> =>
    new Set(
      [...out.keys()].filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1)),
    );
  const heldBack = { providers: names('provider'), models: names('model') };
  return { ...loaded, config: { ...loaded.config, heldBack } };
}

/** What was asked for and is not in force, and what was and would no longer be; what the file defines is no matter. */
export function newlyOut(
  { loaded, out }: InForce,
  before: InForce,
  asked: ReadonlySet<string>,
): Map<string, string> {
  return new Map(
    [...out].filter(([key]) => !loaded.shadowed.has(key) && (asked.has(key) || !before.out.has(key))),
  );
}

function reasonsIn({ problems }: ConfigError, among: ReadonlySet<string>): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const problem of problems) {
    const { owner } = problem;
    if (owner === undefined || !among.has(owner)) continue;
    const before = reasons.get(owner);
    const said = formatProblem(problem, null);
    reasons.set(owner, before === undefined ? said : `${before}; ${said}`);
  }
  return reasons;
}
