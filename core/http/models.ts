import type { HeaderList, JsonObject } from '@headgate/sdk';
import { gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import { answerBytes, fail } from '../fail.js';
import { anonymous } from '../identity/key-table.js';
import type { IoThread } from '../io-thread.js';
import { findModel, listModels } from '../route/listed-model.js';
import { identify } from '../stages/identify.js';
import { speaksAnthropic } from './error-shape.js';
import { anthropicModels, type ModelShape, openaiModels } from './model-shapes.js';
import { RequestBody } from './request-body.js';

/** `/v1/models` and `/v1/models/{id}`, also below the prefixes of SDKs with a base of their own. */
const PATH = /^(\/openai|\/anthropic)?\/v1\/models(?:\/(.+))?$/;

export function isModelsPath(path: string): boolean {
  return PATH.test(path);
}

/** Lists models, or describes one, to whoever may use them: the caller is identified as on the way to a model. */
export function serveModels(io: IoThread, incoming: Incoming): void {
  const [, prefix, name] = PATH.exec(incoming.path) ?? [];
  const anthropic = prefix === '/anthropic' || (prefix === undefined && speaksAnthropic(incoming.headers));
  const endpoint = io.endpoints.get(anthropic ? '/v1/messages' : '/v1/chat/completions');
  if (endpoint === undefined) throw new Error('a client API has no endpoint');
  // What a GET has for a body means nothing, and is not waited for.
  const body = new RequestBody(0);
  body.set(Buffer.alloc(0));
  const x = new Exchange(io, endpoint, { ...incoming, body });
  // Nothing is asked of a model, so there is nothing to settle: no record, no cost.
  x.settled = true;
  tell(x, anthropic ? anthropicModels : openaiModels, name).catch((reason) => fail(x, reason));
}

async function tell(x: Exchange, shape: ModelShape, name: string | undefined): Promise<void> {
  const wait = identify(x);
  if (wait !== undefined) await wait;
  // An identify gate may have answered instead.
  if (!x.answered) send(x, await describe(x, shape, name));
}

async function describe(x: Exchange, shape: ModelShape, name: string | undefined): Promise<JsonObject> {
  const { runtime } = x;
  const key = x.principal ?? anonymous;
  const client = x.endpoint.format;
  if (name === undefined)
    return shape.list(await listModels(runtime, key, client), new URLSearchParams(x.incoming.query));
  const model = decoded(name);
  const found = findModel(runtime, model, client);
  if (found === null) throw gatewayError('model_not_found', { model, hint: runtime.models.hint(model) });
  if (!key.mayUse(model)) throw gatewayError('model_not_allowed', { key: key.name, model });
  return shape.one(found);
}

/** SDKs write the slash of `provider/model` as `%2F`. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function send(x: Exchange, value: JsonObject): void {
  const id = x.endpoint.format.requestIdHeader;
  const headers: HeaderList = ['content-type', 'application/json', 'x-headgate-request-id', x.id, id, x.id];
  answerBytes(x, 200, headers, JSON.stringify(value));
}
