import { type HeaderList, headerOf } from '@headgate/sdk';

/** A provider's API as clients know it. */
export type ClientApi = 'openai' | 'anthropic' | 'gemini' | 'bedrock' | 'cohere' | 'ollama';

/** The wire format that an API's errors are written in. */
export const CHAT_FORMAT: Readonly<Record<ClientApi, string>> = {
  openai: 'openai-chat',
  anthropic: 'anthropic-messages',
  gemini: 'gemini',
  bedrock: 'bedrock-converse',
  cohere: 'cohere-chat',
  ollama: 'ollama-chat',
};

/** Beginnings of paths that belong to one API alone. */
const BEGINNINGS: readonly (readonly [string, ClientApi])[] = [
  ['/openai/', 'openai'],
  ['/anthropic/', 'anthropic'],
  ['/v1/messages', 'anthropic'],
  ['/genai/', 'gemini'],
  ['/v1alpha/', 'gemini'],
  ['/v1beta/', 'gemini'],
  ['/v1beta1/', 'gemini'],
  ['/bedrock/', 'bedrock'],
  ['/model/', 'bedrock'],
  ['/cohere/', 'cohere'],
  ['/v2/', 'cohere'],
  ['/ollama/', 'ollama'],
  ['/api/chat', 'ollama'],
  ['/api/generate', 'ollama'],
  ['/api/tags', 'ollama'],
  ['/api/show', 'ollama'],
];

/** Vertex AI's. OpenAI has `/v1/projects/…` of its own. */
const VERTEX = /^\/v1\/projects\/[^/]+\/locations\//;

/** The API that a path belongs to; where several share it, the one that the client's headers speak. */
export function clientApi(path: string, headers: HeaderList): ClientApi {
  for (const [beginning, api] of BEGINNINGS) if (path.startsWith(beginning)) return api;
  if (VERTEX.test(path)) return 'gemini';
  // Anthropic's SDKs send this header with every request, Google's the next, Cohere's the last; OpenAI's have none.
  if ((headerOf(headers, 'anthropic-version') ?? '') !== '') return 'anthropic';
  if (headerOf(headers, 'x-goog-api-key') !== undefined) return 'gemini';
  // `cohere-ai` in JavaScript, `cohere` in Python and Java, `github.com/cohere-ai/cohere-go` in Go.
  if (headerOf(headers, 'x-fern-sdk-name')?.includes('cohere') === true) return 'cohere';
  return 'openai';
}
