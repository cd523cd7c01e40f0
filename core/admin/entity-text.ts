import type { BudgetRule, ChainLink, EntityKind, LimitRule, RuleWindow } from '@headgate/sdk';
import type { VirtualKeyConfig } from '../config/config.js';
import type { Choice, EntityConfig } from '../config/entity.js';
import type { AttachedTools } from '../config/mcp-config.js';
import type { StoredHash } from '../identity/stored-keys.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { type EntityApi, PARENT_KINDS } from './entity-kinds.js';
import { dueOf } from './rotation-due.js';

const NANOS = 1e9;

/** Why something cannot be changed through the API. */
export const IN_FILE = 'It is defined in the configuration file, which counts; change it there.';

type Json = Record<string, unknown>;

/** Something of the store as the API shows it. */
export function storedJson(
  { kind }: EntityApi,
  entity: StoredEntity,
  { hashes, now }: { hashes: readonly StoredHash[]; now: number },
): Json {
  const { id, name, version, createdMs, updatedMs, spec } = entity;
  return {
    id,
    name,
    source: 'store',
    read_only: false,
    ...(kind === 'key' && keyState(entity, hashes, now)),
    ...spec,
    version,
    created_at: iso(createdMs),
    updated_at: iso(updatedMs),
  };
}

function keyState(key: StoredEntity, hashes: readonly StoredHash[], now: number): Json {
  const { spec, state } = key;
  const { rotateAt } = dueOf(key);
  const time = (name: string): string | null => (typeof state[name] === 'number' ? iso(state[name]) : null);
  const old = hashes.flatMap(({ untilMs }) => (untilMs !== null && untilMs > now ? [untilMs] : []));
  const expires = typeof spec['expires'] === 'string' ? Date.parse(spec['expires']) : null;
  return {
    prefix: typeof state['prefix'] === 'string' ? state['prefix'] : null,
    status:
      state['revoked_ms'] !== undefined
        ? 'revoked'
        : spec['disabled'] === true
          ? 'disabled'
          : expires !== null && expires <= now
            ? 'expired'
            : 'active',
    rotated_at: time('rotated_ms'),
    revoked_at: time('revoked_ms'),
    old_secret_until: old.length === 0 ? null : iso(Math.max(...old)),
    next_rotation_at: rotateAt === null ? null : iso(rotateAt),
    secret_waits: state['sealed'] !== undefined && state['fetched_ms'] === undefined,
  };
}

/** Something of the file as the API shows it: in the words of the file, as far as something was said. */
export function fileJson(entity: EntityConfig & Partial<VirtualKeyConfig>, now: number): Json {
  const { link, access, parents } = entity;
  const { expiresMs, disabled } = access;
  return {
    id: link.id,
    name: link.name,
    source: 'file',
    read_only: true,
    read_only_reason: IN_FILE,
    ...(link.kind === 'key' && {
      prefix: null,
      status: disabled ? 'disabled' : expiresMs !== null && expiresMs <= now ? 'expired' : 'active',
    }),
    ...choiceJson('models', 'denied_models', access.models),
    ...choiceJson('providers', 'denied_providers', access.providers),
    ...choiceJson('endpoints', 'denied_endpoints', access.endpoints),
    ...choiceJson('mcp_servers', 'denied_mcp_servers', access.mcpServers),
    ...choiceJson('mcp_tools', 'denied_mcp_tools', access.mcpTools),
    ...choiceJson('ip_ranges', 'denied_ip_ranges', access.addresses),
    ...(expiresMs !== null && { expires: iso(expiresMs) }),
    ...(disabled && { disabled }),
    ...(entity.unpriced != null && { unpriced: entity.unpriced }),
    ...(entity.attached != null && { mcp: attachedJson(entity.attached) }),
    ...(entity.metadata !== undefined && metadataJson(entity.metadata)),
    ...rulesJson(link),
    ...placesJson(parents),
  };
}

/** Budgets and limits in the words of the configuration. */
export function rulesJson({ budgets, limits, parallel }: ChainLink): Json {
  const windows = limits.map(limitJson);
  return {
    ...(budgets.length > 0 && { budgets: budgets.map(budgetJson) }),
    ...((windows.length > 0 || parallel !== null) && {
      limits: {
        ...(windows.length > 0 && { windows }),
        ...(parallel !== null && { parallel_requests: parallel }),
      },
    }),
  };
}

export function budgetJson({ capNanos, hard, reserve, raise, downgrade, ...window }: BudgetRule): Json {
  return {
    usd: capNanos / NANOS,
    ...windowJson(window),
    hard,
    reserve,
    ...(raise !== null && { raise: { usd: raise.nanos / NANOS, until: iso(raise.untilMs) } }),
    ...(downgrade !== null && {
      downgrade: { at: downgrade.share, to: `${downgrade.provider}/${downgrade.model}` },
    }),
  };
}

export function limitJson({ of, max, ...window }: LimitRule): Json {
  return { [of === 'nanos' ? 'usd' : of]: of === 'nanos' ? max / NANOS : max, ...windowJson(window) };
}

function windowJson({ per, window, timeZone }: RuleWindow): Json {
  return { per, window, ...(window === 'calendar' && { time_zone: timeZone }) };
}

/** What it belongs to, by kind. */
export function placesJson(parents: readonly string[]): Json {
  return Object.fromEntries(
    parents.map((name) => {
      const colon = name.indexOf(':');
      return [name.slice(0, colon), name.slice(colon + 1)];
    }),
  );
}

/** Whether it belongs to that one directly. */
export function isUnder(parents: readonly string[], filter: Partial<Record<EntityKind, string>>): boolean {
  return PARENT_KINDS.every(
    (kind) => filter[kind] === undefined || parents.includes(`${kind}:${filter[kind]}`),
  );
}

function choiceJson(allowed: string, denied: string, choice: Choice | null): Json {
  if (choice === null) return {};
  return {
    ...(choice.allowed !== null && { [allowed]: choice.allowed }),
    ...(choice.denied.length > 0 && { [denied]: choice.denied }),
  };
}

function metadataJson({ customer, tags }: VirtualKeyConfig['metadata']): Json {
  if (customer === null && tags.length === 0) return {};
  return { metadata: { ...(customer !== null && { customer }), ...(tags.length > 0 && { tags }) } };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** In the words of the configuration. */
function attachedJson({ servers, tools, mode, select }: AttachedTools): Json {
  return { servers, ...(tools !== null && { tools }), mode, ...(select !== 'all' && { select }) };
}
