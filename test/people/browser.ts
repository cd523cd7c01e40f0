/** As much of a browser as signing in takes: cookies by host and port, redirects one at a time. */
export class Browser {
  private readonly jars = new Map<string, Map<string, string>>();

  async open(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const jar = this.jars.get(host) ?? new Map<string, string>();
    this.jars.set(host, jar);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const gone =
        value === '' || attributes.some((one) => /^max-age=0$|^expires=Thu, 01 Jan 1970/i.test(one));
      if (gone) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  cookie(url: string, name: string): string | undefined {
    return this.jars.get(new URL(url).host)?.get(name);
  }

  setCookie(url: string, name: string, value: string): void {
    this.jars.get(new URL(url).host)?.set(name, value);
  }

  /** Goes where redirects lead until one leads to `until` or to a page; returns that address, or that page's. */
  async follow(url: string, until: string): Promise<{ url: string; page: Response | null }> {
    let next = url;
    for (let i = 0; i < 10; i++) {
      if (next.startsWith(until)) return { url: next, page: null };
      const answer = await this.open(next);
      const location = answer.headers.get('location');
      if (location === null) return { url: next, page: answer };
      await answer.arrayBuffer();
      next = new URL(location, next).href;
    }
    throw new Error(`too many redirects: ${next}`);
  }

  /** From the first page of a sign-in to the address that the provider sends the browser back to. */
  async signInAs(loginUrl: string, callbackUrl: string, account: string | null): Promise<string> {
    let { url, page } = await this.follow(loginUrl, callbackUrl);
    const forms: Record<string, string>[] = [
      { prompt: 'login', login: account ?? '', password: 'any' },
      { prompt: 'consent' },
    ];
    for (const fields of forms) {
      if (page === null) return url;
      await page.arrayBuffer();
      if (account === null) {
        ({ url } = await this.follow(`${url}/abort`, callbackUrl));
        return url;
      }
      const sent = await this.open(url, { method: 'POST', body: new URLSearchParams(fields) });
      await sent.arrayBuffer();
      ({ url, page } = await this.follow(new URL(sent.headers.get('location') ?? '', url).href, callbackUrl));
    }
    return url;
  }
}
