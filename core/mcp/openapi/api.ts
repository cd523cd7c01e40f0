import type { JsonObject } from '@headgate/sdk';
import { isObject } from '../json-object.js';
import { type ApiTool, type ApiWishes, operationsOf } from './operation.js';
import { readDocument } from './read-document.js';

/** An API as its document describes it. */
export interface Api {
  readonly title: string;
  readonly version: string;
  /** Where it is, as the document says; null when that is nothing that can be used. A path is of the document's own place. */
  readonly url: string | null;
  /** By name. */
  readonly tools: ReadonlyMap<string, ApiTool>;
}

/** Reads a document. Throws DocumentProblem. */
export function apiOf(text: string, wishes: ApiWishes): Api {
  const document = readDocument(text);
  const { info, servers } = document.root;
  const { title, version } = isObject(info) ? info : ({} as JsonObject);
  const tools = operationsOf(document, wishes);
  return {
    title: typeof title === 'string' ? title : '',
    version: typeof version === 'string' ? version : '',
    url: firstServer(servers),
    tools: new Map(tools.map((tool) => [tool.item.name, tool])),
  };
}

function firstServer(servers: unknown): string | null {
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (!isObject(first) || typeof first['url'] !== 'string') return null;
  const { url, variables } = first as { url: string; variables?: unknown };
  return url.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = isObject(variables) ? variables[name] : undefined;
    return isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : whole;
  });
}
