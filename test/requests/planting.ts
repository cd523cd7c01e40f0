import { definePlugin, type SettledRecord } from '@headgate/sdk';
import type { GatewayOptions } from '../../dist/bin/library.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, json } from '../gateway/embedded.js';
import { calling, saying } from '../mcp/run-setup.js';
import { fake } from '../mcp/servers.js';
import { plantedSecrets } from '../observe/planted-secrets.js';

export const ADMIN = 'the-token-of-the-administrator';
const admin = { authorization: `Bearer ${ADMIN}` };

/** Fifty secrets, and requests in which somebody says each of them where it does not belong. */
export interface Planting {
  readonly planted: readonly string[];
  /** Those of the configuration: clients must not learn of them. */
  readonly own: readonly string[];
  /** What a gateway must be made with; `observability` is the caller's. */
  readonly options: GatewayOptions & { readonly config: object };
  /** Of the gateway, as plugins see them. */
  readonly settled: readonly SettledRecord[];
  readonly ids: readonly string[];
  /** What clients were answered where something went wrong. */
  readonly errors: readonly string[];
  /** Sends all the requests. */
  plantIn(gateway: Embedded): Promise<void>;
  close(): Promise<void>;
}

export async function startPlanting(): Promise<Planting> {
  const openai = await startOpenAi();
  const { shaped, known } = plantedSecrets();
  const [ofProvider = '', ofHeader = '', ofServer = ''] = known;
  let at = 0;
  const next = (): string => shaped[at++ % shaped.length] as string;
  const settled: SettledRecord[] = [];
  const ids: string[] = [];
  const errors: string[] = [];
  const plugin = definePlugin({
    name: 'throws',
    version: '1.0.0',
    setup: () => ({
      request: (view) => {
        if (view.headers.get('x-throw') !== undefined)
          throw new Error(`cannot reach https://x:${next()}@vault, ${next()}`);
        return undefined;
      },
      settled: (record) => void settled.push(record),
    }),
  });

  async function ask(
    gateway: Embedded,
    body: object,
    headers: Record<string, string> = {},
    query = '',
  ): Promise<void> {
    const init = json(body, { headers: { 'content-type': 'application/json', ...admin, ...headers } });
    const answer = await gateway.fetch(`/v1/chat/completions${query}`, init);
    const text = await answer.text();
    ids.push(String(answer.headers.get('x-headgate-request-id')));
    if (answer.status >= 400) errors.push(text, JSON.stringify([...answer.headers]));
  }
  const chat = (content: string, more: object = {}) => ({
    model: 'openai/gpt-4o',
    messages: [{ role: 'user', content }],
    ...more,
  });

  return {
    planted: [...shaped, ofProvider, ofHeader, ofServer],
    own: [ofProvider, ofHeader, ofServer],
    settled,
    ids,
    errors,
    options: {
      plugins: [plugin],
      config: {
        admin: { token: ADMIN },
        providers: {
          ...behind(openai),
          openai: {
            base_url: `${openai.url}/v1`,
            keys: [{ value: ofProvider }],
            headers: { 'x-team': ofHeader },
          },
        },
        models: {
          agent: { targets: ['openai/gpt-4o'], mcp: { servers: ['odd'], tools: ['odd/*'], mode: 'agent' } },
        },
        mcp: { servers: { odd: { ...fake(), env: { FAKE_SECRET: ofServer } } } },
      },
    },
    async plantIn(gateway) {
      for (let i = 0; i < 12; i++) {
        if (i % 3 === 0) openai.next({ answer: { text: `Your key is ${next()}.` } });
        else
          openai.next({
            status: i % 3 === 1 ? 400 : 401,
            error: { message: `Incorrect key ${i % 2 === 0 ? ofProvider : next()} given, not ${ofHeader}` },
          });
        const headers = {
          'x-custom-secret': next(),
          cookie: `session=${next()}`,
          'x-api-token': next(),
          'x-headgate-metadata': JSON.stringify({ note: `it is ${next()}`, unkept: next() }),
        };
        const body = chat(`export API_KEY=${next()} # for the tests`, { user: next(), stream: i % 4 === 0 });
        await ask(gateway, body, headers, `?key_of=${next()}`);
      }
      // A tool that is called with a secret, and one that says one, as an answer and as an error.
      openai.next(
        calling({ odd__echo: { say: next() } }),
        calling({ odd__fail: { say: next() } }),
        saying(`It said ${next()}.`),
      );
      await ask(gateway, chat(`use ${next()}`, { model: 'agent' }));
      await ask(gateway, chat('hello'), { 'x-throw': next() });
      openai.next({
        status: 500,
        error: { message: `cannot reach redis://:${next()}@cache for ${ofProvider}` },
      });
      await ask(gateway, chat('hello', { model: 'openai/gpt-4o-mini' }));
      // What is not understood is repeated by many: JSON that is none, a model that is none, an address that is none.
      const headers = { 'content-type': 'application/json', ...admin };
      for (const [path, body] of [
        ['/v1/chat/completions', `{"api_key":"${next()}", `],
        [`/v1/models/${next()}`, ''],
        [`/v1/${next()}?token=${next()}`, '{}'],
        [`/api/requests?q=${next()}&unknown=${next()}`, ''],
        [`/api/requests/${next()}`, ''],
      ] as const) {
        const method = body === '' ? 'GET' : 'POST';
        const answer = await gateway.fetch(path, { method, headers, ...(body !== '' && { body }) });
        await answer.text();
      }
    },
    close: () => openai.close(),
  };
}
