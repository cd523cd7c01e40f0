import type { Exchange } from '../../exchange.js';
import type { VirtualKey } from '../../identity/virtual-key.js';
import type { NamedTool } from '../run/tool-names.js';
import type { ToolCatalog } from '../tool-catalog.js';
import { ToolSearch } from './tool-search.js';
import { ToolVectors } from './tool-vectors.js';
import { WordIndex } from './word-index.js';

/** A search among these tools, for one request. */
export async function openSearch(
  x: Exchange,
  catalog: ToolCatalog,
  tools: readonly NamedTool[],
  embeddingModel: string | null,
): Promise<ToolSearch<NamedTool>> {
  const user = { principal: x.principal as VirtualKey, metadata: x.metadata, headers: x.incoming.headers };
  const indexes = new Map<string, WordIndex>();
  for (const { server, guest } of tools) {
    if (indexes.has(server.id)) continue;
    // What the request has brought along is in no list but its own.
    const index =
      guest === undefined
        ? await catalog.words(user, server)
        : new WordIndex(tools.filter((one) => one.server === server).map(({ tool }) => tool));
    if (index !== null) indexes.set(server.id, index);
  }
  const vectors = embeddingModel === null ? null : new ToolVectors(x, embeddingModel);
  return new ToolSearch(tools, indexes, vectors);
}
