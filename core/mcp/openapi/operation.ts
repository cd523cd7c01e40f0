import type { JsonObject } from '@headgate/sdk';
import type { Path } from '../../config/path.js';
import { isObject } from '../json-object.js';
import { RETURNS } from '../returns-field.js';
import type { ApiDocument, Part } from './document.js';
import { type BodyForm, bodyOf } from './operation-body.js';
import { type IsGiven, type Parameter, parametersOf } from './parameters.js';
import { returnsOf } from './returns.js';
import { SchemaWriter } from './schema.js';

/** What is made of operations; OPTIONS and TRACE are about the connection. */
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head'] as const;
export type Method = (typeof METHODS)[number];

/** Models and clients take no longer ones everywhere. */
const LONGEST_NAME = 64;
const LONGEST_TEXT = 4000;

/** An operation of the document as a tool. */
export interface ApiTool {
  /** As servers of the protocol list it. */
  readonly item: JsonObject & { readonly name: string };
  readonly method: Method;
  /** With `{name}` where parameters go. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Null: it takes none. */
  readonly body: BodyForm | null;
}

/** What is wanted of a document. */
export interface ApiWishes {
  /** Names of operations that are wanted; what is not is not looked at any further. */
  readonly isOffered: (name: string) => boolean;
  readonly isGiven: IsGiven;
}

/**
 * The operations of a document as tools, in its order.
 *
 * @throws DocumentProblem
 */
export function operationsOf(document: ApiDocument, { isOffered, isGiven }: ApiWishes): ApiTool[] {
  const { paths = {} } = document.root;
  if (!isObject(paths)) throw document.problem(['paths'], 'expected paths and what they do');
  const tools: ApiTool[] = [];
  const names = new OperationNames(document);
  for (const [path, node] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue;
    const at = ['paths', path];
    if (!path.startsWith('/')) throw document.problem(at, 'a path begins with "/"');
    const item = document.object(node, at, 'what the path does');
    for (const method of METHODS) {
      const operation = item.value[method];
      if (operation === undefined) continue;
      const place = [...item.path, method];
      if (!isObject(operation)) throw document.problem(place, 'expected an operation');
      const name = names.of(operation, method, path, place);
      if (isOffered(name))
        tools.push(toolOf(document, { name, method, path, item, operation, place, isGiven }));
    }
  }
  return tools;
}

interface Found {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly item: Part;
  readonly operation: JsonObject;
  readonly place: Path;
  readonly isGiven: IsGiven;
}

function toolOf(
  document: ApiDocument,
  { name, method, path, item, operation, place, isGiven }: Found,
): ApiTool {
  const body = bodyOf(document, operation['requestBody'], [...place, 'requestBody']);
  const how = { hasBody: body !== null, isGiven };
  const parameters = parametersOf(document, path, item, { value: operation, path: place }, how);
  const properties = parameters.map(({ property, node, path: at, description }) => ({
    property,
    node,
    at,
    description,
  }));
  const required = parameters.filter(({ required }) => required).map(({ property }) => property);
  if (body?.required === true) required.push('body');
  const form = (write: ((node: unknown, path: Path) => unknown) | null): JsonObject => ({
    type: 'object',
    properties: {
      ...Object.fromEntries(
        properties.map(({ property, node, at, description }) => [
          property,
          {
            ...(write === null ? {} : (write(node, at) as object)),
            ...(description !== '' && { description }),
          },
        ]),
      ),
      ...(body !== null && {
        body: write === null || body.node === null ? body.plain : write(body.node, body.path),
      }),
    } as JsonObject,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  });
  const inputSchema =
    SchemaWriter.write(document, 'request', (schema) => form(schema)) ??
    // Its server looks at it all the same.
    form(null);
  const returns = returnsOf(document, operation, place);
  const { summary } = operation;
  return {
    item: {
      name,
      ...(typeof summary === 'string' && summary !== '' && { title: cut(summary, 200) }),
      description: describe(method, path, operation, item.value),
      inputSchema,
      annotations: {
        readOnlyHint: method === 'get' || method === 'head',
        destructiveHint: method === 'delete',
        idempotentHint: method !== 'post' && method !== 'patch',
        openWorldHint: true,
      },
      ...(returns !== null && { _meta: { [RETURNS]: returns } }),
    },
    method,
    path,
    parameters,
    body,
  };
}

function describe(method: Method, path: string, operation: JsonObject, item: JsonObject): string {
  const said = [operation['summary'] ?? item['summary'], operation['description'] ?? item['description']];
  const texts = said.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
  if (texts.length === 0) texts.push(`${method.toUpperCase()} ${path}`);
  if (operation['deprecated'] === true) texts.push('Deprecated.');
  return cut([...new Set(texts.map((one) => one.trim()))].join('\n\n'), LONGEST_TEXT);
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** Names of tools: the same as long as the document is. */
class OperationNames {
  private readonly ids = new Map<string, Path>();
  private readonly taken = new Set<string>();

  constructor(private readonly document: ApiDocument) {}

  of({ operationId: id }: JsonObject, method: Method, path: string, place: Path): string {
    if (id !== undefined && typeof id !== 'string')
      throw this.document.problem([...place, 'operationId'], 'expected a text');
    if (id !== undefined) {
      if (this.ids.has(id))
        throw this.document.problem(
          [...place, 'operationId'],
          `two operations are called ${JSON.stringify(id)}`,
        );
      this.ids.set(id, place);
    }
    const plain = nameOf(id ?? `${method}_${nameOf(path)}`) || method;
    let name = plain;
    for (let n = 2; this.taken.has(name); n++) name = `${plain.slice(0, LONGEST_NAME - 4)}_${n}`;
    this.taken.add(name);
    return name;
  }
}

/** A text as a name that all clients and models take. */
export function nameOf(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, LONGEST_NAME);
}
