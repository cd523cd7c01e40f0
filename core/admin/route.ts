import type { CanonicalError } from '@headgate/sdk';
import type { ControlAnswer, ControlRequest } from '../control.js';
import { canonicalError } from '../errors.js';
import type { Author } from '../store/control/control-store.js';
import type { Caller } from './caller.js';
import type { Permission } from './role.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/** A request to the admin API whose caller is known and may ask. */
export interface AdminRequest extends ControlRequest {
  readonly caller: Caller;
  /** The caller as the audit names it, with what it may not change. */
  readonly author: Author;
  /** What stands for `{name}` in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** `anyone`: the handler itself says who may; otherwise what the caller needs. */
export type Access = Permission | 'anyone';

/** HEAD is a GET whose body is left out by whoever sends it. Throws or rejects as {@link tellError} says. */
export type Serve = (request: AdminRequest) => ControlAnswer | Promise<ControlAnswer>;

export interface Route {
  readonly methods: readonly Method[];
  /** Parts of the path; `{name}` stands for any text but ''. */
  readonly parts: readonly string[];
  readonly access: Access;
  readonly serve: Serve;
}

/**
 * One line of the admin API.
 *
 * @param methods joined by spaces
 * @param path such as `/api/keys/{id}`. Where several fit, the one that was listed first counts.
 */
export function route(methods: string, path: string, access: Access, serve: Serve): Route {
  return { methods: methods.split(' ') as Method[], parts: path.split('/'), access, serve };
}

/** Paths of the admin API with their methods. */
export class RouteTable {
  constructor(private readonly routes: readonly Route[]) {}

  /** What is at a path, by method; null when nothing is. */
  at(path: string): Found | null {
    const parts = path.split('/');
    const found = this.routes.flatMap((one): Match[] => {
      const params = paramsOf(one.parts, parts);
      return params === null ? [] : [{ route: one, params }];
    });
    return found.length === 0 ? null : new Found(found);
  }

  /** Of every line, for the test that holds them against the OpenAPI document. */
  get paths(): { path: string; methods: readonly Method[] }[] {
    return this.routes.map(({ parts, methods }) => ({ path: parts.join('/'), methods }));
  }
}

interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** What serves one path. */
export class Found {
  constructor(private readonly matches: readonly Match[]) {}

  get(method: string): Match | undefined {
    const asked = method === 'HEAD' ? 'GET' : method;
    return this.matches.find(({ route: { methods } }) => methods.includes(asked as Method));
  }

  /** For the header `allow`. */
  get allow(): string {
    const own = METHODS.filter((method) => this.get(method) !== undefined);
    return [...own.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'].join(
      ', ',
    );
  }
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, wanted] of pattern.entries()) {
    const given = parts[i] as string;
    if (!wanted.startsWith('{')) {
      if (given !== wanted) return null;
      continue;
    }
    if (given === '') return null;
    try {
      const text = decodeURIComponent(given);
      // No id has one, and Postgres takes no text with it.
      if (text.includes('\0')) return null;
      params[wanted.slice(1, -1)] = text;
    } catch {
      return null;
    }
  }
  return params;
}

/** An answer that is told in the shape of the client's API. */
export function refused(error: CanonicalError, headers: readonly string[] = []): ControlAnswer {
  return { error, headers: [...headers] };
}

export function notFound({ method, path }: Pick<ControlRequest, 'method' | 'path'>): ControlAnswer {
  return refused(canonicalError('not_found', { method, path: path.slice(0, 200) }));
}
