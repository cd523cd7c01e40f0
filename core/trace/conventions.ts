/**
 * Words of OpenTelemetry's conventions for generative AI, 1.41, where they are others than ours:
 * https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-spans.md.
 */

const OPERATIONS: Readonly<Record<string, string>> = {
  embedding: 'embeddings',
  tool: 'execute_tool',
  run: 'invoke_agent',
};

const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  'azure-ai': 'azure.ai.inference',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  'vertex-ai': 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  watsonx: 'ibm.watsonx.ai',
  moonshot: 'moonshot_ai',
};

/** `gen_ai.operation.name`. */
export function operationName(operation: string, format: string): string {
  return format === 'openai-completions' ? 'text_completion' : (OPERATIONS[operation] ?? operation);
}

/** `gen_ai.provider.name`: the registry's word where it has one, else the provider's id here. */
export function providerName(provider: string): string {
  return Object.hasOwn(PROVIDERS, provider) ? (PROVIDERS[provider] as string) : provider;
}
