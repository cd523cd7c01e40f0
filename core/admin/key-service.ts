import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { duration } from '../config/duration.js';
import { wants } from '../config/wants.js';
import { keyHash } from '../identity/key-hash.js';
import type { StoredHash } from '../identity/stored-keys.js';
import type { Author } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import { ENTITY_APIS, type EntityApi } from './entity-kinds.js';
import type { EntityService, Fields } from './entity-service.js';
import { checked } from './read-spec.js';

export const KEY_API = ENTITY_APIS.find(({ kind }) => kind === 'key') as EntityApi;

/** A key with the secret that is told once. */
export interface KeyWithSecret {
  readonly key: StoredEntity;
  readonly secret: string;
}

const PREFIX = 'hg-';
/** Shown instead of a secret: enough to tell keys apart, too little to guess one. */
const SHOWN = 7;

export const rotateSchema = z.strictObject({
  grace: duration().optional().describe('How long the old secret still works; not at all when left out.'),
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
    const key = await this.insert(given, author, 'create', [this.hashOf(secret)], { prefix: shown(secret) });
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
    const key = await this.entities.commit(author, async (writing) => {
      const before = await living(await writing.entities.get('key', id));
      const old = await writing.hashesOf(id);
      const until = writing.now + grace;
      const kept = grace === 0 ? [] : old.filter((one) => one.untilMs === null || one.untilMs > writing.now);
      await writing.setHashes(id, [
        ...kept.map(({ hash, untilMs }) => ({ hash, untilMs: Math.min(untilMs ?? until, until) })),
        this.hashOf(secret),
      ]);
      const state = { ...before.state, prefix: shown(secret), rotated_ms: writing.now };
      const after = await writing.entities.update({ ...before, state }, null, writing.now);
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
      const state = { ...before.state, revoked_ms: before.state['revoked_ms'] ?? writing.now };
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

  private hashOf(secret: string): StoredHash {
    return { hash: keyHash(this.serverSecret, secret), untilMs: null };
  }
}

function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

function newKeyId(): string {
  return `key_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
}

function shown(secret: string): string {
  return `${secret.slice(0, SHOWN)}…`;
}

function living(key: StoredEntity): StoredEntity {
  if (key.state['revoked_ms'] !== undefined)
    throw new StoreError(
      'entity_invalid',
      `key "${key.id}" was revoked and gets no new secret; make another one`,
    );
  return key;
}
