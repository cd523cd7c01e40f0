/** Where the two sources keep a provider's prices; null or empty when a source has none. */
export interface SourceIds {
  readonly genai: string | null;
  readonly litellm: readonly string[];
}

const SOURCES: Readonly<Record<string, SourceIds>> = {
  ai21: { genai: null, litellm: ['ai21'] },
  azure: { genai: 'azure', litellm: ['azure', 'azure_ai'] },
  bedrock: { genai: 'aws', litellm: ['bedrock'] },
  dashscope: { genai: null, litellm: ['dashscope'] },
  fireworks: { genai: 'fireworks', litellm: ['fireworks_ai'] },
  gemini: { genai: 'google', litellm: ['gemini'] },
  'fireworks-ai': { genai: 'fireworks', litellm: ['fireworks_ai'] },
  'github-copilot': { genai: 'github-copilot', litellm: ['github_copilot'] },
  google: { genai: 'google', litellm: ['gemini'] },
  mistral: { genai: 'mistral', litellm: ['mistral', 'codestral'] },
  moonshot: { genai: 'moonshotai', litellm: ['moonshot'] },
  nvidia: { genai: null, litellm: ['nvidia_nim'] },
  // Not underlined there, as the others are.
  'scx-ai': { genai: null, litellm: ['scx-ai'] },
  qwen: { genai: null, litellm: ['dashscope'] },
  together: { genai: 'together', litellm: ['together_ai'] },
  vercel: { genai: null, litellm: ['vercel_ai_gateway'] },
  'together-ai': { genai: 'together', litellm: ['together_ai'] },
  vertex: { genai: 'google', litellm: ['vertex_ai', 'gemini'] },
  'vertex-ai': { genai: 'google', litellm: ['vertex_ai', 'gemini'] },
  voyage: { genai: 'voyageai', litellm: ['voyage'] },
  xai: { genai: 'x-ai', litellm: ['xai'] },
};

/** Our provider id in the words of the sources. An id not listed is looked up under its own name. */
export function sourceIds(provider: string): SourceIds {
  const dashed = provider.replaceAll('_', '-');
  const listed = Object.hasOwn(SOURCES, dashed) ? SOURCES[dashed] : undefined;
  return listed ?? { genai: provider, litellm: [provider.replaceAll('-', '_')] };
}
