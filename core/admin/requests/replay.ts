import { setTimeout as sleep } from 'node:timers/promises';
import type { SettledRecord } from '@headgate/sdk';
import { z } from 'zod';
import type { ControlAnswer } from '../../control.js';
import { gatewayError } from '../../errors.js';
import type { Ledger } from '../../store/ledger.js';
import { checked } from '../read-spec.js';
import { bodyOf, json } from '../reply.js';
import type { AdminRequest } from '../route.js';
import type { AdminParts } from '../routes.js';
import { differenceOf, keptAnswer } from './difference.js';
import { keptRequest } from './kept-request.js';
import { replayKey } from './replay-key.js';
import { replayedBody } from './replayed-body.js';

/** How long a request that was answered may take until its record is found. */
const RECORD_MS = 10_000;
const LOOK_MS = 50;

/** What may be sent to `POST /api/requests/{id}/replay`. */
export const replaySchema = z.strictObject({
  model: z.string().min(1).max(256).optional().describe('Asked in place of the model of the request.'),
  key: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Id or name of the virtual key that pays for it and whose rules hold; left out: that of the request.',
    ),
  set: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Fields of its body that are to be others; null takes one out.'),
});

/** `POST /api/requests/{id}/replay`: asks again what a request asked, and tells what differs. */
export async function replayRequest(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const { ledger, replays } = parts;
  const { key: named, ...changes } = checked(replaySchema, bodyOf(request));
  const found = await keptRequest(ledger, request, request.params['id'] ?? '', ['requests:replay']);
  if (!('kept' in found)) return found;
  const { record, kept } = found;
  const body = replayedBody(found, changes);
  const keyId = await replayKey(parts, request, named, record.keyId);
  await noteReplay(parts, request, record, { key: keyId, model: String(body['model'] ?? '') });
  const { path, query, headers } = kept;
  const end = await replays.run({
    path,
    query,
    headers: [...headers, 'x-headgate-metadata', JSON.stringify({ tags: [`replay_of:${record.id}`] })],
    body: JSON.stringify(body),
    keyId,
    address: request.address,
  });
  if ('refused' in end) throw gatewayError('request_unusable', { why: end.refused });
  const { id, status } = end;
  const replayed = { id, replay_of: record.id, status, answer: parsed(end.body) };
  const again = await recordOf(ledger, id);
  // What was paid for is told all the same.
  if (again === null) return json(200, { ...replayed, difference: null });
  const after = { record: again, path, answer: end.body, redacted: false };
  return json(200, {
    ...replayed,
    difference: await differenceOf(replays, keptAnswer(found), after),
  });
}

/** A line of the audit, before anything is spent. */
async function noteReplay(
  { governance }: Pick<AdminParts, 'governance'>,
  { author: { actor, source } }: AdminRequest,
  { id }: SettledRecord,
  note: Readonly<Record<string, string>>,
): Promise<void> {
  if (!governance.isOpen) return;
  const { store } = await governance.open();
  // Whoever asks was asked before; it is about no entity that anybody could be kept from.
  const change = { action: 'replay', kind: 'request', id, before: null, after: null, note };
  await store.change({ actor, source }, async () => change);
}

/** Null when it has not come by then. */
async function recordOf(ledger: Ledger, id: string): Promise<SettledRecord | null> {
  const until = performance.now() + RECORD_MS;
  for (;;) {
    const record = await ledger.requests('find', { id });
    if (record !== null || performance.now() >= until) return record;
    await sleep(LOOK_MS);
  }
}

/** JSON, or the text as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
