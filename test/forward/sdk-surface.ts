/** A method of an SDK's client that asks the provider something, as the client's own objects tell it. */
export interface SdkMethod {
  /** `files.content` */
  readonly name: string;
  /** Calls it with arguments that its source asks for; `model` where it posts something. */
  call(model: string): Promise<unknown>;
}

type Resource = Record<string, unknown>;
type Method = (...given: unknown[]) => unknown;

/** Class names where an SDK's resources end and its machinery begins. */
const BASES = new Set(['APIResource', 'Object']);

/** Every method of every resource of a client, found by looking at it, so that a new version's new methods are among them. */
export function methodsOf(client: object): SdkMethod[] {
  const found: SdkMethod[] = [];
  const seen = new Set<unknown>();
  const visit = (resource: Resource, path: string): void => {
    for (const [name, method] of ownMethods(resource))
      found.push({
        name: `${path}.${name}`,
        call: async (model) => await method.apply(resource, argumentsOf(method, model)),
      });
    visitChildren(resource, `${path}.`);
  };
  const visitChildren = (of: object, prefix: string): void => {
    for (const [name, value] of Object.entries(of)) {
      if (name.startsWith('_') || !isResource(value) || seen.has(value)) continue;
      seen.add(value);
      visit(value, prefix + name);
    }
  };
  visitChildren(client, '');
  return found;
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && '_client' in value;
}

function ownMethods(resource: Resource): [name: string, method: Method][] {
  const methods: [string, Method][] = [];
  let prototype: object | null = Object.getPrototypeOf(resource) as object;
  while (prototype !== null && !BASES.has(prototype.constructor.name)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = resource[name];
      if (name !== 'constructor' && !name.startsWith('_') && typeof method === 'function')
        methods.push([name, method as Method]);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return methods;
}

/** Bytes that are no text. */
export const SOME_BYTES = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 37 + (i >> 4)) & 0xff));

/** Ids for what is an id in the path, an object with everything for what is a body, parameters or a query. */
function argumentsOf(method: Method, model: string): unknown[] {
  const source = Function.prototype.toString.call(method);
  const names = (/\(([^)]*)\)/.exec(source)?.[1] ?? '')
    .split(',')
    .map((name) => name.split('=')[0]?.trim() ?? '');
  return names
    .filter((name) => name !== '' && !/^_?options$/.test(name))
    .map((name) => (/^(body|params|query)$/.test(name) ? objectFor(source, model) : `${name}-aBc 123`));
}

function objectFor(source: string, model: string): object {
  const taken = [...source.matchAll(/(?:const|let) \{([^}]*)\} = (?:params|body|query)/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => (name.split(/[:=]/)[0] ?? '').trim().replaceAll(/^['"]|['"]$/g, ''))
    .filter((name) => name !== '' && !name.startsWith('...') && !/^(body|betas|file)$/.test(name));
  const reads = /\.(get|getAPIList|delete)\(/.test(source);
  const upload = /multipart/i.test(source);
  return {
    ...Object.fromEntries(taken.map((name) => [name, `${name}-aBc123`])),
    ...(/betas/.test(source) && { betas: ['some-beta-2026-01-01', 'other-beta-2026-02-02'] }),
    ...(!reads && {
      model,
      max_tokens: 16,
      input: 'Grüße',
      messages: [{ role: 'user', content: 'Hi "there"' }],
    }),
    ...(upload && {
      file: new File([SOME_BYTES], 'naïve name.bin', { type: 'application/x-some' }),
      purpose: 'batch',
    }),
    limit: 2,
    name: 'a b&c=ü',
    include: ['one[]', 'two'],
    metadata: { team: 'x/y', deep: { er: 'ü' } },
  };
}
