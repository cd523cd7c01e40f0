import type { HeaderList, RequestMetadata } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import type { EntityConfig, KeyRules } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';
import { userName } from '../config/user-name.js';
import { OWN_SECRET } from '../control.js';
import { gatewayError } from '../errors.js';
import type { TokenIdentity } from './jwt/verify.js';
import { keyHash, plainHash } from './key-hash.js';
import type { StoredKeys } from './stored-keys.js';
import { NO_ACCESS_RULES, type Places, type VirtualKey, virtualKey } from './virtual-key.js';

/** Most credentials remembered as seen; beyond it the memory starts anew. */
const MAX_SEEN = 10_000;
/** A chain is key, project, team, organization and user. */
const MAX_CHAIN = 8;

/**
 * The virtual keys of the file and of the store, found by their hash under the server's secret: the table holds no secret
 * that could leak from a dump of it, and how long a look-up takes says nothing about a key. Credentials that were found are
 * remembered, so that a request costs one Map read. Where both define something, the file's counts.
 */
export class KeyTable {
  private readonly byHash = new Map<string, KeyRules>();
  private readonly ids: ReadonlySet<string>;
  private readonly plainHashes: boolean;
  private readonly seen = new Map<string, VirtualKey>();
  /** Keys together with the customer and tags of requests. */
  private readonly joined = new Map<string, VirtualKey>();
  private generation = -1;
  private requestGroups = false;

  constructor(
    private readonly config: Pick<Config, 'keys' | 'entities' | 'auth'>,
    private readonly secret: string,
    private readonly stored: StoredKeys,
  ) {
    for (const key of config.keys) {
      const { value, hash } = key;
      this.byHash.set(hash ?? keyHash(secret, value?.reveal() ?? ''), key);
    }
    this.ids = new Set(config.keys.map(({ link }) => link.id));
    this.plainHashes = config.keys.some(({ hash }) => hash?.startsWith('sha256:') === true);
  }

  /** Whether requests need a key. */
  get required(): boolean {
    const { auth } = this.config;
    return auth.required || (auth.from === 'default' && this.stored.keysExist);
  }

  find(credential: string): VirtualKey | undefined {
    if (this.generation !== this.stored.generation) this.renew();
    const known = this.seen.get(credential);
    if (known !== undefined) return known;
    const key = this.look(credential);
    if (key === null) return undefined;
    if (this.seen.size >= MAX_SEEN) this.seen.clear();
    this.seen.set(credential, key);
    return key;
  }

  /** The key of that id, while any secret of it is in force. */
  byId(id: string): VirtualKey | undefined {
    const own = this.config.keys.find(({ link }) => link.id === id);
    if (own !== undefined) return this.compile(own, null);
    const rules = this.stored.rulesOf(id);
    return rules === null ? undefined : this.compile(rules, null);
  }

  /** Another one after every change of what keys and tokens are made of. */
  get rulesGeneration(): number {
    return this.stored.generation;
  }

  /** Whoever a token of another issuer names, as a key: in no list, but under the rules of the team and all above it. */
  ofToken(identity: TokenIdentity): VirtualKey {
    const { issuer, team, organization, customer, rights, untilMs } = identity;
    const { rules } = issuer;
    const { user, known } = this.userOf(identity);
    const userKey = entityKey('user', user);
    const id = `jwt:${issuer.name}:${user}`;
    const key = this.compile(
      {
        ...rules,
        link: { ...rules.link, id, name: user },
        access: { ...rules.access, who: `holder of the token of "${user}"` },
        parents: [
          ...(team !== null ? [entityKey('team', team)] : []),
          ...(organization !== null && team === null ? [entityKey('organization', organization)] : []),
          // Whoever is no user here is one of the issuer's: counted by that name, under no rules of his own.
          ...(known ? [userKey] : []),
        ],
        metadata: { ...rules.metadata, customer: customer ?? rules.metadata.customer },
      },
      untilMs,
    );
    // A team says itself which organization it is in.
    if (organization !== null && key.org !== '' && key.org !== organization)
      throw gatewayError('token_invalid', { why: 'its team is not one of its organization' });
    return { ...key, user, listed: false, rights, notice: null };
  }

  /** The id of whoever a token names, and whether that is a user here. */
  private userOf({ issuer, user, userCouldBeId }: TokenIdentity): { user: string; known: boolean } {
    const { userIs } = issuer.claims;
    if (userIs === 'id') return { user, known: this.group(entityKey('user', user)) !== undefined };
    const name = userName(userIs, user);
    const filed = [...this.config.entities.values()].filter(({ names }) => names?.includes(name) === true);
    // A user of the store with the id of one of the file is not in force: the file counts.
    const stored = this.stored
      .usersNamed(name)
      .filter((id) => !this.config.entities.has(entityKey('user', id)));
    const [found, another] = [...filed.map(({ link }) => link.id), ...stored];
    if (another !== undefined) throw gatewayError('token_invalid', { why: 'several users have its name' });
    if (found !== undefined) return { user: found, known: true };
    if (!userCouldBeId)
      throw gatewayError('token_invalid', { why: 'its user is not known here, and the name is no id' });
    return { user, known: false };
  }

  /** The key with the rules of the customer and the tags that a request names, as far as these are known here. */
  forRequest(key: VirtualKey, metadata: RequestMetadata): VirtualKey {
    if (this.generation !== this.stored.generation) this.renew();
    if (!this.requestGroups) return key;
    const { customer, tags } = metadata;
    const names = [
      ...(customer === undefined ? [] : [entityKey('customer', customer)]),
      ...tags.map((tag) => entityKey('tag', tag)),
    ].filter((name) => this.group(name) !== undefined);
    if (names.length === 0) return key;
    const place = JSON.stringify([key.id, key.expiresMs, ...names]);
    const known = this.joined.get(place);
    if (known !== undefined) return known;
    const groups = names.map((name) => this.group(name) as EntityConfig);
    const joined = virtualKey({
      ...key,
      chain: [...key.chain, ...groups.map(({ link }) => link)],
      access: [...key.access, ...groups.map(({ access }) => access)],
    });
    if (this.joined.size >= MAX_SEEN) this.joined.clear();
    this.joined.set(place, joined);
    return joined;
  }

  private look(credential: string): VirtualKey | null {
    return (
      this.byHashOf(keyHash(this.secret, credential)) ??
      (this.plainHashes || this.stored.plainHashes ? this.byHashOf(plainHash(credential)) : null)
    );
  }

  private byHashOf(hash: string): VirtualKey | null {
    const own = this.byHash.get(hash);
    if (own !== undefined) return this.compile(own, null);
    const found = this.stored.find(hash);
    // A key of the store with the id of one of the file is not in force: the file counts.
    return found === null || this.ids.has(found.rules.link.id)
      ? null
      : this.compile(found.rules, found.untilMs, found.waits);
  }

  private compile(rules: KeyRules, untilMs: number | null, waits = false): VirtualKey {
    const chain = [rules, ...this.above(rules)];
    const { expiresMs } = rules.access;
    return virtualKey({
      id: rules.link.id,
      name: rules.link.name,
      models: rules.models,
      metadata: {},
      ...placesOf(chain),
      chain: chain.map(({ link }) => link),
      access: chain.map(({ access }) => access),
      passthrough: rules.passthrough,
      expiresMs: untilMs === null || (expiresMs !== null && expiresMs < untilMs) ? expiresMs : untilMs,
      customer: rules.metadata.customer,
      tags: rules.metadata.tags,
      unpriced: rules.unpriced,
      sockets: rules.sockets,
      attached: rules.attached,
      listed: true,
      rights: null,
      notice: untilMs === null ? null : noticeOf(untilMs, waits),
    });
  }

  /** All that it belongs to, the nearest first. Of one that nobody knows, everything is refused. */
  private above(rules: EntityConfig): EntityConfig[] {
    const found: EntityConfig[] = [];
    const names = [...rules.parents];
    for (let name = names.shift(); name !== undefined && found.length < MAX_CHAIN; name = names.shift()) {
      const one = this.group(name);
      found.push(one ?? unknown(name));
      if (one !== undefined) names.unshift(...one.parents.filter((parent) => !names.includes(parent)));
    }
    return found;
  }

  /** By its `entityKey`. */
  group(name: string): EntityConfig | undefined {
    return this.config.entities.get(name) ?? this.stored.group(name);
  }

  private renew(): void {
    this.generation = this.stored.generation;
    this.seen.clear();
    this.joined.clear();
    this.requestGroups =
      this.stored.hasRequestGroups ||
      [...this.config.entities.keys()].some(
        (name) => name.startsWith('customer:') || name.startsWith('tag:'),
      );
  }
}

/** Where records and usage count its requests. */
function placesOf(chain: readonly EntityConfig[]): Places {
  const places = { org: '', team: '', project: '', user: '' };
  for (const { link } of chain) {
    if (link.kind === 'organization') places.org = link.id;
    if (link.kind === 'team' || link.kind === 'project' || link.kind === 'user') places[link.kind] = link.id;
  }
  return places;
}

/** Until when the secret still works, and where the one is that takes its place. */
function noticeOf(untilMs: number, waits: boolean): HeaderList {
  const until: HeaderList = ['x-headgate-key-expires', new Date(untilMs).toISOString()];
  return waits ? [...until, 'x-headgate-key-rotate', OWN_SECRET] : until;
}

function unknown(name: string): EntityConfig {
  const colon = name.indexOf(':');
  const kind = name.slice(0, colon) as EntityConfig['link']['kind'];
  const id = name.slice(colon + 1);
  return {
    link: { kind, id, name: id, budgets: [], limits: [], parallel: null },
    access: {
      ...NO_ACCESS_RULES,
      who: `${kind} "${id}", which is not known here,`,
      disabled: true,
    },
    parents: [],
  };
}
