import type { Plugin } from '@headgate/sdk';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { startVectorServers } from '../fakes/vector-servers.js';
import { type Embedded, embed } from '../gateway/embedded.js';

export interface TaskSetup {
  readonly gateway: Embedded;
  readonly url: string;
  readonly openai: FakeProvider;
  readonly vectors: FakeProvider;
  reset(): void;
  close(): Promise<void>;
}

const keys = [{ value: 'fake-key-0123456789' }];

/** A gateway in the process before every provider that has embeddings or reranking in words of its own. */
export async function startTasks(
  more: Record<string, unknown> = {},
  plugins: Plugin[] = [],
): Promise<TaskSetup> {
  const [openai, vectors] = await Promise.all([startOpenAi(), startVectorServers()]);
  const { url } = vectors;
  const gateway = await embed({
    config: {
      providers: {
        openai: { base_url: `${openai.url}/v1`, keys },
        cohere: { base_url: url, keys },
        gemini: { base_url: url, keys },
        // Vertex AI's form with a key in place of a token.
        vertex: {
          extends: 'gemini',
          base_url: url,
          keys,
          formats: { 'vertex-embeddings': '/v1/models/{model}:predict' },
        },
        ollama: { base_url: url },
        bedrock: { base_url: url, keys },
        voyage: { base_url: `${url}/voyage`, keys },
        jina_ai: { base_url: `${url}/jina`, keys },
        tei: { base_url: `${url}/tei` },
      },
      ...more,
    },
    plugins,
  });
  const origin = await gateway.listen();
  return {
    gateway,
    url: origin,
    openai,
    vectors,
    reset() {
      openai.reset();
      vectors.reset();
    },
    async close() {
      await gateway.close();
      await Promise.all([openai.close(), vectors.close()]);
    },
  };
}
