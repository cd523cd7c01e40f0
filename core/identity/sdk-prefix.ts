/** Of SDKs that want a base of their own; rules of endpoints are about what follows it. */
export const SDK_PREFIX = /^\/(openai|anthropic|genai|bedrock|cohere|ollama)(?=\/)/;
