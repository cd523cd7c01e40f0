import { z } from 'zod';
import type { AlertReply } from '../alerts/alert-protocol.js';
import { duration } from '../config/duration.js';
import type { ControlAnswer } from '../control.js';
import { canonicalError } from '../errors.js';
import type { Change } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { iso } from './entity-text.js';
import { bodyOf, json } from './reply.js';
import { type AdminRequest, refused } from './route.js';
import type { AdminParts } from './routes.js';

type Parts = Pick<AdminParts, 'ledger'>;
type Noting = Pick<AdminParts, 'ledger' | 'governance'>;

const text = z.string().min(1).max(600);

/** What may be sent to `POST /api/alerts/silences`. */
export const silenceSchema = z
  .strictObject({
    rule: text.optional().describe('Alerts of this rule alone.'),
    subject: text.optional().describe('Alerts about this alone, as `/api/alerts` names it.'),
    for: duration().describe('How long they are not told.'),
    comment: z.string().max(1000).default('').describe('Why, for others.'),
  })
  .refine(({ rule, subject }) => rule !== undefined || subject !== undefined, 'needs a rule or a subject');

/** `GET /api/alerts`: what holds, what is silenced, and how destinations take what they are told. */
export async function listAlerts({ ledger }: Parts): Promise<ControlAnswer> {
  const reply = await ledger.alerts({ do: 'list' });
  if (reply === null || !('alerts' in reply))
    return json(200, { alerts: [], silences: [], destinations: [] });
  return json(200, {
    alerts: reply.alerts.map(({ sinceMs, toldMs, ...alert }) => ({
      ...alert,
      since: iso(sinceMs),
      told_at: toldMs === null ? null : iso(toldMs),
    })),
    silences: reply.silences.map(silenceJson),
    destinations: reply.destinations,
  });
}

/** `POST /api/alerts/{destination}/test`: sends it a test, and says whether it was taken. */
export async function testAlerts({ ledger }: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const destination = request.params['destination'] ?? '';
  const reply = await ledger.alerts({ do: 'test', destination });
  if (reply === null || !('delivered' in reply))
    throw new StoreError('entity_unknown', `there is no destination of alerts "${destination}"`);
  return json(200, { delivered: reply.delivered, ...(!reply.delivered && { why: reply.why }) });
}

/** `POST /api/alerts/silences`. */
export async function silenceAlerts(
  { ledger, governance }: Noting,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const parsed = silenceSchema.safeParse(bodyOf(request));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the body';
    throw new StoreError('entity_invalid', `${where}: ${issue?.message.replace(/^expected: /, 'must be ')}`);
  }
  const { rule = null, subject = null, for: forMs, comment } = parsed.data;
  const untilMs = Date.now() + forMs;
  const by = request.author.actor;
  const reply = await ledger.alerts({ do: 'silence', silence: { rule, subject, untilMs, comment, by } });
  if (reply === null || !('silence' in reply)) return noAlerts();
  const { id } = reply.silence;
  const note = { rule: rule ?? '', subject: subject ?? '', until: iso(untilMs), comment };
  await noted(governance, request.author, { action: 'silence', id, note }).catch(async (error) => {
    // What nobody can be asked about later does not hold.
    await ledger.alerts({ do: 'unsilence', id });
    throw error;
  });
  return json(201, silenceJson(reply.silence));
}

/** `DELETE /api/alerts/silences/{id}`. */
export async function unsilenceAlerts(
  { ledger, governance }: Noting,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const id = request.params['id'] ?? '';
  const reply = await ledger.alerts({ do: 'unsilence', id });
  if (reply === null || !('removed' in reply) || !reply.removed)
    throw new StoreError('entity_unknown', `there is no silence "${id}"`);
  await noted(governance, request.author, { action: 'unsilence', id, note: {} });
  return json(200, { id, deleted: true });
}

async function noted(
  governance: Noting['governance'],
  author: AdminRequest['author'],
  what: Pick<Change, 'action' | 'id' | 'note'>,
): Promise<void> {
  const { store } = await governance.open();
  await store.change(author, async () => ({ ...what, kind: 'alert_silence', before: null, after: null }));
}

function noAlerts(): ControlAnswer {
  return refused(
    canonicalError('invalid_parameter', { why: 'The configuration has no destinations of alerts.' }),
  );
}

function silenceJson({ untilMs, ...silence }: Extract<AlertReply, { silence: unknown }>['silence']): object {
  return { ...silence, until: iso(untilMs) };
}
