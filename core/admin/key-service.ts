import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { duration } from '../config/duration.js';
import { wants } from '../config/wants.js';
import type { StoredHash } from '../identity/stored-keys.js';
import type { Author } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { ENTITY_APIS, type EntityApi } from './entity-kinds.js';
import type { EntityService, Fields } from './entity-service.js';
import { hashOf, newSecret, shown, turnSecret } from './key-secret.js';
import { checked } from './read-spec.js';

export const KEY_API = ENTITY_APIS.find(({ kind }) => kind === 'key') as EntityApi;

/** A key with the secret that is told once. */
export interface KeyWithSecret {
  readonly key: StoredEntity;
  readonly secret: string;
}

/** A year: nothing waits for it, so it may be longer than a timer can. */
const MOST_GRACE_MS = 366 * 86_400_000;

export const rotateSchema = z.strictObject({
  grace: duration(MOST_GRACE_MS)
    .optional()
    .describe('How long the old secret still works; not at all when left out.'),
});
const hashForm = wants('64 hexadecimal digits, or "sha256:" and these');
export const importSchema = z.looseObject({
  hash: z
    .string(hashForm)
    .regex(/^(sha256:)?[0-9a-fA-F]{64}$/, hashForm)
    .describe('SHA-256 of the key, as LiteLLM’s database has it.'),
});

/** Secrets of virtual keys: made, replaced, taken back. None is kept in the clear. */
export class KeyService {
  constructor(
    private readonly entities: EntityService,
    private readonly serverSecret: string,
  ) {}

  async create(given: Fields, author: Author): Promise<KeyWithSecret> {
    const secret = newSecret();
    const key = await this.insert(given, author, 'create', [hashOf(this.serverSecret, secret)], {
      prefix: shown(secret),
    });
    return { key, secret };
  }

  /** A key of which only the hash is known. */
  importHash(given: Fields, author: Author): Promise<StoredEntity> {
    const { hash, ...fields } = checked(importSchema, given);
    const plain = `sha256:${hash.replace(/^sha256:/, '').toLowerCase()}`;
    return this.insert(fields, author, 'import', [{ hash: plain, untilMs: null }], { prefix: 'imported' });
  }

  /** A new secret; the old one works for as long as the grace says. */
  async rotate(id: string, given: Fields, author: Author): Promise<KeyWithSecret> {
    const { grace = 0 } = checked(rotateSchema, given);
    this.entities.refuseFile(KEY_API, id);
    const secret = newSecret();
    const { serverSecret } = this;
    const key = await this.entities.commit(author, async (writing) => {
      const before = await writing.entities.get('key', id);
      const after = await turnSecret(writing, before, { secret, graceMs: grace, serverSecret, sealed: null });
      return { action: 'rotate', kind: 'key', id, before, after };
    });
    return { key, secret };
  }

  /** No secret of the key works from now on; what is known of it stays. */
  revoke(id: string, author: Author): Promise<StoredEntity> {
    this.entities.refuseFile(KEY_API, id);
    return this.entities.commit(author, async (writing) => {
      const before = await writing.entities.get('key', id);
      await writing.setHashes(id, []);
      const { sealed: _, ...known } = before.state;
      const state = { ...known, revoked_ms: known['revoked_ms'] ?? writing.now };
      const after = await writing.entities.update({ ...before, state }, null, writing.now);
      return { action: 'revoke', kind: 'key', id, before, after };
    });
  }

  private async insert(
    given: Fields,
    author: Author,
    action: string,
    hashes: readonly StoredHash[],
    state: Fields,
  ): Promise<StoredEntity> {
    const { id: wanted, ...fields } = given;
    const id = wanted === undefined ? newKeyId() : checked(KEY_API.id, wanted);
    this.entities.refuseFile(KEY_API, id);
    const draft = this.entities.draft(KEY_API, id, fields);
    return this.entities.commit(author, async (writing) => {
      await this.entities.checkPlace(draft, writing);
      const after = await writing.entities.insert({ kind: 'key', id, ...draft, state }, writing.now);
      await writing.setHashes(id, hashes);
      return { action, kind: 'key', id, before: null, after };
    });
  }
}

function newKeyId(): string {
  return `key_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
}
