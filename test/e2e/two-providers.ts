import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Headgate, type StartOptions, startHeadgate, stopCleanly } from './harness.js';

const OPENAI_KEY = 'sk-fake-openai-0123456789';
const ANTHROPIC_KEY = 'sk-ant-fake-0123456789';

export const openaiProvider = (fake: FakeProvider, ...keys: string[]): object => ({
  base_url: `${fake.url}/v1`,
  keys: (keys.length > 0 ? keys : [OPENAI_KEY]).map((value) => ({ value })),
});
const anthropicProvider = (fake: FakeProvider, ...keys: string[]): object => ({
  base_url: fake.url,
  keys: (keys.length > 0 ? keys : [ANTHROPIC_KEY]).map((value) => ({ value })),
});

interface TwoProviders {
  openai: FakeProvider;
  anthropic: FakeProvider;
  gateway: Headgate;
  /** Forgets what the fakes saw and were told. */
  reset(): void;
  close(): Promise<void>;
}

/** A gateway with both fakes behind it, each under its provider's own name; `more` is laid over the config. */
export async function startTwoProviders(
  more: Record<string, unknown> = {},
  options: Omit<StartOptions, 'config'> & { strict?: boolean } = {},
): Promise<TwoProviders> {
  const strict = options.strict === true;
  const openai = await startOpenAi({ strict });
  const anthropic = await startAnthropic({ strict });
  const providers = {
    openai: openaiProvider(openai),
    anthropic: anthropicProvider(anthropic),
    ...(more['providers'] as object | undefined),
  };
  const fakes = [openai, anthropic];
  try {
    const gateway = await startHeadgate({ ...options, config: { ...more, providers } });
    return {
      openai,
      anthropic,
      gateway,
      reset: () => fakes.forEach((fake) => void fake.reset()),
      async close() {
        await stopCleanly(gateway);
        for (const fake of fakes) await fake.close();
      },
    };
  } catch (error) {
    for (const fake of fakes) await fake.close();
    throw error;
  }
}
