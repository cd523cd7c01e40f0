import type { Headgate } from './harness.js';

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; throws when it is none. */
  json(): Record<string, unknown>;
}

/** POSTs a body as it is and reads the whole answer. */
export async function post(
  gateway: Pick<Headgate, 'url'>,
  path: string,
  body: string | Buffer | object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answered> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: bytes,
    ...(signal && { signal }),
  });
  return answered(response);
}

export async function get(
  gateway: Pick<Headgate, 'url'>,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return answered(await fetch(`${gateway.url}${path}`, { headers }));
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

export const chatBody = (model: string, more: object = {}): object => ({
  model,
  messages: [{ role: 'user', content: 'Hi' }],
  ...more,
});

export const messageBody = (model: string, more: object = {}): object => ({
  model,
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Hi' }],
  ...more,
});
