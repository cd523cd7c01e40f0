import type { Credentials, Outgoing } from './credentials.js';

export type PlainFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** The same, with what each request needs to be let in; one that was refused is tried once more where that may help. */
export function signedFetch(credentials: Credentials, fetch: PlainFetch): PlainFetch {
  const once = async (url: string | URL, init: RequestInit, again: boolean): Promise<Response> => {
    const request: Outgoing = {
      method: init.method ?? 'GET',
      url: new URL(url),
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? init.body : null,
    };
    await credentials.sign(request);
    const response = await fetch(url, { ...init, headers: request.headers });
    if (again || !(await credentials.answered(response, request))) return response;
    await response.body?.cancel();
    return once(url, init, true);
  };
  return (url, init = {}) => once(url, init, false);
}
