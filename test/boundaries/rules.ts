import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { readSource } from './read-source.js';

export const MAX_LINES = 400;
/** Folders the rules hold for; `bin` may import everything, but not the packages that have one owner. */
export const ROOTS = ['sdk-plugin', 'core', 'plugins', 'workers', 'ui', 'bin'] as const;

/** Packages that one place alone may import: a folder ends in a slash. */
const owners: Record<string, string> = {
  'uWebSockets.js': 'core/http/',
  undici: 'core/upstream/',
  ws: 'core/upstream/',
  libsql: 'core/store/',
  pg: 'core/store/',
  kysely: 'core/store/',
  ioredis: 'core/store/',
  piscina: 'workers/pool.ts',
  kafkajs: 'plugins/sinks/kafka.ts',
  nats: 'plugins/sinks/nats.ts',
  '@modelcontextprotocol/client': 'core/mcp/hub/',
  '@modelcontextprotocol/server': 'core/mcp/front/',
};
const drawers = /^(utils?|helpers?|misc)(\.|$)/i;

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Files that list the parts of their folder import them all; the rule is for the parts. */
const partOf = (folder: string, path: string): string | null => {
  if (!path.startsWith(folder)) return null;
  const rest = path.slice(folder.length).split('/');
  return rest.length > 1 ? (rest[0] ?? null) : null;
};

function judgeFile(path: string, specifier: string): string | null {
  const target = posix.join(posix.dirname(path), specifier);
  const [root = ''] = path.split('/');
  const [targetRoot = ''] = target.split('/');
  if (root !== 'bin' && root !== targetRoot) return `imports ${target}, which lies outside ${root}/`;
  if (root === 'sdk-plugin' && path.startsWith('sdk-plugin/src/') && !target.startsWith('sdk-plugin/src/')) {
    return `imports ${target}, which is not published`;
  }
  if (path.startsWith('core/stages/') && target.startsWith('core/stages/'))
    return `is a stage and imports the stage ${target}`;
  const format = partOf('plugins/formats/', path);
  const other = partOf('plugins/formats/', target);
  if (format !== null && other !== null && other !== format && other !== 'shared') {
    return `is part of the format ${format} and imports the format ${other}`;
  }
  return null;
}

function judgePackage(path: string, specifier: string): string | null {
  const [root = ''] = path.split('/');
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier} without "node:"`;
    return root === 'sdk-plugin' ? `imports ${specifier}: the SDK may import zod and nothing else` : null;
  }
  const name = packageOf(specifier);
  if (root === 'sdk-plugin')
    return name === 'zod' ? null : `imports ${name}: the SDK may import zod and nothing else`;
  if (name === 'headgate' || (name.startsWith('@headgate/') && specifier !== '@headgate/sdk')) {
    return root === 'bin'
      ? null
      : `imports ${specifier}: of ours it may import @headgate/sdk and nothing else`;
  }
  const owner = owners[name];
  if (owner === undefined || path === owner || (owner.endsWith('/') && path.startsWith(owner))) return null;
  return `imports ${name}, which only ${owner} may`;
}

/** What is wrong with one file; `path` is relative to the checkout, with forward slashes. */
export function violations(path: string, source: string): string[] {
  const found: string[] = [];
  if (path.split('/').some((part) => drawers.test(part)))
    found.push('has a name that says nothing about what is in it');
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  if (lines > MAX_LINES) found.push(`has ${lines} lines, more than ${MAX_LINES}`);
  if (/@ts-(ignore|nocheck)\b/.test(source)) found.push('switches the type checker off');
  const facts = readSource(source, path);
  if (facts.anys > 0) found.push(`uses the type any (${facts.anys}×)`);
  for (const specifier of facts.imports) {
    const wrong = specifier.startsWith('.') ? judgeFile(path, specifier) : judgePackage(path, specifier);
    if (wrong !== null) found.push(wrong);
  }
  return found.map((what) => `${path} ${what}`);
}
