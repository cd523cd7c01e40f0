import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { entityId } from '../../config/sections/entities.js';
import { wants } from '../../config/wants.js';
import { keyHash } from '../../identity/key-hash.js';
import type { Writing } from '../../store/control/control-store.js';
import { fieldsOf } from '../entity-service.js';
import { KEY_API } from '../key-service.js';
import { checked } from '../read-spec.js';
import type { ImportParts, Outcome } from './import-config.js';
import { plainTexts, type Texts } from './import-texts.js';
import type { Entry } from './read-import.js';

const valueForm = wants('the key: visible characters without spaces');
const hashForm = wants('"hmac-sha256:" or "sha256:" and 64 hexadecimal digits');

/** Either, as in the file. */
const secretSchema = z
  .object({
    value: z
      .string(valueForm)
      .regex(/^[\x21-\x7e]+$/, valueForm)
      .optional(),
    hash: z
      .string(hashForm)
      .regex(/^(hmac-sha256|sha256):[0-9a-f]{64}$/, hashForm)
      .optional(),
  })
  .refine(({ value, hash }) => (value === undefined) !== (hash === undefined), {
    path: ['hash'],
    ...wants('a value or a hash of it'),
  });

/** A virtual key of a file for the store, which has its hash alone. A key that was revoked stays so. */
export async function importKey(
  { fields }: Entry,
  { entities, over, secret }: ImportParts,
  texts: Texts,
  writing: Writing,
): Promise<{ id: string; outcome: Outcome }> {
  const { id: given, value, hash, ...wanted } = plainTexts([], fields, texts);
  const id = given === undefined ? idFor(String(wanted['name'])) : checked(entityId, given);
  const known = over.config.keys.find(({ link }) => link.id === id);
  if (known !== undefined)
    return { id, outcome: { skipped: 'the configuration file defines it, and counts' } };
  const said = checked(secretSchema, { value, hash });
  const kept = said.hash ?? keyHash(secret, String(said.value));
  const draft = entities.draft(KEY_API, id, wanted);
  const before = await writing.entities.find('key', id);
  if (before?.state['revoked_ms'] !== undefined) return { id, outcome: { skipped: 'it was revoked here' } };
  const hashes = before === null ? [] : await writing.hashesOf(id);
  const sameHash = hashes.some((one) => one.hash === kept && one.untilMs === null);
  if (before !== null && sameHash && isDeepStrictEqual(fieldsOf(KEY_API, before), wanted))
    return { id, outcome: null };
  await entities.checkPlace(draft, writing);
  // A secret that waits for the holder is none of a key that has another one now.
  const { sealed: _s, sealed_until_ms: _u, fetched_ms: _f, ...rest } = before?.state ?? {};
  const state = sameHash ? (before?.state ?? {}) : { ...rest, prefix: 'imported' };
  const after =
    before === null
      ? await writing.entities.insert({ kind: 'key', id, ...draft, state }, writing.now)
      : await writing.entities.update({ ...before, ...draft, state }, null, writing.now);
  if (!sameHash) await writing.setHashes(id, [{ hash: kept, untilMs: null }]);
  return { id, outcome: { action: before === null ? 'import' : 'update', kind: 'key', id, before, after } };
}

/** As in the file the name; one that is no id gets one that is the same every time. */
function idFor(name: string): string {
  if (entityId.safeParse(name).success) return name;
  return `key_${createHash('sha256').update(name).digest('hex').slice(0, 20)}`;
}
