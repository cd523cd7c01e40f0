import type { BudgetRule, ChainLink, EntityKind, LimitRule, LinkKind, RuleWindow } from '@headgate/sdk';
import type { z } from 'zod';
import { resolveAttached } from './attached.js';
import type { Unpriced } from './config.js';
import { entityKey } from './entity-key.js';
import type { AttachedTools } from './mcp-config.js';
import type { entitySchemas } from './sections/entities.js';
import type { ParsedKey } from './sections/keys.js';
import { MEASURES, type ParsedRules } from './sections/rules.js';
import type { GivenWindow } from './sections/window.js';
import { userName } from './user-name.js';

const NANOS_PER_USD = 1_000_000_000;

/** What is allowed of something, and what is not although it is allowed; patterns with `*`. Null allows all. */
export interface Choice {
  readonly allowed: readonly string[] | null;
  readonly denied: readonly string[];
}

/** Who may use what, of one entity. Plain data; null where nothing was said. */
export interface Access {
  /** For messages: `team "Support"`. */
  readonly who: string;
  readonly models: Choice | null;
  readonly providers: Choice | null;
  readonly endpoints: Choice | null;
  readonly mcpServers: Choice | null;
  readonly mcpTools: Choice | null;
  /** Addresses and networks. */
  readonly addresses: Choice | null;
  /** Unix milliseconds; null never. */
  readonly expiresMs: number | null;
  readonly disabled: boolean;
}

/** An entity with its rules, resolved. */
export interface EntityConfig {
  readonly link: ChainLink;
  readonly access: Access;
  /** {@link entityKey} of what it belongs to. */
  readonly parents: readonly string[];
  /** What a user is found by beside the id, see `userName`. */
  readonly names?: readonly string[];
}

/** A virtual key without its secret. */
export interface KeyRules extends EntityConfig {
  /** Patterns with `*`. */
  readonly models: readonly string[];
  /** Whether it may use what is only forwarded and names no model; or the providers it may reach so. */
  readonly passthrough: boolean | readonly string[];
  /** Null: as the model or the gateway does. */
  readonly unpriced: Unpriced | null;
  /** WebSockets open at once; null any number. */
  readonly sockets: number | null;
  /** Tools that its requests get; null: none. */
  readonly attached: AttachedTools | null;
  readonly metadata: { readonly customer: string | null; readonly tags: readonly string[] };
}

export type GroupKind = keyof typeof entitySchemas;
export type ParsedGroup = z.output<(typeof entitySchemas)[GroupKind]>;
/** What the file and the store say of a key alike. */
export type ParsedKeyRules = Omit<ParsedKey, 'name' | 'id' | 'value' | 'hash' | 'rotate'>;

/** @param names beside the e-mail address, what a user is found by */
export function resolveGroup(
  kind: GroupKind,
  id: string,
  parsed: ParsedGroup,
  names: readonly string[] = [],
): EntityConfig {
  const { email } = parsed as { email?: string };
  const all = kind === 'user' && email !== undefined ? [userName('email', email), ...names] : names;
  return {
    ...resolved(kind, id, parsed.name ?? id, parsed),
    parents: parentsOf(parsed),
    ...(all.length > 0 && { names: all }),
  };
}

export function resolveKeyRules(id: string, name: string, parsed: ParsedKeyRules): KeyRules {
  const { budget, budgets = [], ...rest } = parsed;
  const short =
    budget === undefined
      ? []
      : [{ ...budget, window: 'calendar' as const, hard: true, reserve: 'most' as const }];
  return {
    ...resolved('key', id, name, { ...rest, budgets: [...short, ...budgets] }),
    parents: parentsOf(parsed),
    models: parsed.models,
    passthrough: parsed.passthrough ?? parsed.models.includes('*'),
    unpriced: parsed.unpriced ?? null,
    sockets: parsed.limits?.sockets ?? null,
    attached: resolveAttached(parsed.mcp),
    metadata: { customer: parsed.metadata?.customer ?? null, tags: parsed.metadata?.tags ?? [] },
  };
}

const PARENTS = ['project', 'team', 'organization', 'user'] as const;

function parentsOf(parsed: object): string[] {
  const named: Partial<Record<(typeof PARENTS)[number], string | undefined>> = parsed;
  return PARENTS.flatMap((kind) => (named[kind] === undefined ? [] : [entityKey(kind, named[kind])]));
}

const WORDS: Partial<Record<EntityKind, string>> = { key: 'virtual key' };

function resolved(
  kind: EntityKind,
  id: string,
  name: string,
  rules: ParsedRules,
): Pick<EntityConfig, 'link' | 'access'> {
  return {
    link: resolveLink(kind, id, name, rules),
    access: {
      who: `${WORDS[kind] ?? kind} "${name}"`,
      models: choice(rules.models?.includes('*') ? undefined : rules.models, rules.denied_models),
      providers: choice(rules.providers, rules.denied_providers),
      endpoints: choice(rules.endpoints, rules.denied_endpoints),
      mcpServers: choice(rules.mcp_servers, rules.denied_mcp_servers),
      mcpTools: choice(rules.mcp_tools, rules.denied_mcp_tools),
      addresses: choice(rules.ip_ranges, rules.denied_ip_ranges),
      expiresMs: rules.expires === undefined ? null : Date.parse(rules.expires),
      disabled: rules.disabled ?? false,
    },
  };
}

/** What counts for it. */
export function resolveLink(
  kind: LinkKind,
  id: string,
  name: string,
  { budgets = [], limits }: Pick<ParsedRules, 'budgets' | 'limits'>,
): ChainLink {
  return {
    kind,
    id,
    name,
    budgets: budgets.map((one): BudgetRule => {
      return { capNanos: nanos(one.usd), ...windowOf(one), ...budgetTerms(one) };
    }),
    limits: limitRules(limits),
    parallel: limits?.parallel_requests ?? null,
  };
}

function budgetTerms({
  hard,
  reserve,
  raise,
  downgrade,
}: NonNullable<ParsedRules['budgets']>[number]): Pick<
  BudgetRule,
  'hard' | 'reserve' | 'raise' | 'downgrade'
> {
  const slash = downgrade?.to.indexOf('/') ?? 0;
  return {
    hard,
    reserve,
    raise: raise === undefined ? null : { nanos: nanos(raise.usd), untilMs: Date.parse(raise.until) },
    downgrade:
      downgrade === undefined
        ? null
        : {
            share: downgrade.at,
            provider: downgrade.to.slice(0, slash),
            model: downgrade.to.slice(slash + 1),
          },
  };
}

function choice(allowed: readonly string[] | undefined, denied: readonly string[] = []): Choice | null {
  return allowed === undefined && denied.length === 0 ? null : { allowed: allowed ?? null, denied };
}

function limitRules(limits: ParsedRules['limits']): LimitRule[] {
  if (limits === undefined) return [];
  const { rpm, tpm, windows = [] } = limits;
  const minute = { per: 'minute', window: 'calendar', timeZone: 'UTC' } as const;
  return [
    ...(rpm === undefined ? [] : [{ of: 'requests', max: rpm, ...minute } as const]),
    ...(tpm === undefined ? [] : [{ of: 'total_tokens', max: tpm, ...minute } as const]),
    ...windows.flatMap((one) =>
      MEASURES.flatMap((name): LimitRule[] => {
        const max = one[name];
        if (max === undefined) return [];
        return [
          name === 'usd'
            ? { of: 'nanos', max: nanos(max), ...windowOf(one) }
            : { of: name, max, ...windowOf(one) },
        ];
      }),
    ),
  ];
}

function windowOf({ per, window, time_zone: zone }: GivenWindow): RuleWindow {
  return { per, window, timeZone: zone ?? 'UTC' };
}

function nanos(usd: number): number {
  return Math.round(usd * NANOS_PER_USD);
}
