/**
 * Every method of a generated SDK that makes a request, found by walking the client. Arguments are made from the method's own
 * source text: the generator writes all of them alike.
 */

interface Method {
  /** `beta.threads.runs.create` */
  name: string;
  call(): unknown;
}

interface Walk {
  methods: Method[];
  /** Names of methods that make no request of their own: they call others, or read what was received. */
  composed: string[];
}

type Callable = (...args: unknown[]) => unknown;

/** What bodies and queries hold beside what the method itself takes out of them: text, lists, an object, no ASCII. */
const plain = { note: 'grün & ☀️', list: ['a b', 'c'], nested: { deep: [1, { x: true }] } };

export function methodsOf(client: object, given: Record<string, object> = {}): Walk {
  const methods: Method[] = [];
  const composed: string[] = [];
  const seen = new Set<object>();
  const walk = (resource: object, path: string): void => {
    if (seen.has(resource)) return;
    seen.add(resource);
    for (const key of methodNames(resource)) {
      const name = `${path}.${key}`;
      const method = Reflect.get(resource, key) as Callable;
      if (!asks(method)) composed.push(name);
      else methods.push({ name, call: () => method.call(resource, ...argumentsFor(method, given[name])) });
    }
    for (const [key, value] of Object.entries(resource)) if (isResource(value)) walk(value, `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(client)) if (isResource(value)) walk(value, key);
  return { methods, composed };
}

function isResource(value: unknown): value is object {
  return typeof value === 'object' && value !== null && '_client' in value;
}

function methodNames(resource: object): string[] {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(resource);
    prototype !== null && prototype !== Object.prototype && prototype.constructor.name !== 'APIResource';
    prototype = Object.getPrototypeOf(prototype)
  )
    for (const name of Object.getOwnPropertyNames(prototype))
      if (
        name !== 'constructor' &&
        !name.startsWith('_') &&
        typeof Reflect.get(resource, name) === 'function'
      )
        names.push(name);
  return names;
}

/** `this._client.post(…)`, over two lines at times. */
function asks(method: Callable): boolean {
  return /this\._client\s*\.(get|post|put|patch|delete|getAPIList)\(/.test(String(method));
}

function argumentsFor(method: Callable, given: object | undefined): unknown[] {
  const source = String(method);
  const list = /^(?:async )?[\w$]+\(([^)]*)\)/.exec(source)?.[1] ?? '';
  return list
    .split(',')
    .map((parameter) => parameter.trim().split(/\s*=/)[0] ?? '')
    .filter((name) => name !== '')
    .map((name) => {
      if (name === 'options') return undefined;
      if (!/^(body|params|query)/.test(name)) return `${name.toLowerCase()}_1`;
      return { ...plain, ...taken(source), ...files(source), ...given };
    });
}

/** `const { betas, thread_id, ...body } = params` */
function taken(source: string): Record<string, unknown> {
  const names = /const \{([^}]*)\} = (?:params|body|query)/.exec(source)?.[1] ?? '';
  const found: Record<string, unknown> = {};
  for (const part of names.split(',')) {
    const name = part.trim().split(':')[0] ?? '';
    if (name === '' || name.startsWith('...')) continue;
    found[name] = name === 'betas' ? ['made-up-2026-01-01'] : `${name}_1`;
  }
  return found;
}

function files(source: string): Record<string, unknown> {
  if (!/ultipartFormRequestOptions/.test(source)) return {};
  return { file: new File(['a,b\r\n1,2\n'], 'ä.csv', { type: 'text/csv' }) };
}
