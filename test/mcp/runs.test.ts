import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { calling, POOR_KEY, READER_KEY, type Runs, saying, startRuns } from './run-setup.js';

let runs: Runs;
beforeAll(async () => {
  runs = await startRuns();
});
afterEach(() => runs.reset());
afterAll(() => runs.close());

type Sent = {
  tools?: { function?: { name: string; description?: string }; name?: string }[];
  messages: { role: string; content: unknown; tool_calls?: { id: string }[]; tool_call_id?: string }[];
};
const sentTo = async (fake: Runs['openai'], n: number): Promise<Sent> => {
  const request = await fake.request(n);
  await request.complete;
  return request.json() as unknown as Sent;
};
const ask = 'How long do refunds take?';
const messages = [{ role: 'user' as const, content: ask }];
const note = (): Record<string, unknown> => ({
  files__read_text_file: { path: join(runs.folder, 'note.txt') },
});

describe('tools that are only added', () => {
  const toolsOf = async (n: number): Promise<string[]> =>
    ((await sentTo(runs.openai, n)).tools ?? []).map((tool) => tool.function?.name ?? '');

  it('stand behind the client’s own, in an order that stays, and the calls are the client’s to make', async () => {
    const own = { type: 'function' as const, function: { name: 'mine', parameters: { type: 'object' } } };
    runs.openai.next(calling({ odd__echo: { say: 'hi' } }), saying('Done.'));
    const body = { model: 'gpt', messages, tools: [own] };
    const answer = await runs.gpt.chat.completions.create(body, {
      headers: { 'x-headgate-mcp': 'odd/echo, files/read_*' },
    });
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'odd__echo', arguments: '{"say":"hi"}' },
    });
    await runs.gpt.chat.completions.create(body, { headers: { 'x-headgate-mcp': 'files/read_*,odd/echo' } });
    const first = await toolsOf(1);
    expect(first).toEqual([
      'mine',
      'files__read_file',
      'files__read_media_file',
      'files__read_multiple_files',
      'files__read_text_file',
      'odd__echo',
    ]);
    expect(await toolsOf(2)).toEqual(first);
  });

  it('come from a key too, as far as the key may use them, and `none` leaves them out', async () => {
    const ask = async (headers: Record<string, string>): Promise<Response> =>
      runs.gateway.fetch('/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${READER_KEY}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'gpt', messages }),
      });
    expect((await ask({})).status).toBe(200);
    const names = await toolsOf(1);
    expect(names.length).toBeGreaterThan(5);
    expect(names.every((name) => name.startsWith('files__'))).toBe(true);
    await ask({ 'x-headgate-mcp': 'none' });
    expect(await toolsOf(2)).toEqual([]);
    const refused = await ask({ 'x-headgate-mcp': 'odd' });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'mcp_server_not_allowed' } });
  });

  it.each([
    ['x-headgate-mcp', 'nowhere', 404, 'mcp_server_unknown'],
    ['x-headgate-mcp', 'odd,,files', 400, 'invalid_header'],
    ['x-headgate-mcp', 'odd/*a*b', 400, 'invalid_header'],
    ['x-headgate-mcp-mode', 'loop', 400, 'invalid_header'],
    ['x-headgate-run', 'run_hg_nothing', 400, 'invalid_header'],
  ])('%s: %s is refused', async (name, value, status, code) => {
    const asked = runs.gpt.chat.completions.create(
      { model: 'gpt', messages },
      { headers: { ...(name === 'x-headgate-mcp-mode' && { 'x-headgate-mcp': 'odd' }), [name]: value } },
    );
    await expect(asked).rejects.toMatchObject({ status, code });
    expect(runs.openai.received).toEqual([]);
  });

  it('at an API that has none, the header is refused', async () => {
    const asked = runs.gpt.completions.create(
      { model: 'gpt', prompt: 'x' },
      { headers: { 'x-headgate-mcp': 'odd' } },
    );
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'mcp_not_here' });
  });
});

describe('runs', () => {
  it('call tools of several servers until the model answers, in one bill', async () => {
    runs.openai.next(calling({ ...note(), odd__echo: { say: 'wait' } }, 'I look.'), saying('Five days.'));
    const { data, response } = await runs.gpt.chat.completions
      .create({ model: 'gpt-agent', messages })
      .withResponse();
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'I look.\n\nFive days.' },
    });
    expect(data.choices[0]?.message.tool_calls).toBeUndefined();
    expect(data.usage).toMatchObject({ prompt_tokens: 40, completion_tokens: 20 });
    const { messages: second } = await sentTo(runs.openai, 2);
    expect(second.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(second[2]?.content).toContain('Refunds take five days.');
    expect(second[3]?.content).toContain('wait');

    const { headers } = response;
    expect(headers.get('x-headgate-mcp-rounds')).toBe('2');
    expect(headers.get('x-headgate-mcp-calls')).toBe('2');
    const run = runs.records.at(-1);
    expect(run).toMatchObject({ operation: 'run', usage: null, costNano: null, status: 200, outcome: 'ok' });
    const parts = runs.records.slice(0, -1);
    expect(parts.map(({ operation }) => operation).toSorted()).toEqual(['chat', 'chat', 'tool', 'tool']);
    for (const { id } of parts) expect(id.startsWith(`${run?.id}.`)).toBe(true);
    const sum = parts.reduce((nano, { costNano }) => nano + (costNano ?? 0), 0);
    expect(sum).toBeGreaterThan(250_000_000);
    expect(Number(headers.get('x-headgate-cost-usd'))).toBeCloseTo(sum / 1e9, 9);
    expect(headers.get('x-headgate-request-id')).toBe(run?.id);
    // What models and tools take is not the gateway's own time.
    expect(run?.overheadUs).toBeLessThan((run?.totalMs ?? 0) * 500);
  });

  it('are one stream', async () => {
    runs.openai.next(calling({ odd__echo: { say: 'hi' } }, 'I look.'), saying('It said hi.'));
    const stream = await runs.gpt.chat.completions.create({
      model: 'gpt-agent',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const finishes: unknown[] = [];
    let usage = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      expect(chunk.choices[0]?.delta.tool_calls).toBeUndefined();
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
      usage = chunk.usage?.prompt_tokens ?? usage;
    }
    expect([text, finishes, usage]).toEqual(['I look.\n\nIt said hi.', ['stop'], 40]);
  });

  it('with Anthropic’s SDK, whole and streamed, text by text', async () => {
    const body = { model: 'claude-agent', max_tokens: 500, messages };
    runs.anthropic.next(calling({ odd__echo: { say: 'hi' } }, 'I look.'), saying('It said hi.'));
    const whole = await runs.claude.messages.create(body);
    expect(whole.content).toMatchObject([
      { type: 'text', text: 'I look.' },
      { type: 'text', text: 'It said hi.' },
    ]);
    expect(whole).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 40, output_tokens: 20 } });
    runs.anthropic.next(calling({ odd__echo: { say: 'hi' } }, 'I look.'), saying('It said hi.'));
    const streamed = await runs.claude.messages.stream(body).finalMessage();
    expect(streamed.content).toMatchObject(whole.content.map(({ type }) => ({ type })));
    expect(streamed.usage.output_tokens).toBe(20);
  });

  it('of a client of one API go to a provider of another', async () => {
    runs.anthropic.next(calling({ odd__echo: { say: 'hi' } }), saying('It said hi.'));
    const answer = await runs.gpt.chat.completions.create({ model: 'claude-agent', messages });
    expect(answer.choices[0]?.message.content).toBe('It said hi.');
    runs.openai.next(calling({ odd__echo: { say: 'hi' } }), saying('It said hi.'));
    const other = await runs.claude.messages.create({ model: 'gpt-agent', max_tokens: 500, messages });
    expect(other.content).toMatchObject([{ type: 'text', text: 'It said hi.' }]);
  });

  it('tell the model of what goes wrong with a call, and go on', async () => {
    runs.openai.next(
      calling({ odd__nowhere: {}, odd__echo: '{"say":', files__read_text_file: { path: '/etc/passwd' } }),
      calling({ odd__huge: { mb: 2 } }),
      saying('I give up.'),
    );
    const answer = await runs.gpt.chat.completions.create({ model: 'gpt-agent', messages });
    expect(answer.choices[0]?.message.content).toBe('I give up.');
    const told = (await sentTo(runs.openai, 2)).messages.slice(2).map(({ content }) => String(content));
    expect(told[0]).toContain('There is no tool "odd__nowhere"');
    expect(told[1]).toContain('The arguments are not JSON');
    expect(told[2]).toContain('Access denied');
    const huge = (await sentTo(runs.openai, 3)).messages.at(-1)?.content as string;
    expect(huge).toContain('mcp_result_too_large');
  });

  it('end after their last round, with what there is', async () => {
    runs.openai.always(calling({ odd__echo: { say: 'again' } }, 'Again.'));
    const { data, response } = await runs.gpt.chat.completions
      .create({ model: 'gpt-agent', messages })
      .withResponse();
    expect(runs.openai.received).toHaveLength(4);
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: 'Again.\n\nAgain.\n\nAgain.\n\nAgain.' },
    });
    expect(response.headers.get('x-headgate-mcp-ended')).toBe('rounds');
  });

  it('end in time, and the tool is told', async () => {
    runs.openai.next(calling({ odd__sleep: { ms: 60_000 } }, 'I wait.'));
    const answer = await runs.gpt.chat.completions.create(
      { model: 'gpt-agent', messages },
      { headers: { 'x-headgate-timeout': '700ms' } },
    );
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'I wait.' } });
    expect(runs.records.find(({ operation }) => operation === 'tool')).toMatchObject({
      outcome: 'client-closed',
    });
  });

  it('hand over when the client’s own tools are called too', async () => {
    const own = { type: 'function' as const, function: { name: 'mine', parameters: { type: 'object' } } };
    runs.openai.next(calling({ odd__echo: { say: 'hi' }, mine: {} }));
    const answer = await runs.gpt.chat.completions.create({ model: 'gpt-agent', messages, tools: [own] });
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
    const names = answer.choices[0]?.message.tool_calls?.map(
      (call) => call.type === 'function' && call.function.name,
    );
    expect(names).toEqual(['odd__echo', 'mine']);
  });

  it('fail as requests do when the model cannot be asked', async () => {
    runs.openai.next(calling({ odd__echo: { say: 'hi' } }), { status: 500 });
    const asked = runs.gpt.chat.completions.create({ model: 'gpt-agent', messages });
    await expect(asked).rejects.toMatchObject({ status: 500 });
    expect(runs.records.at(-1)).toMatchObject({ operation: 'run', outcome: 'error' });
  });

  it('stop their tools and the model when the client leaves', async () => {
    runs.openai.next(calling({ odd__sleep: { ms: 60_000 } }, 'I wait.'));
    const leaving = new AbortController();
    const stream = await runs.gpt.chat.completions.create(
      { model: 'gpt-agent', messages, stream: true },
      { signal: leaving.signal },
    );
    const read = (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content?.includes('wait') === true) break;
      leaving.abort();
    })();
    await read;
    await expect
      .poll(() => runs.records.map(({ operation, outcome }) => `${operation} ${outcome}`))
      .toEqual(['chat ok', 'tool client-closed', 'run client-closed']);
  });

  it('wait for their client before a call that needs it, and go on once', async () => {
    const target = join(runs.folder, 'new.txt');
    const headers = { 'x-headgate-mcp': 'files', 'x-headgate-mcp-mode': 'agent' };
    runs.openai.next(calling({ ...note(), files__write_file: { path: target, content: 'ok' } }, 'I write.'));
    const { data, response } = await runs.gpt.chat.completions
      .create({ model: 'gpt', messages }, { headers })
      .withResponse();
    const [call] = data.choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({ function: { name: 'files__write_file' } });
    expect(data.choices[0]?.message.tool_calls).toHaveLength(1);
    const id = response.headers.get('x-headgate-run') ?? '';
    expect(id).toMatch(/^run_hg_/);
    const again = (client: Runs['gpt'], approve: string) =>
      client.chat.completions.create(
        { model: 'gpt', messages },
        { headers: { ...headers, 'x-headgate-run': id, 'x-headgate-approve': approve } },
      );
    await expect(again(runs.other, 'all')).rejects.toMatchObject({ status: 404, code: 'mcp_run_unknown' });
    await expect(again(runs.gpt, 'call_of_nobody')).rejects.toMatchObject({ status: 400 });
    runs.openai.next(saying('It is written.'));
    const answer = await again(runs.gpt, call?.id ?? '');
    expect(answer.choices[0]?.message.content).toBe('It is written.');
    const told = (await sentTo(runs.openai, 2)).messages;
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(told[3]?.content).toContain('Successfully wrote');
    await expect(again(runs.gpt, 'all')).rejects.toMatchObject({ status: 404 });
  });

  it('tell the model when the client does not agree', async () => {
    const headers = { 'x-headgate-mcp': 'odd', 'x-headgate-mcp-mode': 'agent' };
    const body = { model: 'claude', max_tokens: 100, messages };
    runs.anthropic.next(calling({ odd__read: {} }));
    const { data, response } = await runs.claude.messages.create(body, { headers }).withResponse();
    expect(data).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'odd__read' }],
    });
    runs.anthropic.next(saying('Then not.'));
    const id = response.headers.get('x-headgate-run') ?? '';
    const more = { ...headers, 'x-headgate-run': id, 'x-headgate-approve': 'none' };
    const answer = await runs.claude.messages.create(body, { headers: more });
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Then not.' }]);
    const { messages: told } = await sentTo(runs.anthropic, 2);
    expect(JSON.stringify(told.at(-1))).toContain('did not agree');
    expect(runs.records.some(({ operation }) => operation === 'tool')).toBe(false);
  });

  it('stop when what they may cost is spent', async () => {
    // The price of a call, and so of the first round, is over this.
    const dear = await startRuns({ runs: { usd: 0.2 } });
    try {
      dear.openai.always(calling({ odd__echo: { say: 'again' } }, 'Again.'));
      const { data, response } = await dear.gpt.chat.completions
        .create({ model: 'gpt-agent', messages })
        .withResponse();
      expect(data.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Again.' } });
      expect(response.headers.get('x-headgate-mcp-ended')).toBe('money');
      expect(dear.openai.received).toHaveLength(1);
    } finally {
      await dear.close();
    }
  });

  it('are held by the budget of their key, round by round', async () => {
    runs.openai.always(calling({ odd__echo: { say: 'again' } }));
    const client = runs.gpt.withOptions({ apiKey: POOR_KEY });
    const asked = client.chat.completions.create({ model: 'gpt-agent', messages, max_tokens: 10 });
    await expect(asked).rejects.toMatchObject({ status: 402 });
    // The first call has spent it.
    expect(runs.openai.received).toHaveLength(1);
    expect(runs.records.filter(({ operation }) => operation === 'tool')).toMatchObject([
      { costNano: 250_000_000 },
    ]);
  });

  it('have one answer', async () => {
    const asked = runs.gpt.chat.completions.create({ model: 'gpt-agent', messages, n: 2 });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'mcp_run_choices' });
  });
});
