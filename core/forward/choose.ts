import type { Operation } from '@headgate/sdk';
import { nearest } from '../config/nearest.js';
import { GatewayError, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { headerText } from '../header-text.js';
import { CHAT_FORMAT } from '../http/client-api.js';
import { modelRefused } from '../identity/virtual-key.js';
import type { Wait } from '../pipeline.js';
import type { RoutableProvider } from '../route/model-table.js';
import { order } from '../route/order.js';
import type { CompiledTarget } from '../route/target.js';
import { usableTargets } from '../usable-targets.js';
import type { Forward } from './forward.js';
import type { ForwardPath } from './forward-path.js';
import { firstOf } from './object-book.js';
import { cursorsIn, idsInBody, idsInPath } from './object-ids.js';
import { mustBeOwn, type Owner } from './owner.js';
import { speaksApi } from './upstream-path.js';

/**
 * Where a request goes: to the provider that its path names, else to that of its model, of an id it names, of the header
 * `x-headgate-provider`, or to the default of its API, in this order.
 */
export function choose(x: Exchange): Wait | undefined {
  const { path, secret } = x.forward as Forward;
  if (secret !== null) {
    toMaker(x, secret.provider);
    return undefined;
  }
  checkModel(x, path.provider);
  const ids = idsOf(x);
  if (ids.length === 0) {
    decide(x, null);
    return undefined;
  }
  const owners = x.io.objects.ownersOf(ids);
  if (owners instanceof Promise) return owners.then((found) => about(x, ids, found));
  about(x, ids, owners);
  return undefined;
}

/** What the request is about decides where it goes, and must not be another key's. */
function about(x: Exchange, ids: readonly string[], owners: ReadonlyMap<string, Owner>): void {
  const forward = x.forward as Forward;
  const { runtime } = x;
  forward.ids = new Set(ids);
  const cursors = cursorsIn(x.incoming.query);
  for (const [id, owner] of owners) {
    // A place in a list is no object: it may be the last of a page of which others' objects were left out.
    if (runtime.config.sharedObjects || cursors.includes(id)) continue;
    mustBeOwn(x, id, owner);
    forward.holder ??= owner.holder ?? null;
  }
  decide(x, firstOf(ids, owners));
}

/** Operations whose bodies are prompts and settings: no ids. */
export const WITHOUT_IDS: ReadonlySet<Operation> = new Set(['audio', 'moderation', 'rerank', 'embedding']);

function idsOf({ endpoint, incoming, model }: Exchange): string[] {
  const { path, query, body } = incoming;
  const ids = idsInPath(path, query);
  if (WITHOUT_IDS.has(endpoint.format.operation)) return ids;
  return [...ids, ...idsInBody(body.bytes).filter((id) => id !== model)];
}

function decide(x: Exchange, owner: Owner | null): void {
  const forward = x.forward as Forward;
  const { path } = forward;
  if (path.api === null) {
    if (owner?.provider === path.provider) forward.keyName = owner.key;
    toProvider(x, path.provider);
    return;
  }
  if (toModel(x, owner)) return;
  const named = x.header('x-headgate-provider');
  if (owner !== null && x.runtime.providers.has(owner.provider)) {
    forward.keyName = owner.key;
    toProvider(x, owner.provider);
  } else toProvider(x, named ?? defaultOf(x));
}

/** A key that lists its models may not use others, whatever way they are asked for. */
function checkModel({ principal, model }: Exchange, provider: string): void {
  if (model === '' || principal === null) return;
  if (principal.mayUse(model) || (provider !== '' && principal.mayUse(`${provider}/${model}`))) return;
  throw modelRefused(principal, model);
}

/** True when the model says where the request goes: it may be tried at all targets that speak the API. */
function toModel(x: Exchange, owner: Owner | null): boolean {
  const forward = x.forward as Forward;
  const { path } = forward;
  if (x.model === '' || path.api === null) return false;
  const { models } = x.runtime;
  const client = x.io.endpoints.speaking(CHAT_FORMAT[path.api]).format;
  const route = models.find(x.model, client);
  if (route === null) {
    const held = models.held(x.model, client);
    // Whoever gets what names no provider would get it otherwise.
    if (held !== null) throw new GatewayError(held);
    return false;
  }
  const able = route.targets.filter(({ provider }) => speaksApi(provider, path));
  if (able.length === 0)
    throw gatewayError('path_unsupported', {
      provider: route.targets[0]?.provider.id ?? '',
      path: x.incoming.path.slice(0, 200),
      hint: speakersOf(x, path),
    });
  forward.byModel = true;
  x.route = route;
  const own = owner === null ? [] : able.filter(({ provider }) => provider.id === owner.provider);
  if (own.length > 0) forward.keyName = owner?.key ?? null;
  // What the request is about is at that provider alone.
  x.targets = usableTargets(x, own.length > 0 ? own : order(route, able, x.io.random));
  return true;
}

/** A secret's maker is the one place where it is worth something, and that it was made was leave enough. */
function toMaker(x: Exchange, id: string): void {
  const found = x.runtime.providers.get(id);
  if (found === undefined) throw noProvider(x, id, '');
  const model = x.runtime.models.find(x.model, x.io.endpoints.speaking(CHAT_FORMAT.openai).format);
  const known = model?.targets.find(({ provider }) => provider.id === id)?.model;
  x.targets = [targetAt(found, known ?? x.model)];
}

function noProvider(x: Exchange, id: string, hint: string): GatewayError {
  return x.runtime.config.heldBack.providers.has(id)
    ? gatewayError('definition_held_back', { what: 'provider', name: id, path: 'providers' })
    : gatewayError('provider_unknown', { provider: id.slice(0, 100), hint });
}

function toProvider(x: Exchange, id: string): void {
  const { path } = x.forward as Forward;
  const found = x.runtime.providers.get(id);
  if (found === undefined) {
    const near = nearest(id, x.runtime.providers.keys());
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw noProvider(x, id, hint);
  }
  const { principal } = x;
  // A model that the key may use is leave enough; without one it must be allowed to have things forwarded.
  const byModel = path.api !== null && x.model !== '';
  if (principal !== null && !byModel && !principal.mayForward(id))
    throw gatewayError('forward_not_allowed', { key: principal.name, provider: id });
  if (!speaksApi(found.provider, path))
    throw gatewayError('path_unsupported', {
      provider: id,
      path: x.incoming.path.slice(0, 200),
      hint: speakersOf(x, path),
    });
  x.targets = usableTargets(x, [targetAt(found, x.model)]);
}

/** Which of the providers here do. */
export function speakersOf({ runtime }: Exchange, path: ForwardPath): string {
  const able = [...runtime.providers.values()].filter(({ provider }) => speaksApi(provider, path));
  if (able.length === 0) return ' No provider of the configuration does.';
  return ` These providers here do: ${able.map(({ provider }) => `"${provider.id}"`).join(', ')}.`;
}

function defaultOf(x: Exchange): string {
  const { path } = x.forward as Forward;
  const api = path.api ?? '';
  const configured = x.runtime.config.defaults.get(api);
  if (configured !== undefined) return configured;
  const able = [...x.runtime.providers.values()].filter(
    ({ provider }) => provider.origin !== '' && speaksApi(provider, path),
  );
  // The one that the API is named after, if it is there.
  const found = able.find(({ provider }) => provider.id === api || provider.row.id === api) ?? able[0];
  if (found === undefined) throw gatewayError('provider_unset', { path: x.incoming.path.slice(0, 200), api });
  return found.provider.id;
}

const NO_SPEECH: CompiledTarget['speech'] = new Map();

/** The same target with another model. */
export function targetOf(target: CompiledTarget, model: string): CompiledTarget {
  return {
    ...target,
    model,
    modelBytes: Buffer.from(JSON.stringify(model)),
    modelText: headerText(model.slice(0, 256)),
  };
}

/** A provider as the target of a request whose model, if it has one, is its own. */
function targetAt({ provider, timeouts }: RoutableProvider, model: string): CompiledTarget {
  return {
    provider,
    transport: provider.transport(timeouts.connectMs),
    model,
    modelBytes: Buffer.from(JSON.stringify(model)),
    modelText: headerText(model.slice(0, 256)),
    weight: 1,
    timeouts,
    speech: NO_SPEECH,
    standing: null,
  };
}
