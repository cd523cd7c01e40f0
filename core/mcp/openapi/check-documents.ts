import type { LoadedConfig } from '../../config/load.js';
import { formatPath } from '../../config/path.js';
import { ConfigError, type Problem } from '../../config/problem.js';
import { baseOf, textOfFile, wishesOf } from '../hub/api-source.js';
import { apiOf } from './api.js';
import { DocumentProblem } from './document.js';

/**
 * Looks at the OpenAPI documents that are files; those at addresses are looked at when they are needed.
 *
 * @throws ConfigError with every problem found
 */
export async function checkDocuments({ config, file, locator }: LoadedConfig): Promise<void> {
  const problems: Problem[] = [];
  for (const server of config.mcp?.servers.values() ?? []) {
    const { transport } = server;
    if (transport.kind !== 'openapi' || !('file' in transport.document)) continue;
    try {
      const text = await textOfFile(transport.document.file);
      const api = apiOf(text, wishesOf(server, transport));
      baseOf(api.url, transport);
    } catch (error) {
      const why =
        error instanceof DocumentProblem ? `its document, ${error.sentence}` : (error as Error).message;
      const path = ['mcp', 'servers', server.id, 'openapi'];
      const stored = locator.stored?.(path) ?? null;
      const { line, column } = (stored === null ? locator.locate(path, 'value') : null) ?? {
        line: null,
        column: null,
      };
      problems.push({
        path: formatPath(stored?.path ?? path),
        line,
        column,
        message: why,
        ...(stored !== null && { owner: stored.owner }),
      });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems, file);
}
