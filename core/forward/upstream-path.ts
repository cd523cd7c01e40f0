import { adapterOf } from '../adapt/adapter-of.js';
import type { ClientApi } from '../http/client-api.js';
import type { Provider } from '../route/provider.js';
import type { ForwardPath } from './forward-path.js';
import { withoutVersion } from './operation.js';

/**
 * Formats by which a provider shows that it speaks an API, and what stands behind its root in their paths. Where the
 * client's tail has the version, so has the end.
 */
const ENDS: Readonly<Record<ClientApi, readonly (readonly [format: string, end: string])[]>> = {
  openai: [
    ['openai-chat', '/chat/completions'],
    ['openai-responses', '/responses'],
    ['openai-embeddings', '/embeddings'],
    ['voyage-embeddings', '/embeddings'],
    ['jina-embeddings', '/embeddings'],
    ['openai-completions', '/completions'],
  ],
  anthropic: [['anthropic-messages', '/messages']],
  gemini: [
    ['gemini', '/v1beta/models/'],
    ['gemini', '/v1/models/'],
  ],
  bedrock: [['bedrock-converse', '/model/']],
  cohere: [['cohere-chat', '/v2/chat']],
  ollama: [
    ['ollama-chat', '/api/chat'],
    ['ollama-generate', '/api/generate'],
  ],
};

/** Path and query of a request at a provider; null when the provider does not speak that API. */
export function upstreamPath(
  provider: Provider,
  path: ForwardPath,
  model: string,
  query: string,
): string | null {
  const found =
    path.api === null ? passthrough(provider, path.tail) : atApi(provider, path.api, path.tail, model);
  if (found === null || query === '') return found;
  return `${found}${found.includes('?') ? '&' : '?'}${query}`;
}

/** Whether the provider serves such paths of the API at all. */
export function speaksApi(provider: Provider, path: ForwardPath): boolean {
  return adapterOf(provider, path) !== null || upstreamPath(provider, path, 'model', '') !== null;
}

function passthrough({ basePath }: Provider, tail: string): string {
  return basePath === '' || tail === basePath || tail.startsWith(`${basePath}/`) ? tail : basePath + tail;
}

function atApi(provider: Provider, api: ClientApi, tail: string, model: string): string | null {
  const name = withoutVersion(tail);
  const root = rootOf(provider, api, model);
  // There the client's path has the version that it wants.
  if (root !== null && api === 'cohere') return root.before + tail;
  const own = provider.otherPaths.get(name);
  if (own !== undefined) return own;
  if (root !== null) return root.before + tail + root.after;
  // Reranking came from Cohere, and providers of OpenAI's API took it over without the rest.
  const openai = api === 'cohere' ? rootOf(provider, 'openai', model) : null;
  return openai === null ? null : `${openai.before}/${name}${openai.after}`;
}

/** What stands before and behind the tail: an address below the provider's, and a query that all of its paths have. */
function rootOf(provider: Provider, api: ClientApi, model: string): { before: string; after: string } | null {
  for (const [format, end] of ENDS[api]) {
    const [template = '', query] = provider.paths.get(format)?.split('?') ?? [];
    const at = end.endsWith('/')
      ? template.indexOf(end)
      : template.endsWith(end)
        ? template.length - end.length
        : -1;
    if (at < 0) continue;
    const before = template.slice(0, at);
    if (before.includes('{model}') && model === '') continue;
    return {
      before: before.replaceAll('{model}', encodeURIComponent(model)),
      // Where a model stands in the path, the query belongs to what is asked of it.
      after: query === undefined || end.endsWith('/') ? '' : `?${query}`,
    };
  }
  return null;
}
