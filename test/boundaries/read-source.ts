import { parseAst } from 'vitest/node';

interface SourceFacts {
  /** Literal specifiers of every static, dynamic, type-only and required import, re-export and `new URL('./x', import.meta.url)`. */
  imports: string[];
  /** Uses of the type `any`. */
  anys: number;
}

type Node = Record<string, unknown> & { type: string };
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Where each kind of node keeps its specifier. */
const specifierIn: Record<string, string> = {
  ImportDeclaration: 'source',
  ExportNamedDeclaration: 'source',
  ExportAllDeclaration: 'source',
  ImportExpression: 'source',
  TSImportType: 'source',
  TSExternalModuleReference: 'expression',
};

function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type === 'TSLiteralType') return textOf(node['literal']);
  return undefined;
}

const named = (node: unknown, name: string): boolean =>
  isNode(node) && node.type === 'Identifier' && node['name'] === name;
const isMetaUrl = (node: unknown): boolean =>
  isNode(node) &&
  node.type === 'MemberExpression' &&
  isNode(node['object']) &&
  node['object'].type === 'MetaProperty';

/** Reads a TypeScript file with a real parser: comments and strings that look like imports are none. */
export function readSource(source: string, path: string): SourceFacts {
  const facts: SourceFacts = { imports: [], anys: 0 };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each);
    if (!isNode(value)) return;
    if (value.type === 'TSAnyKeyword') facts.anys += 1;
    const field = specifierIn[value.type];
    if (field !== undefined && value[field] !== null && value[field] !== undefined) {
      const specifier = textOf(value[field]);
      if (specifier !== undefined) facts.imports.push(specifier);
    }
    const [first, second] = Array.isArray(value['arguments']) ? value['arguments'] : [];
    const required = value.type === 'CallExpression' && named(value['callee'], 'require');
    const located = value.type === 'NewExpression' && named(value['callee'], 'URL') && isMetaUrl(second);
    const specifier = required || located ? textOf(first) : undefined;
    if (specifier !== undefined && (required || /\.[cm]?[jt]s$/.test(specifier)))
      facts.imports.push(specifier);
    for (const child of Object.values(value)) visit(child);
  };
  visit(parseAst(source, { lang: path.endsWith('x') ? 'tsx' : 'ts' }, path));
  return facts;
}
