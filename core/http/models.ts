import type { HeaderList, JsonObject } from '@headgate/sdk';
import { parsedBody } from '../canonical-of.js';
import { GatewayError, gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import { answerBytes, fail } from '../fail.js';
import { anonymous, modelRefused } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import { findModel, listModels } from '../route/listed-model.js';
import { identify } from '../stages/identify.js';
import { CHAT_FORMAT, type ClientApi, clientApi } from './client-api.js';
import { anthropicModels } from './model-shapes/anthropic.js';
import { cohereModels } from './model-shapes/cohere.js';
import { geminiModels } from './model-shapes/gemini.js';
import { ollamaModels, ollamaShown } from './model-shapes/ollama.js';
import { openaiModels } from './model-shapes/openai.js';
import type { ModelShape } from './model-shapes/shape.js';
import { RequestBody, tooLarge } from './request-body.js';

interface ModelsPath {
  /** Its group is the model's name, absent where all are listed. */
  readonly path: RegExp;
  /** Null: the API that the path or the client's headers name. */
  readonly shape: ModelShape | null;
}

/** Also below the prefixes of SDKs with a base of their own. */
const PATHS: readonly ModelsPath[] = [
  { path: /^(?:\/genai)?\/v1beta\/models(?:\/(.+))?$/, shape: geminiModels },
  { path: /^(?:\/ollama)?\/api\/tags$/, shape: ollamaModels },
  { path: /^(?:\/openai|\/anthropic|\/genai|\/cohere)?\/v1\/models(?:\/(.+))?$/, shape: null },
];
const SHAPES: Readonly<Record<ClientApi, ModelShape>> = {
  openai: openaiModels,
  anthropic: anthropicModels,
  gemini: geminiModels,
  bedrock: openaiModels,
  cohere: cohereModels,
  ollama: ollamaModels,
};

export function isModelsPath(path: string): boolean {
  return PATHS.some((one) => one.path.test(path));
}

const SHOW = /^(?:\/ollama)?\/api\/show$/;

/** Where Ollama's clients ask about one model, which the body names. */
export function isShowPath(path: string): boolean {
  return SHOW.test(path);
}

/** Lists models, or describes one, to whoever may use them: the caller is identified as on the way to a model. */
export function serveModels(io: IoThread, incoming: Incoming): void {
  const { path, headers } = incoming;
  const found = PATHS.find((one) => one.path.test(path));
  const name = found?.path.exec(path)?.[1];
  const api = clientApi(path, headers);
  const shape = found?.shape ?? SHAPES[api];
  const endpoint = io.endpoints.speaking(CHAT_FORMAT[api]);
  // What a GET has for a body means nothing, and is not waited for.
  const body = new RequestBody(0);
  body.set(Buffer.alloc(0));
  const x = unsettled(new Exchange(io, endpoint, { ...incoming, body }));
  tell(x, shape, name).catch((reason) => fail(x, reason));
}

/** `POST /api/show`: `{ model }`, or `{ name }` in older clients. */
export function serveShow(io: IoThread, incoming: Incoming): void {
  const x = unsettled(new Exchange(io, io.endpoints.speaking(CHAT_FORMAT.ollama), incoming));
  show(x).catch((reason) => fail(x, reason));
}

/** Nothing is asked of a model, so there is nothing to settle: no record, no cost. */
function unsettled(x: Exchange): Exchange {
  x.settled = true;
  return x;
}

async function show(x: Exchange): Promise<void> {
  const { body } = x.incoming;
  await body;
  if (body.tooLarge) throw tooLarge(body);
  const asked: unknown = parsedBody(x);
  const { model, name = model } = typeof asked === 'object' && asked !== null ? (asked as JsonObject) : {};
  if (typeof name !== 'string' || name === '') throw gatewayError('model_required');
  await tell(x, ollamaShown, name);
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
  if (found === null) throw new GatewayError(runtime.models.missing(model, client));
  if (!key.mayUse(model)) throw modelRefused(key, model);
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
