import type { HeaderList } from '@headgate/sdk';
import type { ControlAnswer, ControlRequest } from '../control.js';
import { StoreError } from '../store/control/store-error.js';
import type { Answer } from './answer.js';
import { refused } from './route.js';

type Fields = Readonly<Record<string, unknown>>;

/** Most bytes of what is sent to the admin API. */
const MOST_BODY = 1024 * 1024;

export function json(status: number, body: object, headers: HeaderList = []): ControlAnswer {
  // A secret that is shown once must not stay in somebody's cache.
  return {
    status,
    headers: ['content-type', 'application/json', 'cache-control', 'no-store', ...headers],
    body: JSON.stringify(body),
  };
}

/** A report, or why there is none. */
export function report(answer: Answer): ControlAnswer {
  if ('error' in answer) return refused(answer.error);
  const { contentType, headers = [], body } = answer;
  return { status: 200, headers: ['content-type', contentType, ...headers], body };
}

/** The body as an object; an empty one when there is none. Throws a StoreError for anything else. */
export function bodyOf({ body }: Pick<ControlRequest, 'body'>): Fields {
  if (body.length > MOST_BODY)
    throw new StoreError('entity_invalid', `the body is larger than ${MOST_BODY} bytes`);
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new StoreError('entity_invalid', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new StoreError('entity_invalid', 'the body must be a JSON object');
  return value as Fields;
}
