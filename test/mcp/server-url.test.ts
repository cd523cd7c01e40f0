import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseServerUrlRules } from '../../core/config/server-url-rules.js';
import { allowedUrl, urlPlace } from '../../core/mcp/server-url.js';
import { type FakeMcp, startFakeMcp } from '../fakes/mcp-http.js';
import { json, until } from '../gateway/embedded.js';
import { calling, KEY, READER_KEY, type Runs, saying, startRuns } from './run-setup.js';

type Tool = OpenAI.Responses.Tool;
const TOKEN = 'tok_of_the_caller_0123456789';
const input = 'Say hi.';

let fake: FakeMcp;
let runs: Runs;
beforeAll(async () => {
  fake = await startFakeMcp();
  runs = await startRuns({ allow_server_url: ['127.0.0.1', '*.example.com', 'localhost'] });
});
afterEach(() => runs.reset());
afterAll(async () => {
  await runs.close();
  await fake.close();
});

const brought = (more: object = {}): Tool =>
  ({
    type: 'mcp',
    server_label: 'mine',
    server_url: `${fake.url}/mcp`,
    require_approval: 'never',
    ...more,
  }) as Tool;
const ask = (tools: Tool[], model = 'claude') => runs.gpt.responses.create({ model, input, tools });
const refusal = async (body: object, key = KEY) => {
  const answer = await runs.gateway.fetch(
    '/v1/responses',
    json(
      { model: 'claude', input, ...body },
      {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      },
    ),
  );
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return [answer.status, error?.code, error?.message] as const;
};

describe('a server that a request names by its address', () => {
  it('is asked by the gateway, for any provider, with what the request says, and left at the end', async () => {
    runs.anthropic.next(calling({ mine__echo: { say: 'hi' } }), saying('It said hi.'));
    const from = fake.came.length;
    const answer = await ask([
      brought({ authorization: TOKEN, headers: { 'X-Tenant': 'blue' }, allowed_tools: ['echo'] }),
    ]);
    expect(answer.output.map(({ type }) => type)).toEqual(['mcp_list_tools', 'mcp_call', 'message']);
    expect(answer.output[0]).toMatchObject({ server_label: 'mine', tools: [{ name: 'echo' }] });
    expect(answer.output[1]).toMatchObject({ server_label: 'mine', name: 'echo', output: 'hi' });
    const came = fake.came.slice(from);
    expect(came.length).toBeGreaterThan(3);
    for (const one of came) expect(one).toEqual({ authorization: `Bearer ${TOKEN}`, tenant: 'blue' });
    await until('its session is ended', () => fake.sessions === 0);
    // Nobody reads again what it was asked with, neither here nor at the model.
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
    expect(answer.tools).toMatchObject([{ type: 'mcp', server_label: 'mine' }]);
    const kept = await runs.gpt.responses.retrieve(answer.id);
    expect(JSON.stringify(kept)).not.toContain(TOKEN);
    for (const n of [1, 2]) {
      const request = await runs.anthropic.request(n);
      await request.complete;
      expect(JSON.stringify(request.json())).not.toContain(TOKEN);
    }
    // A call like any other, under the name of its host.
    await until('it is settled', () => runs.records.some(({ operation }) => operation === 'run'));
    const call = runs.records.find(({ operation }) => operation === 'tool');
    expect(call).toMatchObject({
      model: 'mcp:url:127.0.0.1/echo',
      provider: 'mcp:url:127.0.0.1',
      targetModel: 'echo',
      outcome: 'ok',
    });
  });

  it('is gone on with in the next request, which brings it along again', async () => {
    runs.anthropic.next(calling({ mine__echo: { say: 'one' } }), saying('One.'));
    const first = await ask([brought({ allowed_tools: ['echo'] })]);
    runs.anthropic.next(calling({ mine__echo: { say: 'two' } }), saying('Two.'));
    const next = await runs.gpt.responses.create({
      model: 'claude',
      input: 'Again.',
      previous_response_id: first.id,
      tools: [brought({ allowed_tools: ['echo'] })],
    });
    expect(next.output.map(({ type }) => type)).toEqual(['mcp_call', 'message']);
    expect(next.output_text).toBe('Two.');
    await until('its session is ended', () => fake.sessions === 0);
  });

  it('is asked only after its client has agreed, where the request says nothing else', async () => {
    runs.anthropic.next(calling({ mine__echo: { say: 'hi' } }));
    const tools = [brought({ require_approval: undefined, allowed_tools: ['echo'] })];
    const first = await ask(tools);
    const [, question] = first.output as { type: string; id: string }[];
    expect(question).toMatchObject({ type: 'mcp_approval_request', server_label: 'mine', name: 'echo' });
    await until('its session is ended', () => fake.sessions === 0);
    runs.anthropic.next(saying('Done.'));
    const next = await runs.gpt.responses.create({
      model: 'claude',
      previous_response_id: first.id,
      input: [{ type: 'mcp_approval_response', approval_request_id: question?.id ?? '', approve: true }],
      tools,
    });
    expect(next.output[0]).toMatchObject({ type: 'mcp_call', output: 'hi' });
    await until('its session is ended', () => fake.sessions === 0);
  });

  it('shares its connection with nobody', async () => {
    const both = ['one', 'two'].map((tenant) => {
      runs.anthropic.next(calling({ mine__echo: { say: tenant } }), saying('x'));
      return tenant;
    });
    const from = fake.came.length;
    for (const tenant of both)
      await ask([brought({ headers: { 'x-tenant': tenant }, allowed_tools: ['echo'] })]);
    await until('its sessions are ended', () => fake.sessions === 0);
    const tenants = fake.came.slice(from).map(({ tenant }) => tenant);
    expect(tenants.filter((one) => one === 'one').length).toBe(tenants.filter((one) => one === 'two').length);
    expect(new Set(tenants)).toEqual(new Set(both));
  });

  it('that cannot be had ends the request with the reason, and leaves nothing open', async () => {
    const [status, code, message] = await refusal({
      tools: [brought({ server_url: 'http://127.0.0.1:9/mcp' })],
    });
    expect([status, code]).toEqual([503, 'mcp_server_unavailable']);
    expect(message).toContain('"mine"');
    fake.token = 'another';
    try {
      const told = await refusal({ tools: [brought({ authorization: TOKEN })] });
      expect(told.slice(0, 2)).toEqual([503, 'mcp_server_unavailable']);
      expect(told[2]).not.toContain(TOKEN);
    } finally {
      fake.token = '';
    }
    await until('no session is left', () => fake.sessions === 0);
  });

  it('is refused where the operator does not allow its host, with the name of the setting', async () => {
    for (const url of [
      'https://evil.test/mcp',
      'http://api.example.com/mcp',
      'https://169.254.169.254/mcp',
      'http://10.0.0.1/mcp',
      'http://[::1]:80/mcp',
      'http://2130706434/mcp',
      'https://user:pass@api.example.com/mcp',
      'ftp://127.0.0.1/mcp',
      'nonsense',
    ]) {
      const [status, code, message] = await refusal({ tools: [brought({ server_url: url })] });
      expect([url, status, code]).toEqual([url, 403, 'mcp_server_url_refused']);
      expect(message).toContain('mcp.allow_server_url');
    }
  });

  it('is refused to a key that may use some servers alone', async () => {
    const told = await refusal({ tools: [brought()] }, READER_KEY);
    expect(told).toEqual([403, 'mcp_server_not_allowed', expect.stringContaining('"url:127.0.0.1"')]);
  });

  it('is refused with words for what makes no sense', async () => {
    const cases: [tools: Tool[], words: string][] = [
      [[brought({ headers: { host: 'x' } })], '"host" cannot be given'],
      [[brought({ headers: { 'Mcp-Session-Id': 'x' } })], 'cannot be given'],
      [[brought({ headers: { 'x-a': 'a\r\nb: c' } })], 'cannot be given'],
      [[brought({ headers: { 'x-a': 7 } })], 'must be an object of texts'],
      [[brought({ authorization: 'a b' })], 'without spaces'],
      [[brought({ authorization: 7 })], "'authorization' must be a text"],
      [[brought({ authorization: 'a', headers: { Authorization: 'b' } })], 'a header of that name'],
      [[brought(), brought()], 'Two servers are called "mine"'],
      [[brought({ server_label: 'headgate' })], 'cannot be called "headgate"'],
      [Array.from({ length: 9 }, (_, i) => brought({ server_label: `s${i}` })), '8 servers'],
    ];
    for (const [tools, words] of cases) {
      const [status, , message] = await refusal({ tools });
      expect([words, status]).toEqual([words, 400]);
      expect(message).toContain(words);
    }
    expect(fake.sessions).toBe(0);
  });
});

it('without the setting no address is asked', async () => {
  const closed = await startRuns();
  try {
    const answer = await closed.gateway.fetch(
      '/v1/responses',
      json(
        { model: 'claude', input, tools: [brought()] },
        {
          headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        },
      ),
    );
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([403, 'mcp_server_url_refused']);
    expect(error.message).toContain('mcp.allow_server_url');
  } finally {
    await closed.close();
  }
});

describe('which addresses are allowed', () => {
  const may = (url: string, ...rules: string[]): boolean => {
    const parsed = parseServerUrlRules(rules);
    if (parsed === null) throw new Error('no rules');
    return allowedUrl(url, parsed) !== null;
  };

  it.each<[url: string, rules: string[], allowed: boolean]>([
    ['https://mcp.example.com/mcp', ['mcp.example.com'], true],
    ['https://MCP.example.com./mcp', ['mcp.example.com'], true],
    ['https://a.mcp.example.com/mcp', ['mcp.example.com'], false],
    ['https://a.example.com/', ['*.example.com'], true],
    ['https://example.com/', ['*.example.com'], false],
    ['https://badexample.com/', ['*.example.com'], false],
    ['http://a.example.com/', ['*.example.com'], false],
    ['http://a.example.com/', ['a.example.com'], true],
    ['https://anything.test/', ['*'], true],
    ['http://anything.test/', ['*'], false],
    ['https://8.8.8.8/', ['*'], true],
    ['https://8.8.8.8/', ['*.example.com'], false],
    ['https://10.1.2.3/', ['*'], false],
    ['https://127.0.0.1/', ['*'], false],
    ['https://[::ffff:127.0.0.1]/', ['*'], false],
    ['https://[::1]/', ['*'], false],
    ['https://169.254.169.254/', ['*'], false],
    ['http://10.1.2.3/', ['10.0.0.0/8'], true],
    ['http://11.1.2.3/', ['10.0.0.0/8'], false],
    ['https://8.8.8.8/', ['8.8.8.8'], true],
    ['https://8.8.4.4/', ['8.8.8.8'], false],
    ['https://u@mcp.example.com/', ['mcp.example.com'], false],
    ['https://mcp.example.com/#x', ['mcp.example.com'], false],
  ])('%s with %s: %s', (url, rules, allowed) => {
    expect(may(url, ...rules)).toBe(allowed);
  });

  // A dot at the end of a name was part of what rules of keys saw, so that a host which a key must not use could be used as `host.`.
  it.each(['https://mcp.example.com/mcp', 'https://MCP.example.com./mcp', 'https://mcp.example.com.:8443/'])(
    '%s is at the host that rules of keys name',
    (url) => {
      expect(urlPlace(new URL(url))).toBe('url:mcp.example.com');
    },
  );

  it.each(['*example.com', '**', '*.', 'a b', 'http://x', '10.0.0.0/99'])('%s is no rule', (text) => {
    expect(parseServerUrlRules([text])).toBeNull();
  });
});
