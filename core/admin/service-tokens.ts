import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { entityName } from '../config/sections/entities.js';
import { hasOnePlace, placeKeys, twoPlaces } from '../config/sections/grants.js';
import { ruleKeys } from '../config/sections/rules.js';
import { wants } from '../config/wants.js';
import { keyHash } from '../identity/key-hash.js';
import type { Author, ControlStore } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { TOKEN_PREFIX } from './authenticate.js';
import type { EntityService, Fields } from './entity-service.js';
import { iso } from './entity-text.js';
import { BadParameter, readNumber, readParameters } from './parameters.js';
import { checked } from './read-spec.js';
import { ROLES } from './role.js';

/** In the store they are entities like others, of a kind that no request is counted for. */
export const TOKEN_KIND = 'service_token';

const role = z.strictObject({ role: z.enum(ROLES), ...placeKeys }).refine(hasOnePlace, twoPlaces);

export const tokenSchema = z.strictObject({
  name: entityName.describe('For people.'),
  roles: z
    .array(role, wants('a list of roles'))
    .min(1, wants('one role at least'))
    .max(20)
    .describe('What its holder may do, and where.'),
  expires: ruleKeys.expires.describe('From then on it does not work any longer.'),
});

const SHOWN = TOKEN_PREFIX.length + 4;

/** Tokens of programs that use the admin API. */
export class ServiceTokens {
  constructor(
    private readonly store: ControlStore,
    private readonly entities: Pick<EntityService, 'commit'>,
    private readonly serverSecret: string,
  ) {}

  /** The token itself is told once. */
  async create(given: Fields, author: Author): Promise<Fields> {
    const { name, ...spec } = checked(tokenSchema, given);
    const token = TOKEN_PREFIX + randomBytes(32).toString('base64url');
    const id = `svc_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
    const made = await this.entities.commit(author, async (writing) => {
      const state = { prefix: `${token.slice(0, SHOWN)}…`, made_by: author.actor };
      const entity = { kind: TOKEN_KIND, id, name, parent: null, userId: null, spec, state };
      const after = await writing.entities.insert(entity, writing.now);
      await writing.setHashes(id, [{ hash: keyHash(this.serverSecret, token), untilMs: null }]);
      return { action: 'create', kind: TOKEN_KIND, id, before: null, after };
    });
    return { ...(await this.shown(made)), secret: token };
  }

  async list(query: string): Promise<Fields> {
    const given = readParameters(query, ['limit', 'cursor']);
    const limit = readNumber(given, 'limit', 1000, 100);
    const after = given.get('cursor') ?? undefined;
    if (after !== undefined && !/^svc_[0-9a-z]{1,60}$/.test(after))
      throw new BadParameter('cursor', '"cursor" must be the next_cursor of an answer');
    const rows = await this.store.entities.list(TOKEN_KIND, { after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return {
      data: await Promise.all(page.map((row) => this.shown(row))),
      next_cursor: rows.length > limit ? page.at(-1)?.id : null,
    };
  }

  async one(id: string): Promise<Fields> {
    return this.shown(await this.store.entities.get(TOKEN_KIND, id));
  }

  /** It does not work any longer; what is known of it stays. */
  async revoke(id: string, author: Author): Promise<Fields> {
    const after = await this.entities.commit(author, async (writing) => {
      const before = await writing.entities.get(TOKEN_KIND, id);
      await writing.setHashes(id, []);
      const state = { ...before.state, revoked_ms: before.state['revoked_ms'] ?? writing.now };
      const changed = await writing.entities.update({ ...before, state }, null, writing.now);
      return { action: 'revoke', kind: TOKEN_KIND, id, before, after: changed };
    });
    return this.shown(after);
  }

  async remove(id: string, author: Author): Promise<void> {
    await this.entities.commit(author, async (writing) => {
      const before = await writing.entities.get(TOKEN_KIND, id);
      await writing.setHashes(id, []);
      await writing.entities.remove(TOKEN_KIND, id);
      return { action: 'delete', kind: TOKEN_KIND, id, before, after: null };
    });
  }

  private async shown(token: StoredEntity): Promise<Fields> {
    const { id, name, spec, state, createdMs } = token;
    const used = await this.store.people.lastUsed(id);
    const revoked = state['revoked_ms'];
    return {
      id,
      name,
      ...spec,
      prefix: state['prefix'],
      status: revoked !== undefined ? 'revoked' : isGood(token, Date.now()) ? 'active' : 'expired',
      made_by: state['made_by'],
      created_at: iso(createdMs),
      last_used_at: used === null ? null : iso(used),
      revoked_at: typeof revoked === 'number' ? iso(revoked) : null,
    };
  }
}

/** Neither taken back nor expired. */
export function isGood({ spec, state }: StoredEntity, now: number): boolean {
  const until = spec['expires'];
  return state['revoked_ms'] === undefined && (typeof until !== 'string' || Date.parse(until) > now);
}
