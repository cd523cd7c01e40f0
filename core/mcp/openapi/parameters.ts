import type { JsonObject } from '@headgate/sdk';
import type { Path } from '../../config/path.js';
import { isObject } from '../json-object.js';
import type { ApiDocument, Part } from './document.js';

const PLACES = ['path', 'query', 'header', 'cookie'] as const;
export type ParameterPlace = (typeof PLACES)[number];

const STYLES = [
  'simple',
  'label',
  'matrix',
  'form',
  'spaceDelimited',
  'pipeDelimited',
  'deepObject',
] as const;
export type Style = (typeof STYLES)[number];
const STYLES_OF: Readonly<Record<ParameterPlace, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};
/** These say how the request itself is sent, and by whom; the gateway writes them. */
const OWN_HEADERS =
  /^(accept|content-type|authorization|host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|cookie|proxy-.*)$/i;
/** What the operator sends along with every request is no argument. */
export type IsGiven = (place: ParameterPlace, name: string) => boolean;

/** How a value is written. */
export interface ValueStyle {
  readonly style: Style;
  readonly explode: boolean;
  /** Characters with a meaning in addresses stay as they are. */
  readonly reserved: boolean;
  /** As JSON, whatever the style. */
  readonly json: boolean;
}

/** One parameter of an operation. */
export interface Parameter extends ValueStyle {
  readonly in: ParameterPlace;
  readonly name: string;
  /** Its name among the tool's arguments. */
  readonly property: string;
  readonly required: boolean;
  readonly description: string;
  /** Its schema, and where that is. */
  readonly node: unknown;
  readonly path: Path;
}

/** The parameters of an operation, those of its path before its own. Throws DocumentProblem. */
export function parametersOf(
  document: ApiDocument,
  path: string,
  item: Part,
  operation: Part,
  how: { readonly hasBody: boolean; readonly isGiven: IsGiven },
): Parameter[] {
  const found = new Map<string, Omit<Parameter, 'property'>>();
  for (const part of [item, operation]) {
    const list = part.value['parameters'] ?? [];
    const at = [...part.path, 'parameters'];
    if (!Array.isArray(list)) throw document.problem(at, 'expected a list of parameters');
    list.forEach((node, i) => {
      const one = parameterOf(document, document.object(node, [...at, i], 'a parameter'));
      if (one !== null && !how.isGiven(one.in, one.name)) found.set(`${one.in} ${one.name}`, one);
    });
  }
  const all = [...found.values()];
  for (const [, name = ''] of path.matchAll(/\{([^{}]+)\}/g))
    if (!found.has(`path ${name}`))
      throw document.problem(operation.path, `the path's "{${name}}" is none of its parameters`);
  return named(all, how.hasBody);
}

function parameterOf(document: ApiDocument, { value, path }: Part): Omit<Parameter, 'property'> | null {
  const { name, in: place, description, required, schema, content, style, explode, allowReserved } = value;
  if (typeof name !== 'string' || name === '')
    throw document.problem([...path, 'name'], 'a parameter has a name');
  if (!PLACES.includes(place as ParameterPlace))
    throw document.problem([...path, 'in'], `expected ${PLACES.join(', ')}`);
  const where = place as ParameterPlace;
  if (where === 'header' && OWN_HEADERS.test(name)) return null;
  if (where === 'header' && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    throw document.problem([...path, 'name'], 'expected the name of a header');
  const common = {
    in: where,
    name,
    required: where === 'path' || required === true,
    description: typeof description === 'string' ? description.trim() : '',
  };
  if (isObject(content)) {
    const [type = ''] = Object.keys(content);
    const media = document.object(content[type], [...path, 'content', type], 'a media type');
    const json = /^application\/([\w.+-]*\+)?json\b/i.test(type);
    return {
      ...common,
      style: where === 'query' || where === 'cookie' ? 'form' : 'simple',
      explode: false,
      reserved: false,
      json,
      node: media.value['schema'] ?? {},
      path: [...media.path, 'schema'],
    };
  }
  return {
    ...common,
    ...styleOf(document, { style, explode, allowReserved }, path, where),
    node: schema ?? {},
    path: [...path, 'schema'],
  };
}

/** Also of properties of forms, which are written like parameters in a query. */
export function styleOf(
  document: ApiDocument,
  {
    style,
    explode,
    allowReserved,
  }: JsonObject | { style?: unknown; explode?: unknown; allowReserved?: unknown },
  path: Path,
  where: ParameterPlace,
): ValueStyle {
  const styles = STYLES_OF[where];
  const used = (style ?? styles[0]) as Style;
  if (!styles.includes(used)) throw document.problem([...path, 'style'], `expected ${styles.join(', ')}`);
  return {
    style: used,
    explode: typeof explode === 'boolean' ? explode : used === 'form' || used === 'deepObject',
    reserved: where === 'query' && allowReserved === true,
    json: false,
  };
}

/** Arguments have one name each, of characters that all providers take, whatever is where. */
function named(all: readonly Omit<Parameter, 'property'>[], hasBody: boolean): Parameter[] {
  const taken = new Set(hasBody ? ['body'] : []);
  return all.map((one) => {
    const plain = argumentName(one.name);
    let property = plain;
    if (taken.has(property)) property = argumentName(`${one.in}_${one.name}`);
    for (let n = 2; taken.has(property); n++) property = `${plain}_${n}`;
    taken.add(property);
    return { ...one, property };
  });
}

function argumentName(text: string): string {
  return (
    text
      .replace(/[^A-Za-z0-9_.-]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 60) || 'value'
  );
}
