import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { embed } from '../gateway/embedded.js';
import { methodsOf } from './sdk-methods.js';
import { startWireRecorder } from './wire-recorder.js';

// Anybody's list of "the endpoints" is shorter than the SDKs: these tests ask the SDKs themselves what they can do, so that a
// method that a new version brings is tried the day it is installed.

const OPENAI_KEY = 'sk-fake-openai-0123456789';
const ANTHROPIC_KEY = 'sk-ant-fake-0123456789';
const KEY = 'hg-whole-surface-0123456789';

const upstream = await startWireRecorder();
const gateway = await embed({
  config: {
    keys: [{ name: 'everything', value: KEY }],
    providers: {
      openai: { base_url: `${upstream.url}/v1`, keys: [{ value: OPENAI_KEY }] },
      anthropic: { base_url: upstream.url, keys: [{ value: ANTHROPIC_KEY }] },
    },
  },
});
const url = await gateway.listen();
afterEach(() => upstream.fail(0));
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const common = { maxRetries: 0, timeout: 10_000 };
const openai = (baseURL: string, apiKey: string) =>
  new OpenAI({ ...common, baseURL: `${baseURL}/v1`, apiKey, adminAPIKey: apiKey });
const anthropic = (baseURL: string, apiKey: string) => new Anthropic({ ...common, baseURL, apiKey });

/** Bodies of what is asked of models, where Headgate wants to know which. */
const chat = { messages: [{ role: 'user', content: 'Hi' }] };
const responses = { model: 'gpt-4o', input: 'Hi' };
const messages = { ...chat, model: 'claude-sonnet-4-5', max_tokens: 100 };
const given = {
  'completions.create': { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' },
  'chat.completions.create': { ...chat, model: 'gpt-4o' },
  'embeddings.create': { model: 'text-embedding-3-small', input: 'Hi', encoding_format: 'float' },
  'responses.create': responses,
  'beta.responses.create': responses,
  'responses.inputTokens.count': responses,
  'beta.responses.inputTokens.count': responses,
  'messages.create': messages,
  'messages.countTokens': messages,
  'beta.messages.create': messages,
  'beta.messages.countTokens': messages,
};

/** Answered by Headgate itself, with the models that there are: `test/e2e` has tests of their own. */
const own = new Set(['models.list', 'models.retrieve', 'beta.models.list', 'beta.models.retrieve']);

const SDKS = [
  [
    'openai',
    methodsOf(openai(upstream.url, OPENAI_KEY), given),
    methodsOf(openai(url, KEY), given),
    'parse, stream, runTools, waitForProcessing, createAndPoll, poll, upload, uploadAndPoll, unwrap, verifySignature, ' +
      'createAndRunPoll, createAndRunStream, createAndStream, submitToolOutputsAndPoll, submitToolOutputsStream',
  ],
  [
    '@anthropic-ai/sdk',
    methodsOf(anthropic(upstream.url, ANTHROPIC_KEY), given),
    methodsOf(anthropic(url, KEY), given),
    'parse, stream, toolRunner, thread, poller, worker, parseUnverified, unwrap',
  ],
] as const;

/** Refusals that the client has to see as the provider meant them. */
const REFUSALS = [400, 403, 404, 409, 422];

describe.each(SDKS)('the client %s', (_name, direct, through, composed) => {
  it('has hundreds of methods, and others that only call them', () => {
    expect(direct.methods.length).toBeGreaterThan(250);
    const known = new Set(composed.split(', '));
    expect(direct.composed.filter((name) => !known.has(name.split('.').at(-1) ?? ''))).toEqual([]);
  });

  it.each(
    direct.methods.flatMap((there, at) => {
      const here = through.methods[at];
      return here === undefined || own.has(there.name) ? [] : [[there.name, there, here, at] as const];
    }),
  )('%s sends and gets through the gateway what it does without', async (_method, there, here, at) => {
    const wanted = await outcome(there.call);
    const asked = upstream.taken();
    expect(asked.length).toBeGreaterThan(0);
    const got = await outcome(here.call);
    const same = there.name in given ? asked.map(asToModel) : asked;
    expect(upstream.taken()).toEqual(same);
    expect(got).toEqual(wanted);

    const status = REFUSALS[at % REFUSALS.length] ?? 0;
    // That a key may not use a model is for the gateway to know: its user gets the next key, or a 502.
    upstream.fail(status === 403 && there.name in given ? 400 : status);
    const refusal = await outcome(there.call);
    expect(refusal).toMatchObject({
      error: expect.stringMatching(/Error$/),
      message: expect.stringMatching(/^4/),
    });
    expect(await outcome(here.call)).toEqual(refusal);
    upstream.taken();
  });
});

/** A request to a model is Headgate's own, which says nothing of the client's library. */
function asToModel<Request extends { headers: Record<string, string> }>(request: Request): Request {
  const headers = Object.entries(request.headers).filter(([name]) => !/^accept|^x-stainless-/.test(name));
  return { ...request, headers: { ...Object.fromEntries(headers), 'user-agent': 'headgate' } };
}

/** What a caller sees: values, bytes, items of a page or a stream, or the error by its class. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await seen(await call());
  } catch (error) {
    const { status, message } = error as { status?: number; message: string };
    return { error: (error as object).constructor.name, status, message };
  }
}

async function seen(value: unknown): Promise<unknown> {
  if (value instanceof Response)
    return { status: value.status, bytes: Buffer.from(await value.arrayBuffer()).toString('latin1') };
  if (typeof value !== 'object' || value === null) return value;
  if ('getPaginatedItems' in value) return (value as { getPaginatedItems(): unknown }).getPaginatedItems();
  if (Symbol.asyncIterator in value) {
    const items: unknown[] = [];
    for await (const item of value as AsyncIterable<unknown>) items.push(item);
    return items;
  }
  // Links to the provider's API are links to the gateway's.
  return JSON.parse(JSON.stringify(value).replaceAll(url, upstream.url));
}
