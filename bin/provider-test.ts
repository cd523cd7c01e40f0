import {
  type CanonicalRequest,
  type HeaderList,
  headerOf,
  type JsonObject,
  type TaskRequest,
  type UpstreamRequest,
  type WireFormat,
} from '@headgate/sdk';
import { PriceTable } from '../core/catalog/prices/price-table.js';
import type { Config } from '../core/config/config.js';
import { StoredKeys } from '../core/identity/stored-keys.js';
import type { Brought } from '../core/plugin/equipment.js';
import { editFields } from '../core/route/field-edits.js';
import type { ProviderKey } from '../core/route/key-ring.js';
import type { RoutableProvider } from '../core/route/model-table.js';
import { compilePath } from '../core/route/path-template.js';
import { compileRuntime } from '../core/runtime.js';
import { Transports } from '../core/upstream/transports.js';
import { type Answer, send } from './send-once.js';
import { pickModel } from './trial-model.js';

export interface Trial {
  readonly provider: string;
  /** The key's name in the configuration. */
  readonly key: string;
  readonly model: string | null;
  readonly format: string | null;
  readonly outcome:
    | 'ok'
    | 'the key was refused'
    | 'there were no credentials'
    | 'the model is not there'
    | 'rate-limited'
    | 'the request was refused'
    | 'the provider has trouble'
    | 'the answer makes no sense'
    | 'it could not be reached'
    | 'it could not be tried';
  readonly status: number | null;
  /** Until the whole answer was there. */
  readonly ms: number | null;
  readonly message: string;
}

export interface TrialOptions {
  readonly id: string;
  readonly model: string | undefined;
  readonly config: Config;
  readonly brought: Brought;
}

/** Room for the answer of a model that thinks first: some refuse less. */
const MAX_TOKENS = 64;

/** Sends one tiny request with each key that the provider has, as the gateway would. */
export async function tryProvider({ id, model, config, brought }: TrialOptions): Promise<Trial[]> {
  const transports = new Transports();
  const prices = PriceTable.load();
  try {
    const equipment = { ...brought, hooks: [], routes: [], retire: async () => {} };
    const runtime = compileRuntime(config, equipment, prices, transports, {
      secret: '',
      stored: new StoredKeys(),
      keysOf: async () => null,
    });
    const routable = runtime.providers.get(id) as RoutableProvider;
    const format = pickFormat(routable, brought);
    const trials: Trial[] = [];
    for (const key of routable.provider.keys.keys) {
      const base = { provider: id, key: key.name, format: format?.id ?? null, model: model ?? null };
      if (format === null) {
        const message = 'it has an API of its own, which nothing is translated to';
        trials.push({ ...base, outcome: 'it could not be tried', status: null, ms: null, message });
        continue;
      }
      const named = model ?? (await pickModel(routable, key, config, runtime.prices, format));
      if (named === null) {
        const message = 'no model of it is known: name one with --model';
        trials.push({ ...base, outcome: 'it could not be tried', status: null, ms: null, message });
        continue;
      }
      const answer = await ask(routable, key, format, named);
      trials.push({ ...base, model: named, ...judged(answer, format, key) });
    }
    return trials;
  } finally {
    await transports.close();
  }
}

/** What is asked of a provider that has no chats. */
const TASK: TaskRequest = {
  operation: 'embedding',
  origin: 'headgate',
  model: '',
  inputs: [{ type: 'text', text: 'ok' }],
  encodings: [],
};

/** The format that translated requests would be written in, else one that can be asked without a codec. */
function pickFormat({ provider }: RoutableProvider, { formats }: Brought): WireFormat | null {
  const known = [...provider.paths.keys()].flatMap((id) => formats.get(id) ?? []);
  return (
    known.find((format) => format.operation === 'chat' && format.request !== undefined) ??
    known.find((format) => format.operation === 'embedding') ??
    null
  );
}

function ask(
  routable: RoutableProvider,
  key: ProviderKey,
  format: WireFormat,
  model: string,
): Promise<Answer> {
  const { provider, timeouts } = routable;
  const body = bodyOf(format, model);
  const edits = provider.edits.get(format.id);
  if (edits !== undefined) editFields(body, edits);
  const request: UpstreamRequest = {
    method: 'POST',
    path: compilePath(provider.paths.get(format.id) ?? '', model).whole,
    headers: [...key.headers],
    body: Buffer.from(JSON.stringify(body)),
  };
  return send(provider.transport(timeouts.connectMs), key, request);
}

function bodyOf(format: WireFormat, model: string): JsonObject {
  if (format.task !== undefined) return format.task.encodeRequest(TASK, { model, warn: () => {} });
  if (format.request === undefined) return { model, input: 'ok' };
  const request: CanonicalRequest = {
    origin: 'headgate',
    model,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Say ok.' }] }],
    sampling: {},
    maxOutputTokens: MAX_TOKENS,
    stream: false,
  };
  return format.request.encode(request, { model, warn: () => {} });
}

type Judged = Pick<Trial, 'outcome' | 'status' | 'ms' | 'message'>;

function judged(answer: Answer, format: WireFormat, key: ProviderKey): Judged {
  if (answer.kind === 'unsigned')
    return { outcome: 'there were no credentials', status: null, ms: null, message: answer.why };
  if (answer.kind === 'unreachable')
    return { outcome: 'it could not be reached', status: null, ms: null, message: answer.why };
  const { status, ms, headers, body } = answer;
  if (status < 300) return { ...sense(format, body, headers), status, ms };
  const { message, kind } = format.error.decode(status, redacted(body, key));
  const outcome =
    status === 401 || status === 403
      ? 'the key was refused'
      : status === 404 || kind === 'not-found'
        ? 'the model is not there'
        : status === 429
          ? 'rate-limited'
          : status >= 500
            ? 'the provider has trouble'
            : 'the request was refused';
  return { outcome, status, ms, message: message.slice(0, 500) };
}

function sense(format: WireFormat, body: string, headers: HeaderList): Pick<Trial, 'outcome' | 'message'> {
  try {
    const parsed = JSON.parse(body) as JsonObject;
    format.response?.decode(parsed);
    format.task?.decodeAnswer(parsed, { request: TASK, header: (name) => headerOf(headers, name) });
    return { outcome: 'ok', message: '' };
  } catch (error) {
    const type = headerOf(headers, 'content-type') ?? 'no content type';
    const why = error instanceof Error ? error.message.slice(0, 200) : '';
    return { outcome: 'the answer makes no sense', message: `${type}: ${why}` };
  }
}

/** Providers repeat what they were sent, keys included. */
function redacted(body: string, { credential }: ProviderKey): string {
  return credential.length < 8 ? body : body.replaceAll(credential, '***');
}
