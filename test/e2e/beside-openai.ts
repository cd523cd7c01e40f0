import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Headgate, startHeadgate, stopCleanly } from './harness.js';
import { openaiProvider } from './two-providers.js';

export const KEY = 'hg-test-key-0123456789';
export const ADMIN = 'hg-admin-token-0123456789';

interface Native {
  start: () => Promise<FakeProvider>;
  /** The provider's name in the catalogue. */
  provider: string;
  /** What its part of the config says. */
  config: (fake: FakeProvider) => object;
  /** Its own name of the model that is public as `native`. */
  target: string;
  /** Further providers and the models that lead there. */
  more?: (fake: FakeProvider) => { providers: object; models: Record<string, string> };
}

/** An upstream, for tests that are repeated before each. */
interface Upstream {
  name: string;
  model: string;
  fake: FakeProvider;
}

export interface BesideOpenAi {
  gateway: Headgate;
  native: FakeProvider;
  openai: FakeProvider;
  /** The provider itself, and OpenAI's chat completions. */
  upstreams: [native: Upstream, openai: Upstream];
  reset(): void;
  close(): Promise<void>;
}

/**
 * A gateway before one provider (model `native`) and OpenAI (model `chat`), each asked once. `either` goes to OpenAI when
 * the provider fails; `hasty` bears no silence.
 */
export async function startBesideOpenAi(wanted: Native): Promise<BesideOpenAi> {
  const native = await wanted.start();
  const openai = await startOpenAi({ strict: true });
  const fakes = [native, openai];
  const closeFakes = async (): Promise<void> => {
    for (const fake of fakes) await fake.close();
  };
  const more = wanted.more?.(native);
  const own = `${wanted.provider}/${wanted.target}`;
  const targets = { native: [own], chat: ['openai/gpt-4o'], either: [own, 'openai/gpt-4o'] };
  const retries = { attempts: 1, on: ['5xx'] };
  const added = Object.entries(more?.models ?? {}).map(([name, target]) => [name, [target]] as const);
  try {
    const gateway = await startHeadgate({
      config: {
        admin: { token: ADMIN },
        keys: [{ name: 'everything', value: KEY }],
        models: {
          ...Object.fromEntries(
            [...Object.entries(targets), ...added].map(([name, each]) => [name, { targets: each, retries }]),
          ),
          hasty: { targets: [own], retries, timeouts: { idle: '300ms' } },
        },
        providers: {
          [wanted.provider]: wanted.config(native),
          openai: { ...openaiProvider(openai), formats: { 'openai-chat': '/chat/completions' } },
          ...more?.providers,
        },
      },
    });
    return {
      gateway,
      native,
      openai,
      upstreams: [
        { name: 'its own upstream', model: 'native', fake: native },
        { name: 'an OpenAI upstream', model: 'chat', fake: openai },
      ],
      reset: () => fakes.forEach((fake) => void fake.reset()),
      async close() {
        await stopCleanly(gateway);
        await closeFakes();
      },
    };
  } catch (error) {
    await closeFakes();
    throw error;
  }
}

/** A picture of one dot, in base64. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const weatherSchema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
};

export const degreesSchema = {
  type: 'object',
  properties: { degrees: { type: 'number' } },
  required: ['degrees'],
  additionalProperties: false,
};
