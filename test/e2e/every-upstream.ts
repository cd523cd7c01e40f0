import { startAnthropic } from '../fakes/anthropic.js';
import { startGemini } from '../fakes/gemini.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Headgate, startHeadgate, stopCleanly } from './harness.js';
import { openaiProvider } from './two-providers.js';

export const KEY = 'hg-test-key-0123456789';
export const ADMIN = 'hg-admin-token-0123456789';

/** Which provider and model stand behind each public model; the model's name tells the format spoken there. */
const targets = {
  'by-gemini': 'gemini/gemini-2.5-flash',
  'by-chat': 'openai/gpt-4o',
  'by-responses': 'responder/gpt-4o',
  'by-messages': 'anthropic/claude-sonnet-4-5',
};

/** An upstream, for tests that are repeated before each of several. */
export interface Upstream {
  name: string;
  /** Public name of a model that leads there. */
  model: string;
  /** Its name there. */
  target: string;
  fake: FakeProvider;
}

interface EveryUpstream {
  gateway: Headgate;
  gemini: Upstream;
  chat: Upstream;
  responses: Upstream;
  messages: Upstream;
  /** Forgets what the fakes saw and were told. */
  reset(): void;
  close(): Promise<void>;
}

/** A gateway before fakes of three providers that speak four formats, one format to each model. */
export async function startEveryUpstream(): Promise<EveryUpstream> {
  const openai = await startOpenAi({ strict: true });
  const anthropic = await startAnthropic({ strict: true });
  const gemini = await startGemini();
  const fakes = [openai, anthropic, gemini];
  const closeFakes = async (): Promise<void> => {
    for (const fake of fakes) await fake.close();
  };
  try {
    const gateway = await startHeadgate({
      config: {
        admin: { token: ADMIN },
        keys: [{ name: 'everything', value: KEY }],
        models: Object.fromEntries(
          Object.entries(targets).map(([name, target]) => [
            name,
            { targets: [target], retries: { attempts: 1 } },
          ]),
        ),
        providers: {
          openai: { ...openaiProvider(openai), formats: { 'openai-chat': '/chat/completions' } },
          responder: {
            ...openaiProvider(openai),
            extends: 'openai',
            formats: { 'openai-responses': '/responses' },
          },
          anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
          gemini: {
            base_url: `${gemini.url}/v1beta`,
            keys: [{ value: 'AIzaFake0123456789' }],
            // Without the path where Google speaks OpenAI's format, which would make translation needless.
            formats: {
              gemini: '/models/{model}:{generateContent|streamGenerateContent?alt=sse}',
              'gemini-count-tokens': '/models/{model}:countTokens',
            },
          },
        },
      },
    });
    return {
      gateway,
      gemini: { name: 'a Gemini upstream', model: 'by-gemini', target: 'gemini-2.5-flash', fake: gemini },
      chat: { name: 'an upstream of chat completions', model: 'by-chat', target: 'gpt-4o', fake: openai },
      responses: { name: 'an upstream of responses', model: 'by-responses', target: 'gpt-4o', fake: openai },
      messages: {
        name: 'an Anthropic upstream',
        model: 'by-messages',
        target: 'claude-sonnet-4-5',
        fake: anthropic,
      },
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
