import type { Phase, Reply } from '@headgate/sdk';

type Fields = Record<string, unknown>;

const actions: ReadonlySet<unknown> = new Set(['relay', 'retry', 'next', 'fail']);

/** What a hook of each phase may return beside nothing. Types say so too, but plugins may be written without them. */
const wanted: Record<
  Exclude<Phase, 'refused' | 'bytes' | 'settled'>,
  { fits: (value: unknown) => boolean; what: string }
> = {
  identify: { fits: (value) => isReply(value) || isPrincipal(value), what: 'a principal or a reply' },
  request: { fits: isReply, what: 'a reply' },
  route: {
    fits: (value) =>
      Array.isArray(value) && value.every((one) => hasText(one, 'provider') && hasText(one, 'model')),
    what: 'a list of { provider, model }',
  },
  upstream: {
    fits: (value) => hasText(value, 'path') && isHeaders((value as Fields).headers),
    what: '{ path, headers } with headers as a flat list of texts',
  },
  head: {
    fits: (value) =>
      isObject(value) &&
      actions.has(value.action) &&
      (value.action !== 'retry' || Number.isFinite(value.delayMs)),
    what: 'a verdict',
  },
  event: { fits: isEvents, what: 'an event, a list of events, or null' },
  response: { fits: (value) => isObject(value) && Array.isArray(value.choices), what: 'a response' },
  tool: {
    fits: (value) => isToolResult(value) || (isReply(value) && value.type === 'error'),
    what: 'a result with a list as content, or an error as reply',
  },
  toolResult: { fits: isToolResult, what: 'a result with a list as content' },
};

/** Throws when a hook returned what its phase cannot use, so that it counts as failed like one that threw. */
export function checkReturn(phase: keyof typeof wanted, value: unknown): void {
  const { fits, what } = wanted[phase];
  if (!fits(value))
    throw new TypeError(`it returned ${nameOf(value)}, but the hook may only return ${what} or nothing`);
}

/** What `inspect` of a hold window may return. */
export function checkInspected(value: unknown): void {
  if (value === undefined || value === null) return;
  if (isReply(value) || (Array.isArray(value) && isEvents(value))) return;
  throw new TypeError(
    `it returned ${nameOf(value)}, but inspect may only return a list of events, a reply or nothing`,
  );
}

/** Answers that HTTP knows no body for: clients would read one as the beginning of the next answer. */
const BODILESS: ReadonlySet<unknown> = new Set([204, 205, 304]);

export function isReply(value: unknown): value is Reply {
  if (!isObject(value)) return false;
  if (value.headers !== undefined && !isHeaders(value.headers)) return false;
  if (value.type === 'answer') return isObject(value.response) && Array.isArray(value.response.choices);
  if (value.type === 'error') return isError(value.error);
  if (value.type !== 'raw' || !isStatus(value.status, 200) || !isHeaders(value.headers)) return false;
  const { status, body } = value;
  return (
    (typeof body === 'string' || body instanceof Uint8Array) && (body.length === 0 || !BODILESS.has(status))
  );
}

function isError(value: unknown): boolean {
  return (
    isObject(value) &&
    isStatus(value.status, 400) &&
    hasText(value, 'kind') &&
    hasText(value, 'code') &&
    hasText(value, 'message')
  );
}

function isStatus(value: unknown, least: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= 599;
}

function isPrincipal(value: unknown): boolean {
  return hasText(value, 'id') && Array.isArray((value as Fields).models);
}

function isToolResult(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.content) && value.content.every(isObject);
}

function isEvents(value: unknown): boolean {
  return Array.isArray(value) ? value.every((one) => hasText(one, 'type')) : hasText(value, 'type');
}

function isHeaders(value: unknown): boolean {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((one) => typeof one === 'string');
}

function hasText(value: unknown, name: string): boolean {
  return isObject(value) && typeof value[name] === 'string';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
