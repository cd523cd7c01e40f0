import type { Author, ControlStore } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import type { EntityService, Fields } from './entity-service.js';
import { hashIn, newSecret, turnSecret } from './key-secret.js';
import { KEY_API, rotateSchema } from './key-service.js';
import { seal, unseal } from './login/sealed.js';
import { checked } from './read-spec.js';
import { dueOf, policyOf } from './rotation-due.js';

const SCHEDULE: Author = { actor: 'schedule', source: '' };
/** Secrets of one key that may work at once when its holder asks for another. */
const MOST_SECRETS = 5;

/** The holder of a key, as the admin API hears of it. */
export interface Holder {
  readonly id: string;
  readonly credential: string;
  /** Address. */
  readonly source: string;
}

/** A key, and what its holder or an admin is told. */
export interface Told {
  readonly key: StoredEntity;
  /** Null: none waits. */
  readonly secret: string | null;
}

class NotDue extends Error {}

/**
 * Rotations that no admin asks for: by a key's own schedule, and by its holder. The new secret is kept sealed under the server's
 * secret until its holder has it, so that an answer that was lost on the way costs nobody the key.
 */
export class KeyRotation {
  constructor(
    private readonly store: ControlStore,
    private readonly entities: EntityService,
    private readonly serverSecret: string,
  ) {}

  /** What is due for the key at this moment: another secret, or forgetting one that was fetched. Null: nothing, or no more. */
  async whatIsDue(id: string): Promise<StoredEntity | null> {
    try {
      return await this.entities.commit(SCHEDULE, async (writing) => {
        const before = await writing.entities.find('key', id);
        // Another node may have been faster; this transaction sees what it did.
        if (before === null) throw new NotDue();
        const { rotateAt, forgetAt } = dueOf(before);
        const { now } = writing;
        if (rotateAt !== null && rotateAt <= now) {
          const turn = { ...this.secretFor(id), graceMs: policyOf(before).grace };
          return {
            action: 'rotate',
            kind: 'key',
            id,
            before,
            after: await turnSecret(writing, before, turn),
          };
        }
        if (forgetAt === null || forgetAt > now) throw new NotDue();
        const after = await writing.entities.update(withoutSealed(before), null, now);
        return { action: 'forget_secret', kind: 'key', id, before, after };
      });
    } catch (error) {
      if (error instanceof NotDue) return null;
      throw error;
    }
  }

  /** Another secret for the holder, if the key lets it ask. */
  async byHolder({ id, credential, source }: Holder, given: Fields): Promise<Told> {
    const { grace } = checked(rotateSchema, given);
    this.entities.refuseFile(KEY_API, id);
    const made = this.secretFor(id);
    const key = await this.entities.commit({ actor: `key:${id}`, source }, async (writing) => {
      const before = await writing.entities.get('key', id);
      const policy = policyOf(before);
      if (!policy.self)
        throw new StoreError('entity_invalid', `key "${id}" does not let its holder rotate it (rotate.self)`);
      const hashes = await writing.hashesOf(id);
      const { now } = writing;
      const shown = hashIn(hashes, { serverSecret: this.serverSecret, credential, now });
      if (shown === undefined || shown.untilMs !== null)
        throw new StoreError(
          'entity_invalid',
          'this secret was replaced already: POST /api/me/secret has the new one, if it still waits',
        );
      if (hashes.filter(({ untilMs }) => untilMs === null || untilMs > now).length >= MOST_SECRETS)
        throw new StoreError(
          'entity_invalid',
          `${MOST_SECRETS} secrets of this key still work; wait for one to end`,
        );
      const turn = { ...made, graceMs: Math.min(grace ?? policy.grace, policy.grace) };
      return { action: 'rotate', kind: 'key', id, before, after: await turnSecret(writing, before, turn) };
    });
    return { key, secret: made.secret };
  }

  /**
   * The secret that waits, for whoever shows the old one, as often as it is asked for while the old one works. Asked for with the
   * new one, it has arrived and is forgotten.
   */
  async forHolder({ id, credential, source }: Holder): Promise<Told> {
    this.entities.refuseFile(KEY_API, id);
    const { store, serverSecret } = this;
    const key = await store.entities.get('key', id);
    const now = Date.now();
    const shown = hashIn(await store.hashesOf(id), { serverSecret, credential, now });
    const secret = this.opened(key);
    if (shown === undefined || secret === null) return { key, secret: null };
    const isNew = shown.untilMs === null;
    if (!isNew && key.state['fetched_ms'] !== undefined) return { key, secret };
    const after = await this.entities.commit({ actor: `key:${id}`, source }, async (writing) => {
      const before = await writing.entities.get('key', id);
      const state = { ...before.state, fetched_ms: writing.now };
      const told = isNew ? withoutSealed(before) : { ...before, state };
      return {
        action: isNew ? 'forget_secret' : 'fetch_secret',
        kind: 'key',
        id,
        before,
        after: await writing.entities.update(told, null, writing.now),
      };
    });
    return { key: after, secret: isNew ? null : secret };
  }

  /** The secret that waits, for an admin who takes it to its holder: once. */
  async forAdmin(id: string, author: Author): Promise<Told> {
    this.entities.refuseFile(KEY_API, id);
    let secret: string | null = null;
    const key = await this.entities.commit(author, async (writing) => {
      const before = await writing.entities.get('key', id);
      secret = before.state['fetched_ms'] === undefined ? this.opened(before) : null;
      if (secret === null)
        throw new StoreError(
          'entity_unknown',
          `no secret of key "${id}" waits: there is none, or its holder has fetched it; rotate the key for another`,
        );
      const after = await writing.entities.update(withoutSealed(before), null, writing.now);
      return { action: 'take_secret', kind: 'key', id, before, after };
    });
    return { key, secret };
  }

  private secretFor(id: string) {
    const secret = newSecret();
    const { serverSecret } = this;
    return { secret, serverSecret, sealed: seal(serverSecret, purposeOf(id), { secret }) };
  }

  private opened({ id, state }: StoredEntity): string | null {
    if (typeof state['sealed'] !== 'string') return null;
    const value = unseal(this.serverSecret, purposeOf(id), state['sealed']) as { secret?: unknown } | null;
    return typeof value?.secret === 'string' ? value.secret : null;
  }
}

/** What is sealed for one key opens for no other. */
function purposeOf(id: string): string {
  return `the new secret of key ${id}`;
}

function withoutSealed(key: StoredEntity): StoredEntity {
  const { sealed: _s, sealed_until_ms: _u, fetched_ms: _f, ...state } = key.state;
  return { ...key, state };
}
