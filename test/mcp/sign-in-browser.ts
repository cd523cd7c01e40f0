import { Browser } from '../people/browser.js';

/** Opens the link that a user was given, agrees, and signs in at the authorization server. Resolves to where that leads. */
export async function goToAuthorizationServer(browser: Browser, link: string): Promise<string> {
  const asked = await browser.open(link);
  const html = await asked.text();
  if (asked.status !== 200) throw new Error(`${asked.status}: ${html}`);
  const fields = Object.fromEntries(
    [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const sent = await browser.open(link, {
    method: 'POST',
    // As browsers do.
    headers: { origin: new URL(link).origin },
    body: new URLSearchParams(fields as Record<string, string>),
  });
  const to = sent.headers.get('location');
  if (to === null) throw new Error(`${sent.status}: ${await sent.text()}`);
  await sent.arrayBuffer();
  return to;
}

/** All of it. Resolves to the address that the browser is sent back to, which was not opened yet. */
export async function signIn(link: string, account: string | null, browser = new Browser()) {
  const to = await goToAuthorizationServer(browser, link);
  const callback = `${new URL(link).origin}/api/mcp/oauth/callback`;
  return { browser, back: await browser.signInAs(to, callback, account) };
}
