import type { JsonObject } from '@headgate/sdk';
import type { ApiTool } from './operation.js';
import { writeBody } from './write-body.js';
import { BadArgument, cookieText, headerText, pathText, queryText } from './write-value.js';

/** An operation with its arguments, as it is sent. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/**
 * What a call asks of the API.
 *
 * @param base its address; a query in it goes along with every request
 * @throws BadArgument for arguments that would lead elsewhere, or that cannot be written
 */
export function requestOf(tool: ApiTool, base: URL, args: JsonObject): ApiRequest {
  const query: string[] = [];
  const cookies: string[] = [];
  const headers: Record<string, string> = { accept: 'application/json, text/*;q=0.9, */*;q=0.8' };
  const inPath = new Map<string, string>();
  for (const parameter of tool.parameters) {
    const { in: place, name, property } = parameter;
    const value = Object.hasOwn(args, property) ? args[property] : undefined;
    if (place === 'path') inPath.set(name, pathText(name, value, parameter));
    else if (value === undefined || value === null) continue;
    else if (place === 'query') query.push(queryText(name, value, parameter));
    else if (place === 'cookie') cookies.push(cookieText(name, value, parameter));
    else headers[name.toLowerCase()] = headerText(name, value, parameter);
  }
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  let body: string | null = null;
  if (tool.body !== null && args['body'] !== undefined) {
    const written = writeBody(args['body'], tool.body);
    body = written.text;
    headers['content-type'] = written.contentType;
  }
  return { method: tool.method.toUpperCase(), url: urlOf(tool, base, inPath, query), headers, body };
}

function urlOf(
  { path }: ApiTool,
  base: URL,
  values: ReadonlyMap<string, string>,
  query: readonly string[],
): URL {
  const written = path.replace(/\{([^{}]+)\}/g, (_, name: string) => values.get(name) ?? '');
  const before = base.pathname.replace(/\/$/, '');
  // An address is tidied up when it is read: one argument must not lead to another operation.
  const segments = written.split('/').slice(1);
  const asked = path.split('/').slice(1);
  if (
    segments.length !== asked.length ||
    segments.some((one, i) => isStep(one) || (one === '' && asked[i] !== ''))
  )
    throw new BadArgument(
      `the path ${JSON.stringify(written.slice(0, 200))} is none: what stands in it must not be empty, "." or ".."`,
    );
  const url = new URL(base);
  url.pathname = before + written;
  url.search = [base.search.slice(1), ...query].filter((one) => one !== '').join('&');
  return url;
}

const isStep = (segment: string): boolean => /^(\.|%2e){1,2}$/i.test(segment);
