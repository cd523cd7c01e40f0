import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { type FakeProvider, startProvider } from '../fakes/provider.js';
import type { Received } from '../fakes/received.js';
import { methodsOf, type SdkMethod, SOME_BYTES } from './sdk-surface.js';

const KEY = 'hg-surface-key-0123456789';
const PROVIDER_KEY = 'sk-surface-0123456789';

/** At once one object of any kind and a list. */
const answer = {
  id: 'object_aBc123',
  object: 'thing',
  type: 'thing',
  status: 'completed',
  choices: [],
  content: [],
  output: [],
  data: [{ id: 'entry_aBc123', text: 'ü' }],
  has_more: false,
};
const refusal = { type: 'error', error: { type: 'some_error', message: 'So it is.', code: 'so' } };

/** Answers everything: with bytes to who asks for bytes. */
const fake: FakeProvider = await startProvider(({ headers }, { status = 200 }) => {
  const binary = status === 200 && /binary|octet-stream/.test(headers.accept ?? '');
  return {
    status,
    headers: { 'content-type': binary ? 'application/octet-stream' : 'application/json' },
    body: binary ? SOME_BYTES : JSON.stringify(status === 200 ? answer : refusal),
  };
});
const gateway = await startHeadgate({
  config: {
    providers: {
      openai: { base_url: `${fake.url}/v1`, keys: [{ value: PROVIDER_KEY }] },
      anthropic: { base_url: fake.url, keys: [{ value: PROVIDER_KEY }] },
    },
    models: {
      'public/gpt': { targets: ['openai/own-gpt'], retries: { attempts: 1 } },
      'public/claude': { targets: ['anthropic/own-claude'], retries: { attempts: 1 } },
    },
    keys: [{ name: 'surface', value: KEY }],
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
});

/** Answered by the gateway from its configuration: the names that clients may use are its own. */
const OWN = /^(beta\.)?models\.(list|retrieve)$/;

/** Calls to models: the gateway writes the head of the request itself, and passes only what is part of the API. */
const OF_MODELS =
  /^(completions|chat\.completions|embeddings|responses|messages|beta\.(messages|responses))\.(create|parse|countTokens|inputTokens\.count)$/;
const HEADERS_OF_MODELS = [
  'content-type',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'anthropic-user-profile-id',
];

/** Methods that are not called here, and why. All others are, those of the next version too. */
const REASONS = {
  repeats: 'asks again and again by methods that are called here, until something has happened',
  streams: 'follows a stream of a method that is called here, and returns before it has asked anything',
  offline: 'asks nobody anything',
  links: 'reads a link that another answer holds: test/forward/anthropic-sdk.test.ts',
} as const;
const LEFT_OUT: Record<string, Record<string, keyof typeof REASONS>> = {
  openai: {
    'chat.completions.runTools': 'streams',
    'chat.completions.stream': 'streams',
    'responses.stream': 'streams',
    'files.waitForProcessing': 'repeats',
    'vectorStores.files.createAndPoll': 'repeats',
    'vectorStores.files.poll': 'repeats',
    'vectorStores.files.uploadAndPoll': 'repeats',
    'vectorStores.fileBatches.createAndPoll': 'repeats',
    'vectorStores.fileBatches.poll': 'repeats',
    'vectorStores.fileBatches.uploadAndPoll': 'repeats',
    'webhooks.unwrap': 'offline',
    'webhooks.verifySignature': 'offline',
    'beta.threads.createAndRunPoll': 'repeats',
    'beta.threads.createAndRunStream': 'streams',
    'beta.threads.runs.createAndPoll': 'repeats',
    'beta.threads.runs.createAndStream': 'streams',
    'beta.threads.runs.poll': 'repeats',
    'beta.threads.runs.stream': 'streams',
    'beta.threads.runs.submitToolOutputsAndPoll': 'repeats',
    'beta.threads.runs.submitToolOutputsStream': 'streams',
  },
  anthropic: {
    'messages.stream': 'streams',
    'messages.batches.results': 'links',
    'beta.messages.batches.results': 'links',
    'beta.messages.stream': 'streams',
    'beta.messages.thread': 'streams',
    'beta.messages.toolRunner': 'streams',
    'beta.environments.work.poller': 'repeats',
    'beta.environments.work.worker': 'repeats',
    'beta.sessions.events.toolRunner': 'streams',
    'beta.webhooks.parseUnverified': 'offline',
    'beta.webhooks.unwrap': 'offline',
  },
};

const settings = { maxRetries: 0, timeout: 5_000 };
const openaiAt = (url: string, apiKey: string) =>
  new OpenAI({ ...settings, apiKey, adminAPIKey: apiKey, baseURL: `${url}/v1` });
const anthropicAt = (url: string, apiKey: string) => new Anthropic({ ...settings, apiKey, baseURL: url });

interface Outcome {
  readonly result: string;
  readonly requests: readonly Record<string, string>[];
}

/** What a method gives its caller, and what the provider got of it. */
async function outcomeOf(method: SdkMethod, model: string): Promise<Outcome> {
  const from = fake.received.length;
  const result = await method.call(model).then(textOf, errorText);
  const requests = fake.received.slice(from);
  for (const { complete } of requests) await complete;
  return { result, requests: requests.map((request) => told(method.name, request)) };
}

async function textOf(result: unknown): Promise<string> {
  if (result instanceof Response)
    return `bytes ${Buffer.from(await result.arrayBuffer()).toString('base64')}`;
  if (typeof result !== 'object' || result === null) return String(result);
  // A page has its client and its request inside.
  const shown = { ...result, client: null, options: null, response: null, body: null };
  return `${result.constructor.name} ${JSON.stringify(shown)}`;
}

function errorText(reason: unknown): string {
  const error = reason as Error & { status?: number };
  return `${error.constructor.name} ${error.status}: ${error.message.slice(0, 300)}`;
}

/** Of the connection, or what `fetch` itself adds: not the SDK's words. */
const NOT_SAID =
  /^(host|connection|content-length|transfer-encoding|keep-alive|accept-encoding|accept-language|sec-fetch-mode)$/;
const CREDENTIALS = /^(authorization|x-api-key)$/;

function told(name: string, { method, url, headers, body, key }: Received): Record<string, string> {
  const boundary = /boundary=(.*)$/.exec(headers['content-type'] ?? '')?.[1];
  const plain = (text: string): string =>
    boundary === undefined ? text : text.replaceAll(boundary, 'boundary');
  const said = Object.entries(headers).filter(([header]) =>
    OF_MODELS.test(name)
      ? HEADERS_OF_MODELS.includes(header)
      : !NOT_SAID.test(header) && !CREDENTIALS.test(header),
  );
  return {
    target: `${method} ${url}`,
    headers: plain(
      said
        .map(([header, value]) => `${header}: ${String(value)}`)
        .toSorted()
        .join('; '),
    ),
    body: plain(body.toString('latin1')),
    key,
  };
}

/** What is not as it is without the gateway; null when all is. */
function difference(straight: Outcome, through: Outcome): string | null {
  if (straight.result !== through.result)
    return `gives ${straight.result.slice(0, 400)}\n    but ${through.result.slice(0, 400)}`;
  if (straight.requests.length !== through.requests.length)
    return `makes ${straight.requests.length} requests, but ${through.requests.length}`;
  for (const [i, request] of straight.requests.entries())
    for (const [part, text] of Object.entries(request))
      if (through.requests[i]?.[part] !== text)
        return `${part}: ${text.slice(0, 600)}\n    but ${through.requests[i]?.[part]?.slice(0, 600)}`;
  return null;
}

describe.each([
  {
    sdk: 'openai',
    straight: methodsOf(openaiAt(fake.url, PROVIDER_KEY)),
    through: methodsOf(openaiAt(`${gateway.url}`, KEY)),
    models: ['own-gpt', 'public/gpt'],
    stranger: methodsOf(openaiAt(gateway.url, 'hg-wrong-key-0123456789')),
    least: 280,
  },
  {
    sdk: 'anthropic',
    straight: methodsOf(anthropicAt(fake.url, PROVIDER_KEY)),
    through: methodsOf(anthropicAt(gateway.url, KEY)),
    models: ['own-claude', 'public/claude'],
    stranger: methodsOf(anthropicAt(gateway.url, 'hg-wrong-key-0123456789')),
    least: 370,
  },
] as const)('every method of the $sdk SDK', ({ sdk, straight, through, models, stranger, least }) => {
  const leftOut = LEFT_OUT[sdk] ?? {};
  const asked = straight
    .map((method, i) => ({ method, same: through[i] as SdkMethod, wrong: stranger[i] as SdkMethod }))
    .filter(({ method: { name } }) => leftOut[name] === undefined && !OWN.test(name));

  it('is found, and so is each one that is left out', () => {
    const names = straight.map(({ name }) => name);
    expect(Object.keys(leftOut).filter((name) => !names.includes(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(least);
  });

  it('sends the provider the same and gives its caller the same as without the gateway', async () => {
    const troubles: string[] = [];
    for (const { method, same } of asked) {
      const expected = await outcomeOf(method, models[0]);
      const found = difference(expected, await outcomeOf(same, models[1]));
      if (found !== null) troubles.push(`${method.name} ${found}`);
      if (expected.requests.length === 0)
        troubles.push(`${method.name} asks nothing: ${expected.result.slice(0, 200)}`);
    }
    expect(troubles.join('\n')).toBe('');
  }, 60_000);

  it('has the provider’s errors as errors of the same class, and a wrong key is one', async () => {
    const troubles: string[] = [];
    const some = asked.filter((_, i) => i % 4 === 0);
    for (const [i, { method, same, wrong }] of some.entries()) {
      fake.always({ status: [404, 500, 422][i % 3] as number });
      const expected = await outcomeOf(method, models[0]);
      const { result } = await outcomeOf(same, models[1]);
      if (classOf(result) !== classOf(expected.result))
        troubles.push(`${method.name} is refused with ${expected.result}\n    but ${result}`);
      if (i % 5 > 0) continue;
      const refused = await outcomeOf(wrong, models[1]);
      if (!/^AuthenticationError 401/.test(refused.result) || refused.requests.length > 0)
        troubles.push(`${method.name} with a wrong key: ${refused.result}`);
    }
    fake.reset();
    expect(troubles.join('\n')).toBe('');
  }, 60_000);

  it('has a provider’s rate limit as such', async () => {
    const troubles: string[] = [];
    fake.always({ status: 429 });
    for (const { same } of asked.filter((_, i) => i % 25 === 0)) {
      const { result } = await outcomeOf(same, models[1]);
      if (!/^RateLimitError 429/.test(result)) troubles.push(`${same.name}: ${result}`);
    }
    fake.reset();
    expect(troubles.join('\n')).toBe('');
  });
});

function classOf(result: string): string {
  return result.split(':', 1)[0] ?? '';
}
