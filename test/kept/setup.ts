import OpenAI from 'openai';
import type { GatewayOptions } from '../../dist/bin/library.js';
import { startAnthropic } from '../fakes/anthropic.js';
import { startStatefulOpenAi } from '../fakes/openai-stateful.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed } from '../gateway/embedded.js';

export const KEY = 'hg-kept-key-0123456789';
export const OTHER_KEY = 'hg-other-key-0123456789';

export interface Kept {
  gateway: Embedded;
  anthropic: FakeProvider;
  openai: FakeProvider;
  /** The official client, as the first key. */
  client: OpenAI;
  other: OpenAI;
  close(): Promise<void>;
}

export const clientOf = (gateway: Embedded, apiKey = KEY): OpenAI =>
  new OpenAI({ apiKey, baseURL: 'http://gateway/v1', fetch: gateway.fetch, maxRetries: 0, timeout: 10_000 });

/** What the gateway of these tests is told; `more` is laid over it. */
export const configOf = (anthropic: FakeProvider, openai: FakeProvider, more: object = {}): object => ({
  providers: {
    anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
    openai: {
      base_url: `${openai.url}/v1`,
      keys: ['a', 'b', 'c'].map((one) => ({ value: `sk-account-${one}-0123456789`, name: `account-${one}` })),
    },
    // The same server, as one that keeps nothing.
    forgetful: {
      extends: 'openai',
      base_url: `${openai.url}/v1`,
      keys: [{ value: 'sk-forgetful-0123456789' }],
      stateless: ['openai-responses'],
    },
    stateless: {
      extends: 'groq',
      base_url: `${openai.url}/v1`,
      keys: [{ value: 'sk-stateless-0123456789' }],
    },
  },
  models: {
    claude: { targets: ['anthropic/claude-sonnet-4-5'], retries: { attempts: 1 } },
    gpt: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
    'gpt-mini': { targets: ['openai/gpt-4o-mini'], retries: { attempts: 1 } },
    // A model of its own: what its provider said of waiting holds for later requests too.
    rested: { targets: ['anthropic/claude-sonnet-4-5', 'openai/gpt-4o-mini'], retries: { attempts: 1 } },
    plain: { targets: ['stateless/gpt-4o'], retries: { attempts: 1 } },
    forgetting: { targets: ['forgetful/gpt-4o'], retries: { attempts: 1 } },
    both: { targets: ['anthropic/claude-sonnet-4-5', 'openai/gpt-4o'], retries: { attempts: 1 } },
  },
  keys: [
    { name: 'first', value: KEY },
    { name: 'other', value: OTHER_KEY },
  ],
  ...more,
});

/** A gateway in this process before one provider that keeps responses, and one of another API. */
export async function startKept(more: object = {}, options: GatewayOptions = {}): Promise<Kept> {
  const anthropic = await startAnthropic({ strict: true });
  const openai = await startStatefulOpenAi('own');
  const config = configOf(anthropic, openai, more) as NonNullable<GatewayOptions['config']>;
  const gateway = await embed({ ...options, config });
  return {
    gateway,
    anthropic,
    openai,
    client: clientOf(gateway),
    other: clientOf(gateway, OTHER_KEY),
    async close() {
      await gateway.close();
      await anthropic.close();
      await openai.close();
    },
  };
}

/** The error that a promise is refused with. */
export async function refusal(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}
