import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq } from 'yaml';
import type { Position } from './locator.js';
import { formatPath } from './path.js';
import type { Problem } from './problem.js';

/** Deeper than any configuration, shallow enough for every recursion over it. */
export const MAX_DEPTH = 64;

interface NodeProblem {
  problem: Problem;
  /** Nothing further can be read from the file. */
  fatal: boolean;
}

/** What YAML allows but a configuration must not contain: repeated or odd keys, unknown tags and aliases, deep nesting. */
export function checkNodes(document: Document, at: (offset: number) => Position): NodeProblem[] {
  const found: NodeProblem[] = [];
  const add = (
    path: (string | number)[],
    offset: number | undefined,
    message: string,
    fatal = false,
  ): void => {
    const position = offset === undefined ? null : at(offset);
    const problem = {
      path: formatPath(path),
      line: position?.line ?? null,
      column: position?.column ?? null,
      message,
    };
    found.push({ problem, fatal });
  };
  const checkMerge = (value: unknown, path: (string | number)[], offset: number | undefined): void => {
    for (const source of isSeq(value) ? value.items : [value]) {
      const target = isAlias(source) ? source.resolve(document) : source;
      if (target === undefined) add(path, offset, 'alias without an anchor before it', true);
      else if (!isMap(target)) add(path, offset, 'only mappings can be merged', true);
      else if (!isAlias(source)) walk(source, path);
    }
  };
  const walk = (node: unknown, path: (string | number)[]): void => {
    if (!isNode(node)) return;
    const offset = node.range?.[0];
    if (path.length > MAX_DEPTH) {
      add(path.slice(0, 4), offset, `nested more than ${MAX_DEPTH} levels deep`, true);
      return;
    }
    if (isAlias(node)) {
      // Not quoted: it may be a secret that happens to begin with the sign.
      if (node.resolve(document) === undefined) {
        add(path, offset, 'alias without an anchor before it; quote a text that begins with "*"', true);
      }
      return;
    }
    if (node.tag !== undefined && !/^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(node.tag)) {
      add(path, offset, 'YAML tags are not supported; quote a text that begins with "!"');
    }
    if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
    if (!isMap(node)) return;
    const seen = new Map<string, number>();
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const keyOffset = isNode(pair.key) ? pair.key.range?.[0] : undefined;
      if (!isScalar(pair.key) || pair.key.value === null) {
        add(path, keyOffset ?? offset, 'a key must be a plain text', true);
        continue;
      }
      // The library turns a plain << into a symbol; repeating it is allowed.
      if (pair.key.value === '<<' || typeof pair.key.value === 'symbol') {
        checkMerge(pair.value, [...path, '<<'], keyOffset);
        continue;
      }
      const name = String(pair.key.value);
      const inside = [...path, name];
      const first = seen.get(name);
      if (name === '__proto__') add(inside, keyOffset, 'this key is not allowed', true);
      else if (first !== undefined) {
        add(inside, keyOffset, `repeated key, given first on line ${at(first).line}`);
      } else seen.set(name, keyOffset ?? 0);
      walk(pair.value, inside);
    }
  };
  walk(document.contents, []);
  return found;
}
