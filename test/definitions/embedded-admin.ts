import type { Gateway } from '../../dist/bin/library.js';

export const ADMIN_TOKEN = 'the-token-of-the-administrator';

export interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** The admin API of a gateway in this process. */
export function adminOf(gateway: Pick<Gateway, 'fetch'>, token = ADMIN_TOKEN) {
  return async (method: string, path: string, body?: unknown, headers: object = {}): Promise<Told> => {
    const answer = await gateway.fetch(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    let read: unknown = {};
    try {
      read = JSON.parse(text);
    } catch {
      // YAML, as an export is.
    }
    return { status: answer.status, body: read as Told['body'], text };
  };
}

export function codeOf({ body }: Told): unknown {
  return (body['error'] as { code?: string } | undefined)?.code;
}

export function messageOf({ body }: Told): string {
  return String((body['error'] as { message?: string } | undefined)?.message);
}
