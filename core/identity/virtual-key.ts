import type { ChainLink, HeaderList, Principal } from '@headgate/sdk';
import type { Unpriced } from '../config/config.js';
import type { Access, Choice } from '../config/entity.js';
import type { AttachedTools } from '../config/mcp-config.js';
import { type GatewayError, gatewayError } from '../errors.js';
import { patternMatcher } from '../route/pattern.js';
import { AddressRule } from './address-rule.js';
import type { TokenRights } from './jwt/issuer.js';

/** Where records and usage count a key's requests; '' where it belongs to none. Always there, so that all keys have one shape. */
export interface Places {
  readonly org: string;
  readonly team: string;
  readonly project: string;
  readonly user: string;
}

/** A virtual key as plain data: what survives the way to another thread. */
export interface KeyFacts extends Omit<Principal, keyof Places>, Places {
  readonly chain: readonly ChainLink[];
  /** Of the key and of all it belongs to, in the order of the chain. */
  readonly access: readonly Access[];
  readonly passthrough: boolean | readonly string[];
  /** Unix milliseconds; null never. */
  readonly expiresMs: number | null;
  readonly customer: string | null;
  readonly tags: readonly string[];
  /** What becomes of requests to models without a price; null: as the model or the gateway says. */
  readonly unpriced: Unpriced | null;
  /** WebSockets it may have open at once; null any number. */
  readonly sockets: number | null;
  /** Tools that its requests get; null: none. */
  readonly attached: AttachedTools | null;
  /** It is in the table of keys, so that it can be seen there whether it is still in force. */
  readonly listed: boolean;
  /** Of whoever has come with a token of an issuer; null: with a key. */
  readonly rights: TokenRights | null;
  /** For answers to whoever came with a secret that is being replaced; null: it is not. */
  readonly notice: HeaderList | null;
}

/** A virtual key as requests use it. */
export interface VirtualKey extends KeyFacts {
  readonly mayUse: (model: string) => boolean;
  /** Whether it may have requests forwarded to that provider that name no model. */
  readonly mayForward: (provider: string) => boolean;
  /** Who does not let it use that provider, for messages; null when nobody has a say in that. */
  readonly providerRefusedBy: ((provider: string) => string | null) | null;
  /** Throws for a request that one of the chain does not let through; null when nobody has a rule about that. */
  readonly check: ((asked: Asked) => void) | null;
}

/** What is known of a request when its caller is known. */
export interface Asked {
  readonly now: number;
  /** Without the prefix of an SDK. */
  readonly path: string;
  /** Of the client; '' inside the process. */
  readonly address: () => string;
}

export function virtualKey(facts: KeyFacts): VirtualKey {
  const { access, passthrough } = facts;
  const models = testsOf(access, ({ models }) => models);
  const providers = testsOf(access, ({ providers }) => providers);
  return {
    ...facts,
    mayUse: models.length === 0 ? () => true : (model) => models.every(({ allows }) => allows(model)),
    mayForward: forwardMatcher(passthrough),
    providerRefusedBy:
      providers.length === 0
        ? null
        : (provider) => providers.find(({ allows }) => !allows(provider))?.who ?? null,
    check: checkOf(access),
  };
}

/** What another thread can make the same key of. */
export function factsOf(key: VirtualKey): KeyFacts {
  const { mayUse: _m, mayForward: _f, providerRefusedBy: _p, check: _c, ...facts } = key;
  return facts;
}

/** The error about a model that the key, or somebody it belongs to, may not use. */
export function modelRefused(key: KeyFacts, model: string): GatewayError {
  const models = testsOf(key.access, (one) => one.models);
  const who = models.find(({ allows }) => !allows(model))?.who ?? `virtual key "${key.name}"`;
  return gatewayError('model_not_allowed', { who, model });
}

/** A test for the providers that a key may reach without naming a model. */
function forwardMatcher(passthrough: boolean | readonly string[]): (provider: string) => boolean {
  if (typeof passthrough === 'boolean') return () => passthrough;
  const allowed = new Set(passthrough);
  return (provider) => allowed.has(provider);
}

interface Test {
  readonly who: string;
  readonly allows: (text: string) => boolean;
}

function testsOf(access: readonly Access[], pick: (one: Access) => Choice | null): Test[] {
  return access.flatMap((one) => {
    const choice = pick(one);
    return choice === null ? [] : [{ who: one.who, allows: choiceMatcher(choice) }];
  });
}

/** A test for what a choice allows: what is denied is not, even if it is allowed too. */
export function choiceMatcher({ allowed, denied }: Choice): (text: string) => boolean {
  const may = allowed === null ? null : patternMatcher(allowed);
  const not = denied.length === 0 ? null : patternMatcher(denied);
  return (text) => (may === null || may(text)) && (not === null || !not(text));
}

type Check = (asked: Asked) => void;

function checkOf(access: readonly Access[]): Check | null {
  const checks = access.flatMap((one, index): Check[] => {
    const { who, disabled, expiresMs, endpoints, addresses } = one;
    const mine: Check[] = [];
    if (disabled) mine.push(() => refuse('entity_disabled', { who }));
    // Of the key itself it is looked at where it is found.
    if (expiresMs !== null && index > 0)
      mine.push(({ now }) => {
        if (expiresMs <= now) refuse('entity_expired', { who });
      });
    if (endpoints !== null) {
      const allows = choiceMatcher(endpoints);
      mine.push(({ path }) => {
        if (!allows(path)) refuse('endpoint_not_allowed', { who, path: path.slice(0, 200) });
      });
    }
    if (addresses !== null) {
      const rule = new AddressRule(addresses);
      mine.push(({ address }) => {
        if (!rule.allows(address())) refuse('address_not_allowed', { who });
      });
    }
    return mine;
  });
  if (checks.length === 0) return null;
  return (asked) => {
    for (const check of checks) check(asked);
  };
}

function refuse(code: Parameters<typeof gatewayError>[0], details: Record<string, string>): never {
  throw gatewayError(code, details);
}

/** Of somebody about whom nothing is said. */
export const NO_ACCESS_RULES: Omit<Access, 'who'> = {
  models: null,
  providers: null,
  endpoints: null,
  mcpServers: null,
  mcpTools: null,
  addresses: null,
  expiresMs: null,
  disabled: false,
};

/** Callers without a key, where none is required. */
export const anonymous: VirtualKey = Object.freeze({
  ...virtualKey({
    id: '',
    name: '',
    models: ['*'],
    metadata: {},
    org: '',
    team: '',
    project: '',
    user: '',
    chain: [],
    access: [],
    passthrough: true,
    expiresMs: null,
    customer: null,
    tags: [],
    unpriced: null,
    sockets: null,
    attached: null,
    listed: false,
    rights: null,
    notice: null,
  }),
});
