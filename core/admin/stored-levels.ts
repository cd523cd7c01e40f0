import type { LogLevel } from '../observe/line-level.js';
import type { SetLevel } from '../observe/log-levels.js';
import type { Writing } from '../store/control/control-store.js';
import type { EntityRows } from '../store/control/entity-rows.js';

/** In the store they are entities like others, called by the part of the gateway that they are for. */
export const LEVEL_KIND = 'log_level';

/** More than there are parts that may have one. */
const MOST_LEVELS = 200;

const ALL = 'all';

/** Levels of the log that were set on any node, those that are over among them. */
export async function storedLevels(rows: Pick<EntityRows, 'list'>): Promise<SetLevel[]> {
  return (await rows.list(LEVEL_KIND, { limit: MOST_LEVELS })).map(({ spec }) => ({
    component: spec['component'] as string | null,
    level: spec['level'] as LogLevel,
    untilMs: spec['until_ms'] as number | null,
  }));
}

/** Keeps a level for a part, or takes it back where it is null; what is over goes with it. */
export async function keepLevel(
  { entities, now }: Pick<Writing, 'entities' | 'now'>,
  component: string | null,
  level: LogLevel | null,
  untilMs: number | null,
): Promise<void> {
  const id = component ?? ALL;
  for (const { id: other, spec } of await entities.list(LEVEL_KIND, { limit: MOST_LEVELS })) {
    const until = spec['until_ms'] as number | null;
    if (other === id || (until !== null && until <= now)) await entities.remove(LEVEL_KIND, other);
  }
  if (level === null) return;
  const spec = { component, level, until_ms: untilMs };
  const row = { kind: LEVEL_KIND, id, name: id, parent: null, userId: null, spec, state: {} };
  await entities.insert(row, now);
}
