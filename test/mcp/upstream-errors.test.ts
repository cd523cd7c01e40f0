import { expect, it } from 'vitest';
import { askServer } from '../../core/mcp/front/upstream.js';
import type { ServerLink } from '../../core/mcp/hub/server-link.js';

const TOKEN = 'tok-of-the-gateway-0123456789';

// What a server said in the words of an error was looked at for the credential that it was asked with, and what it gave beside them was not: all who
// use a server with a token of the gateway's own could be told that token.
it('an error of a server tells nobody the credential that it was asked with, in its words or beside them', async () => {
  const request = () =>
    Promise.reject(
      Object.assign(new Error(`no: ${TOKEN}`), {
        code: -32_000,
        data: { sent: [`Bearer ${TOKEN}`], of: 'notes' },
      }),
    );
  const link = {
    running: 0,
    config: { id: 'notes', timeouts: { callMs: 1000 }, resultLimitBytes: 1000 },
    credentials: { secrets: () => [TOKEN] },
    hide: (text: string) => text.replaceAll(TOKEN, '***'),
    connect: async () => ({ client: { request, getProtocolEra: () => 'legacy' } }),
  } as unknown as ServerLink;
  const asked = askServer(link, 'completion/complete', {}, new AbortController().signal);
  await expect(asked).rejects.toMatchObject({
    code: -32_000,
    message: 'no: ***',
    data: { sent: ['Bearer ***'], of: 'notes' },
  });
});
