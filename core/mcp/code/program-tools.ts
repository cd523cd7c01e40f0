import type { ToolDefinition } from '../protocol.js';
import { commentText, typeText } from './type-text.js';

/** A tool and whose it is. */
export interface PlacedTool {
  readonly server: { readonly id: string };
  readonly tool: ToolDefinition;
}

/** Words that no object can be called, and objects of the language itself. */
const TAKEN = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in ' +
    'instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void ' +
    'while with yield async of console globalThis'
  ).split(' '),
);

/** A tool as programs call it: `files.read_text_file`. */
export interface ProgramFunction<T extends PlacedTool> {
  readonly object: string;
  readonly name: string;
  readonly of: T;
}

/** The tools that programs can call, by names that are the same as long as the tools are. */
export class ProgramTools<T extends PlacedTool> {
  readonly functions: readonly ProgramFunction<T>[];

  constructor(tools: readonly T[]) {
    const objects = new Map<string, string>();
    const taken = new Set<string>();
    this.functions = tools.map((of) => {
      let object = objects.get(of.server.id);
      if (object === undefined) {
        object = free(
          identifier(of.server.id),
          (name) => TAKEN.has(name) || [...objects.values()].includes(name),
        );
        objects.set(of.server.id, object);
      }
      const name = free(identifier(of.tool.name), (one) => taken.has(`${object}.${one}`));
      taken.add(`${object}.${name}`);
      return { object, name, of };
    });
  }

  /** By the name in programs, or by that of the tool; null where there is none. */
  find(name: string): ProgramFunction<T> | null {
    const asked = name.trim().replace(/\(.*$/s, '');
    return (
      this.functions.find(({ object, name: own }) => `${object}.${own}` === asked) ??
      this.functions.find(
        ({ of }) =>
          `${of.server.id}__${of.tool.name}` === asked || `${of.server.id}/${of.tool.name}` === asked,
      ) ??
      this.functions.find(({ name: own }) => own === asked) ??
      null
    );
  }

  /** What a program may rely on, in TypeScript. */
  declaration({ object, name, of: { tool } }: ProgramFunction<T>): string {
    const { description, title, inputSchema, outputSchema, returns } = tool;
    const type = typeText(inputSchema);
    const needs = Array.isArray(inputSchema['required']) && inputSchema['required'].length > 0;
    const result = outputSchema ?? returns;
    const gives = result === null ? 'string' : typeText(result);
    const comment = commentText(description === '' ? title : description, '');
    return `${comment}${object}.${name}(args${needs ? '' : '?'}: ${type}): Promise<${gives}>`;
  }

  /** In one line. */
  summary({ object, name, of: { tool } }: ProgramFunction<T>): string {
    return `${object}.${name}(${Object.keys((tool.inputSchema['properties'] ?? {}) as object).join(', ')})`;
  }
}

function identifier(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_$]+/g, '_');
  return /^[0-9]/.test(plain) || plain === '' ? `_${plain}` : plain;
}

function free(name: string, isTaken: (name: string) => boolean): string {
  let one = name;
  for (let n = 2; isTaken(one); n++) one = `${name}_${n}`;
  return one;
}
