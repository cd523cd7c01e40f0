import type { CanonicalRequest, Tool } from '@headgate/sdk';
import { freeName, type MetaTools } from '../run/meta-tools.js';
import { functionOf } from '../run/request-with-tools.js';
import { type CallResult, failedCall, told } from '../run/result-parts.js';
import { objectOf, type RunCall } from '../run/run-calls.js';
import type { NamedTool } from '../run/tool-names.js';
import { firstLines, MOST_FOUND, NOTHING_FOUND, readSearch } from './search-words.js';
import type { ToolSearch } from './tool-search.js';

/** `search_tools`: the model asks for tools that the request has not brought, and has them from the next round on. */
export class SearchTools implements MetaTools {
  readonly functions: readonly Tool[];
  private readonly name: string;

  constructor(
    private readonly search: ToolSearch<NamedTool>,
    /** What the request has; grows. */
    private readonly shown: Set<NamedTool>,
    private readonly most: number,
    isTaken: (name: string) => boolean,
  ) {
    this.name = freeName('search_tools', isTaken);
    this.functions = [searchFunction(this.name, 'Those it finds can be called from then on.')];
  }

  has(name: string): boolean {
    return name === this.name;
  }

  async run(call: RunCall): Promise<CallResult> {
    const args = objectOf(call.arguments);
    const asked = typeof args === 'string' ? args : readSearch(args, this.most);
    if (typeof asked === 'string') return failedCall(asked);
    const found = await this.search.find(asked.query, asked.limit);
    for (const tool of found) this.shown.add(tool);
    if (found.length === 0) return told(NOTHING_FOUND);
    return told(found.map(({ name, tool }) => `- ${name}: ${firstLines(tool.description)}`).join('\n'));
  }

  extended(request: CanonicalRequest): CanonicalRequest {
    const known = new Set((request.tools ?? []).map((tool) => (tool.kind === 'function' ? tool.name : '')));
    const more = [...this.shown].filter(({ name }) => !known.has(name));
    return more.length === 0
      ? request
      : { ...request, tools: [...(request.tools ?? []), ...more.map(functionOf)] };
  }
}

export function searchFunction(name: string, more: string): Tool {
  return {
    kind: 'function',
    name,
    description: `Finds tools by what they do. ${more}`,
    parameters: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What the tool is to do, in a few words.' },
        limit: { type: 'integer', minimum: 1, maximum: MOST_FOUND },
      },
      required: ['query'],
    },
  };
}
