export const ADMIN_TOKEN = 'the-token-of-the-administrator';

export interface AdminAnswer {
  readonly status: number;
  readonly body: Record<string, unknown> & { secret: string };
}

/** The admin API of one node. */
export class AdminClient {
  constructor(
    private readonly url: string,
    private readonly token = ADMIN_TOKEN,
  ) {}

  get(path: string): Promise<AdminAnswer> {
    return this.request('GET', path);
  }
  post(path: string, body: unknown): Promise<AdminAnswer> {
    return this.request('POST', path, body);
  }
  patch(path: string, body: unknown): Promise<AdminAnswer> {
    return this.request('PATCH', path, body);
  }
  delete(path: string): Promise<AdminAnswer> {
    return this.request('DELETE', path);
  }

  /** @param body as JSON, a text as it is */
  async request(method: string, path: string, body?: unknown): Promise<AdminAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.token !== '' && { authorization: `Bearer ${this.token}` }),
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    // An export is YAML.
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    const text = await answer.text();
    return { status: answer.status, body: (isJson ? JSON.parse(text) : {}) as AdminAnswer['body'] };
  }
}

/** A chat with the mock, on a connection of its own. */
export async function ask(
  url: string,
  key: string,
  model = 'mock/hello',
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  return { status: answer.status, body: await answer.json() };
}
