import { KEY } from '../e2e/beside-openai.js';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startAnthropic } from '../fakes/anthropic.js';
import { startBedrock } from '../fakes/bedrock.js';
import { startCohere } from '../fakes/cohere.js';
import { startGemini } from '../fakes/gemini.js';
import { startOllama } from '../fakes/ollama.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';

/** What stands behind each public model, which is named for the one chat format spoken there. */
const targets = {
  'openai-chat': 'openai/gpt-4o',
  'openai-responses': 'responder/gpt-4o',
  'anthropic-messages': 'anthropic/claude-sonnet-4-5',
  gemini: 'gemini/gemini-2.5-flash',
  'bedrock-converse': 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'cohere-chat': 'cohere/command-a-03-2025',
  'ollama-chat': 'ollama/llama3.2',
} as const;

export type Format = keyof typeof targets;
export const everyFormat = Object.keys(targets) as Format[];

/** An upstream that speaks one format; `model` is the public name that leads there. */
export interface Upstream {
  format: Format;
  model: string;
  fake: FakeProvider;
}

interface EveryFormat {
  gateway: Headgate;
  upstreams(...formats: Format[]): Upstream[];
  reset(): void;
  close(): Promise<void>;
}

/** A gateway before fakes of six providers, which speak seven formats: one format to each model, asked once. */
export async function startEveryFormat(): Promise<EveryFormat> {
  const openai = await startOpenAi({ strict: true });
  const fakes: Record<Format, FakeProvider> = {
    'openai-chat': openai,
    'openai-responses': openai,
    'anthropic-messages': await startAnthropic({ strict: true }),
    gemini: await startGemini(),
    'bedrock-converse': await startBedrock(),
    'cohere-chat': await startCohere(),
    'ollama-chat': await startOllama(),
  };
  const started = new Set(Object.values(fakes));
  const closeFakes = async (): Promise<void> => {
    for (const fake of started) await fake.close();
  };
  const at = (format: Format, path = ''): string => `${fakes[format].url}${path}`;
  const models = Object.entries(targets).map(([format, target]) => [
    // Google's libraries ask the name of a model what it can do.
    [format, { targets: [target], retries: { attempts: 1 } }],
    [`gemini-2.5-${format}`, { targets: [target], retries: { attempts: 1 } }],
  ]);
  try {
    const gateway = await startHeadgate({
      config: {
        keys: [{ name: 'everything', value: KEY }],
        models: Object.fromEntries(models.flat()),
        providers: {
          openai: { ...openaiProvider(openai), formats: { 'openai-chat': '/chat/completions' } },
          responder: {
            ...openaiProvider(openai),
            extends: 'openai',
            formats: { 'openai-responses': '/responses' },
          },
          anthropic: { base_url: at('anthropic-messages'), keys: [{ value: 'sk-ant-fake-0123456789' }] },
          gemini: {
            base_url: at('gemini', '/v1beta'),
            keys: [{ value: 'AIzaFake0123456789' }],
            formats: { gemini: '/models/{model}:{generateContent|streamGenerateContent?alt=sse}' },
          },
          bedrock: {
            base_url: at('bedrock-converse'),
            keys: [{ value: 'bedrock-api-key-fake-0123456789' }],
            formats: { 'bedrock-converse': '/model/{model}/{converse|converse-stream}' },
          },
          cohere: {
            base_url: at('cohere-chat'),
            keys: [{ value: 'co-fake-0123456789' }],
            formats: { 'cohere-chat': '/v2/chat' },
          },
          ollama: { base_url: at('ollama-chat'), formats: { 'ollama-chat': '/api/chat' } },
        },
      },
    });
    return {
      gateway,
      upstreams: (...formats) => formats.map((format) => ({ format, model: format, fake: fakes[format] })),
      reset: () => started.forEach((fake) => void fake.reset()),
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
