import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Locator, NOWHERE, type Position } from './locator.js';
import type { Path } from './path.js';
import type { Problem } from './problem.js';
import { checkNodes } from './yaml-nodes.js';

export interface YamlFile extends Locator {
  /** Plain data; undefined when there are problems that leave nothing to look at. */
  data: unknown;
  problems: Problem[];
}

/** The library's own messages quote the source, which may hold secrets, or speak to programmers. */
function messageOf(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'more than one YAML document in the file; keep only one';
  if (code === 'RESOURCE_EXHAUSTION') return 'nested too deeply';
  if (code === 'TAB_AS_INDENT') return 'tabs cannot indent YAML; use spaces';
  return `not valid YAML: ${message.replace(/:\s.*$/s, '')}`;
}

/** Parses YAML 1.2 with anchors and merge keys, keeping positions. Never throws. */
export function parseYamlFile(text: string): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const failed = (message: string, offset: number | null): YamlFile => {
    const position = offset === null ? null : at(offset);
    const problem = { path: '', line: position?.line ?? null, column: position?.column ?? null, message };
    return { data: undefined, problems: [problem], locate: NOWHERE.locate };
  };
  try {
    // uniqueKeys is off because checkNodes reports repeated keys with their paths.
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      merge: true,
      schema: 'core',
      logLevel: 'error',
    });
    const syntax = document.errors.map((error): Problem => {
      return { path: '', ...at(error.pos[0]), message: messageOf(error.code, error.message) };
    });
    if (syntax.length > 0) return { data: undefined, problems: syntax, locate: NOWHERE.locate };
    const problems = checkNodes(document, at);
    if (problems.some((problem) => problem.fatal)) {
      return {
        data: undefined,
        problems: problems.map((problem) => problem.problem),
        locate: NOWHERE.locate,
      };
    }
    const locate = (path: Path, of: 'key' | 'value') => locateIn(document, path, of, at);
    const data: unknown = document.toJS({ maxAliasCount: 100 });
    return { data, problems: problems.map((problem) => problem.problem), locate };
  } catch (error) {
    if (error instanceof ReferenceError) return failed('too many aliases; this looks like an attack', null);
    if (error instanceof RangeError) return failed('nested too deeply', null);
    // The library has plain errors for a few rare constructs; their text is not ours to show.
    return failed('not valid YAML', null);
  }
}

function locateIn(
  document: Document,
  path: Path,
  of: 'key' | 'value',
  at: (offset: number) => Position,
): Position | null {
  if (path.length === 0) return null;
  let node: unknown = document.contents;
  let key: Node | null = null;
  for (const [depth, part] of path.entries()) {
    const inside = resolved(node, document);
    let found: { key: Node | null; value: unknown } | undefined;
    if (isMap(inside)) {
      const pair = inside.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair !== undefined) found = { key: isNode(pair.key) ? pair.key : null, value: pair.value };
    } else if (isSeq(inside) && typeof part === 'number') {
      const item = inside.items[part];
      if (item !== undefined) found = { key: isNode(item) ? item : null, value: item };
    }
    if (found === undefined) {
      // Not in the file: point at what should contain it, by its name.
      const around = depth === 0 ? null : key;
      return around?.range ? at(around.range[0]) : null;
    }
    key = found.key;
    node = found.value;
  }
  const wanted = of === 'value' && isNode(node) ? node : key;
  const range = wanted?.range ?? key?.range;
  return range ? at(range[0]) : null;
}

function resolved(node: unknown, document: Document): unknown {
  return isNode(node) && 'resolve' in node ? (node.resolve as (d: Document) => unknown)(document) : node;
}
