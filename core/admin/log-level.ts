import { z } from 'zod';
import { duration } from '../config/duration.js';
import type { ControlAnswer } from '../control.js';
import { LINE_LEVELS } from '../observe/line-level.js';
import { StoreError } from '../store/control/store-error.js';
import type { Ledger } from '../store/ledger.js';
import { iso } from './entity-text.js';
import { bodyOf, json } from './reply.js';
import type { AdminRequest } from './route.js';
import type { AdminParts } from './routes.js';
import { keepLevel, LEVEL_KIND } from './stored-levels.js';

/** Parts of the gateway whose lines may have a level of their own. `plugin:NAME` is one plugin. */
export const LOG_COMPONENTS = [
  'gateway',
  'admin',
  'cluster',
  'io',
  'ledger',
  'mcp',
  'plugin',
  'requests',
  'store',
] as const;

/** What may be sent to `PUT /api/log-level`. */
export const logLevelSchema = z.strictObject({
  level: z
    .enum([...LINE_LEVELS, 'silent'])
    .nullable()
    .describe('Least severe line that is written; null takes back what was set.'),
  component: z
    .union([z.enum(LOG_COMPONENTS), z.string().regex(/^plugin:[\w./@-]{1,100}$/)])
    .optional()
    .describe('The part that it holds for; left out, all that have no level of their own.'),
  for: duration().optional().describe('How long it holds; left out, until it is taken back.'),
});

/** `PUT /api/log-level`: from which level on all nodes write their logs. Noted in the audit. */
export async function setLogLevel(
  { ledger, governance }: Pick<AdminParts, 'ledger' | 'governance'>,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const parsed = logLevelSchema.safeParse(bodyOf(request));
  if (!parsed.success) throw new StoreError('entity_invalid', wordsOf(parsed.error));
  const { level, component = null, for: forMs } = parsed.data;
  const untilMs = forMs === undefined ? null : Date.now() + forMs;
  const { store, feed } = await governance.open();
  await store.change(request.author, async (writing) => {
    await keepLevel(writing, component, level, untilMs);
    return {
      action: 'set',
      kind: LEVEL_KIND,
      id: component ?? '',
      before: null,
      after: null,
      note: { level: level ?? 'as configured', until: untilMs === null ? '' : iso(untilMs) },
    };
  });
  await feed.look();
  return shownLevels(ledger);
}

/** `GET /api/log-level`. */
export function shownLevels(ledger: Pick<Ledger, 'logLevels'>): ControlAnswer {
  return json(200, shown(ledger));
}

function shown(ledger: Pick<Ledger, 'logLevels'>): object {
  const { level, changes } = ledger.logLevels;
  return {
    level,
    changes: changes.map((one) => ({
      component: one.component,
      level: one.level,
      until: one.untilMs === null ? null : iso(one.untilMs),
    })),
    components: LOG_COMPONENTS,
  };
}

function wordsOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message.replace(/^expected: /, 'must be ') ?? 'not valid'}`;
}
