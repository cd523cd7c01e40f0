import type { JsonObject } from '@headgate/sdk';
import { firstLines, NOTHING_FOUND, readSearch } from '../select/search-words.js';
import type { ToolSearch } from '../select/tool-search.js';
import type { ProgramEnd } from './program.js';
import type { PlacedTool, ProgramTools } from './program-tools.js';

/** The three tools that stand for all others, by what they do. */
export type CodeTool = 'search' | 'describe' | 'run';

export const CODE_TOOLS: Readonly<Record<CodeTool, string>> = {
  search: 'search_tools',
  describe: 'describe_tools',
  run: 'run_program',
};

/** How many tools are told by name at once; of more, only how many there are. */
const MOST_NAMED = 60;
const MOST_DESCRIBED = 20;
const LONGEST_PROGRAM = 256 * 1024;

/** A tool of these as a model and a client are told of it. */
export interface CodeToolText {
  readonly description: string;
  readonly inputSchema: JsonObject;
}

/** @param names what the three are called here */
export function codeToolText(
  which: CodeTool,
  tools: ProgramTools<PlacedTool>,
  names: Readonly<Record<CodeTool, string>>,
): CodeToolText {
  switch (which) {
    case 'search':
      return {
        description: `Finds functions that programs for ${names.run} can call, by what they do. ${overview(tools)}`,
        inputSchema: object(
          {
            query: { type: 'string', description: 'What the function is to do, in a few words.' },
            limit: { type: 'integer', minimum: 1, maximum: 20 },
          },
          ['query'],
        ),
      };
    case 'describe':
      return {
        description:
          'Gives the TypeScript signatures of functions, with what they say of themselves. Read them before you call a function.',
        inputSchema: object(
          {
            names: {
              type: 'array',
              items: { type: 'string' },
              maxItems: MOST_DESCRIBED,
              description: 'Such as ["files.read_text_file"].',
            },
          },
          ['names'],
        ),
      };
    case 'run':
      return {
        description:
          'Runs a program in JavaScript, without network, files or timers; all it can do is call the functions (`await files.read_text_file({ path })`), ' +
          'at once too (`Promise.all`). It is the body of an async function: what it returns (JSON or text) is all that you are told, so return only what you ' +
          'need. console.log is told too. A call that fails throws. Do as much as you can in one program.',
        inputSchema: object({ code: { type: 'string', description: 'JavaScript.' } }, ['code']),
      };
  }
}

function object(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required: [...required] };
}

function overview({ functions }: ProgramTools<PlacedTool>): string {
  const byObject = new Map<string, string[]>();
  for (const { object, name } of functions) byObject.set(object, [...(byObject.get(object) ?? []), name]);
  const lines = [...byObject].map(([object, names]) =>
    functions.length > MOST_NAMED
      ? `${object} (${names.length} functions)`
      : `${object}: ${names.join(', ')}`,
  );
  return `There are: ${lines.join('; ')}.`;
}

/** What a model is told of a call of one of them. */
export interface CodeAnswer {
  readonly text: string;
  readonly failed: boolean;
}

export const failure = (text: string): CodeAnswer => ({ text, failed: true });

/** The signatures asked for. */
export function describe({ names }: JsonObject, tools: ProgramTools<PlacedTool>): CodeAnswer {
  if (
    !Array.isArray(names) ||
    names.length === 0 ||
    names.length > MOST_DESCRIBED ||
    names.some((one) => typeof one !== 'string')
  )
    return failure(`The argument "names" must be a list of 1 to ${MOST_DESCRIBED} texts.`);
  const said = (names as string[]).map((name) => {
    const found = tools.find(name);
    return found === null
      ? `// There is no function ${JSON.stringify(name.slice(0, 100))}.`
      : tools.declaration(found);
  });
  return { text: said.join('\n\n'), failed: false };
}

/** What was asked for by a search: the best first, each in a line. */
export async function find<T extends PlacedTool>(
  args: JsonObject,
  tools: ProgramTools<T>,
  search: ToolSearch<T>,
  most: number,
): Promise<CodeAnswer> {
  const asked = readSearch(args, most);
  if (typeof asked === 'string') return failure(asked);
  const found = await search.find(asked.query, asked.limit);
  if (found.length === 0) return { text: NOTHING_FOUND, failed: false };
  const byTool = new Map(tools.functions.map((one) => [one.of, one]));
  const lines = found.flatMap((tool) => {
    const one = byTool.get(tool);
    return one === undefined ? [] : [`${tools.summary(one)}: ${firstLines(tool.tool.description)}`];
  });
  return { text: lines.join('\n'), failed: false };
}

/** The program asked for, or what is wrong with it. */
export function programOf({ code }: JsonObject): { readonly source: string } | CodeAnswer {
  if (typeof code !== 'string' || code.trim() === '')
    return failure('The argument "code" must be a program.');
  if (code.length > LONGEST_PROGRAM)
    return failure(`The program is longer than ${LONGEST_PROGRAM} characters.`);
  return { source: code };
}

export function endText({ result, length, error, console: said }: ProgramEnd): CodeAnswer {
  const cut =
    length > result.length ? `\n[${length - result.length} more characters of ${length} are cut off.]` : '';
  const console = said === '' ? '' : `\n\nIts console:\n${said}`;
  if (error !== null) return failure(`${error}${console}`);
  return { text: `${result === '' ? 'It returned nothing.' : result}${cut}${console}`, failed: false };
}
