import { z } from 'zod';
import { duration } from '../config/duration.js';
import type { ControlAnswer } from '../control.js';
import { LINE_LEVELS, type LogLevel } from '../observe/line-level.js';
import type { SetLevel } from '../observe/log-levels.js';
import { StoreError } from '../store/control/store-error.js';
import type { Ledger } from '../store/ledger.js';
import { iso } from './entity-text.js';
import type { Governance } from './governance.js';
import { bodyOf, json } from './reply.js';
import type { AdminRequest } from './route.js';
import type { AdminParts } from './routes.js';

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
  for: duration().optional().describe('How long it holds; left out, until the gateway ends.'),
});

/** `PUT /api/log-level`: from which level on this node writes its log. Noted in the audit. */
export async function setLogLevel(
  { ledger, governance }: Pick<AdminParts, 'ledger' | 'governance'>,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const parsed = logLevelSchema.safeParse(bodyOf(request));
  if (!parsed.success) throw new StoreError('entity_invalid', wordsOf(parsed.error));
  const { level, component = null, for: forMs } = parsed.data;
  const others = ledger.logLevels.changes.filter((one) => one.component !== component);
  const untilMs = forMs === undefined ? null : Date.now() + forMs;
  const changes: SetLevel[] = level === null ? others : [...others, { component, level, untilMs }];
  // Noted first: what nobody can be asked about later is not changed.
  await note(governance, request.author, component, level, untilMs);
  ledger.setLogLevels(changes);
  return shownLevels(ledger);
}

/** `GET /api/log-level`. */
export function shownLevels(ledger: Pick<Ledger, 'logLevels'>): ControlAnswer {
  return json(200, shown(ledger));
}

async function note(
  governance: Pick<Governance, 'open'>,
  author: Parameters<Awaited<ReturnType<Governance['open']>>['store']['change']>[0],
  component: string | null,
  level: LogLevel | null,
  untilMs: number | null,
): Promise<void> {
  const { store } = await governance.open();
  await store.change(author, async () => ({
    action: 'set',
    kind: 'log_level',
    id: component ?? '',
    before: null,
    after: null,
    note: { level: level ?? 'as configured', until: untilMs === null ? '' : iso(untilMs) },
  }));
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
