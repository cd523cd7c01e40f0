import { type Headgate, type StartOptions, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { startOpenAiPlatform } from '../fakes/openai-platform.js';
import type { FakeProvider } from '../fakes/provider.js';

export const OPENAI_KEY = 'sk-fake-openai-0123456789';
export const SECOND_KEYS = ['sk-second-a-0123456789', 'sk-second-b-0123456789'] as const;
/** May use everything. */
export const KEY = 'hg-forward-key-0123456789';
/** May use one model. */
export const NARROW = 'hg-narrow-key-0123456789';
/** May have things forwarded to one provider. */
export const TIED = 'hg-tied-key-0123456789';

interface TwoAccounts {
  openai: FakeProvider;
  second: FakeProvider;
  gateway: Headgate;
  reset(): void;
  close(): Promise<void>;
}

/** A gateway before two providers of OpenAI's API, the second of them with two keys. */
export async function startTwoAccounts(
  more: Record<string, unknown> = {},
  options: Omit<StartOptions, 'config'> = {},
): Promise<TwoAccounts> {
  const openai = await startOpenAiPlatform('one');
  const second = await startOpenAiPlatform('two');
  const config = {
    providers: {
      openai: { base_url: `${openai.url}/v1`, keys: [{ value: OPENAI_KEY }] },
      second: {
        extends: 'openai',
        base_url: `${second.url}/v1`,
        keys: SECOND_KEYS.map((value, i) => ({ value, name: `key-${'ab'[i]}` })),
      },
      ...(more['providers'] as object | undefined),
    },
    models: {
      painter: { targets: ['second/gpt-image-1'], retries: { attempts: 1 } },
      ears: { targets: ['second/gpt-4o-transcribe'], retries: { attempts: 1 } },
      voice: { targets: ['openai/tts-1', 'second/tts-1-hd'], retries: { attempts: 1 } },
    },
    keys: [
      { name: 'everything', value: KEY },
      { name: 'narrow', value: NARROW, models: ['voice'] },
      { name: 'tied', value: TIED, passthrough: ['second'] },
    ],
    ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== 'providers')),
  };
  const gateway = await startHeadgate({ ...options, config });
  return {
    openai,
    second,
    gateway,
    reset() {
      openai.reset();
      second.reset();
    },
    async close() {
      await stopCleanly(gateway);
      await openai.close();
      await second.close();
    },
  };
}
