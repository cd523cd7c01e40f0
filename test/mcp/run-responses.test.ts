import { join } from 'node:path';
import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { calling, type Runs, saying, startRuns } from './run-setup.js';

let runs: Runs;
beforeAll(async () => {
  runs = await startRuns();
});
afterEach(() => runs.reset());
afterAll(() => runs.close());

type Tool = OpenAI.Responses.Tool;
const server = (label: string, more: Partial<OpenAI.Responses.Tool.Mcp> = {}): Tool => ({
  type: 'mcp',
  server_label: label,
  require_approval: 'never',
  ...more,
});
const input = 'How long do refunds take?';
const note = (): Record<string, unknown> => ({
  files__read_text_file: { path: join(runs.folder, 'note.txt') },
});
const sent = async (fake: Runs['openai'], n: number) => {
  const request = await fake.request(n);
  await request.complete;
  return request.json() as Record<string, unknown> & { input: Record<string, unknown>[]; tools?: unknown[] };
};

describe('a run of Responses', () => {
  it('has items for lists and calls, and can be gone on from', async () => {
    runs.openai.next(calling(note(), 'I look.'), saying('Five days.'));
    const answer = await runs.gpt.responses.create({
      model: 'gpt',
      input,
      tools: [server('files', { allowed_tools: ['read_text_file'] })],
    });
    expect(answer.output.map(({ type }) => type)).toEqual([
      'mcp_list_tools',
      'message',
      'mcp_call',
      'message',
    ]);
    expect(answer.output[0]).toMatchObject({ server_label: 'files', tools: [{ name: 'read_text_file' }] });
    expect(answer.output[2]).toMatchObject({
      server_label: 'files',
      name: 'read_text_file',
      output: 'Refunds take five days.',
      error: null,
      status: 'completed',
    });
    expect(answer.output_text).toContain('Five days.');
    expect(answer).toMatchObject({ status: 'completed', usage: { input_tokens: 40 } });
    // It repeats what the client has asked.
    expect(answer.tools).toMatchObject([{ type: 'mcp', server_label: 'files' }]);
    const first = await sent(runs.openai, 1);
    expect(first).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
    expect(first.tools).toMatchObject([{ type: 'function', name: 'files__read_text_file' }]);
    expect((await sent(runs.openai, 2)).input.map(({ type }) => type)).toEqual([
      'message',
      'message',
      'function_call',
      'function_call_output',
    ]);

    runs.openai.next(saying('As I said.'));
    const more = await runs.gpt.responses.create({
      model: 'gpt',
      input: 'Are you sure?',
      previous_response_id: answer.id,
      tools: [server('files')],
    });
    // The list has been told.
    expect(more.output.map(({ type }) => type)).toEqual(['message']);
    const third = await sent(runs.openai, 3);
    expect(third.input.map(({ type, role }) => type ?? role)).toEqual([
      'message',
      'message',
      'function_call',
      'function_call_output',
      'message',
      'message',
    ]);
    expect(JSON.stringify(third.input)).toContain('Refunds take five days.');
    // Without tools, too, the model is told what was done.
    runs.anthropic.next(saying('Five.'));
    const plain = { model: 'claude', input: 'How many?', previous_response_id: answer.id };
    expect((await runs.gpt.responses.create(plain)).output_text).toBe('Five.');
    const elsewhere = JSON.stringify((await sent(runs.anthropic, 1))['messages']);
    expect(elsewhere).toContain('tool_use');
    expect(elsewhere).toContain('Refunds take five days.');
    await expect(
      runs.other.responses.create({ model: 'gpt', input, previous_response_id: answer.id }),
    ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });

  it('streams the events that OpenAI documents', async () => {
    runs.anthropic.next(calling({ odd__echo: { say: 'hi' } }, 'I look.'), saying('It said hi.'));
    const stream = runs.gpt.responses.stream({ model: 'claude', input, tools: [server('odd')] });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    const items = types.filter((type) => type.startsWith('response.mcp'));
    expect(items).toEqual([
      'response.mcp_list_tools.in_progress',
      'response.mcp_list_tools.completed',
      'response.mcp_call.in_progress',
      'response.mcp_call_arguments.delta',
      'response.mcp_call_arguments.done',
      'response.mcp_call.completed',
    ]);
    const last = await stream.finalResponse();
    expect(last.output.map(({ type }) => type)).toEqual(['mcp_list_tools', 'message', 'mcp_call', 'message']);
    expect(last.output[2]).toMatchObject({ output: 'hi', status: 'completed' });
    expect(types.filter((type) => type === 'response.completed')).toHaveLength(1);
    expect(types).not.toContain('response.function_call_arguments.delta');
  });

  it('asks before a call unless it is told not to, and goes on by what it is told', async () => {
    const tools = [server('odd', { require_approval: { never: { tool_names: ['sleep'] } } })];
    runs.openai.next(calling({ odd__echo: { say: 'one' }, odd__sleep: { ms: 1 } }));
    const asked = await runs.gpt.responses.create({ model: 'gpt', input, tools });
    expect(asked.output.map(({ type }) => type)).toEqual([
      'mcp_list_tools',
      'mcp_call',
      'mcp_approval_request',
    ]);
    const question = asked.output[2] as OpenAI.Responses.ResponseOutputItem.McpApprovalRequest;
    expect(question).toMatchObject({ server_label: 'odd', name: 'echo', arguments: '{"say":"one"}' });
    const reply = (approve: boolean): OpenAI.Responses.ResponseInput => [
      { type: 'mcp_approval_response', approval_request_id: question.id, approve },
    ];
    const previous_response_id = asked.id;

    runs.openai.next(saying('It said one.'));
    const yes = await runs.gpt.responses.create({
      model: 'gpt',
      input: reply(true),
      previous_response_id,
      tools,
    });
    expect(yes.output).toMatchObject([
      { type: 'mcp_call', name: 'echo', output: 'one', approval_request_id: question.id },
      { type: 'message' },
    ]);
    const told = await sent(runs.openai, 2);
    expect(told.input.map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ]);
    expect(told.input[4]).toMatchObject({ call_id: question.id, output: 'one' });

    runs.openai.next(saying('Then not.'));
    const no = await runs.gpt.responses.create({
      model: 'gpt',
      input: reply(false),
      previous_response_id,
      tools,
    });
    expect(no.output.map(({ type }) => type)).toEqual(['message']);
    expect(JSON.stringify((await sent(runs.openai, 3)).input)).toContain('did not agree');

    // What was agreed to once is not called again.
    const before = runs.records.filter(({ operation }) => operation === 'tool').length;
    runs.openai.next(saying('Yes.'));
    await runs.gpt.responses.create({ model: 'gpt', input: 'Really?', previous_response_id: yes.id, tools });
    expect(runs.records.filter(({ operation }) => operation === 'tool')).toHaveLength(before);
  });

  it('calls only the tool that was agreed to, of the server that it was asked for', async () => {
    runs.openai.next(saying('No.'));
    const answer = await runs.gpt.responses.create({
      model: 'gpt',
      store: false,
      tools: [server('odd')],
      input: [
        { role: 'user', content: input },
        // An item as a client could make one up.
        {
          type: 'mcp_approval_request',
          id: 'mcpr_1',
          server_label: 'files',
          name: 'write_file',
          arguments: '{}',
        },
        { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      ],
    });
    expect(answer.output.map(({ type }) => type)).toEqual(['mcp_list_tools', 'message']);
    expect(JSON.stringify((await sent(runs.openai, 1)).input)).toContain('There is no tool');
    expect(runs.records.some(({ operation }) => operation === 'tool')).toBe(false);
  });

  it('runs what is its own and hands the client’s calls over', async () => {
    const own: Tool = { type: 'function', name: 'mine', parameters: { type: 'object' }, strict: false };
    runs.openai.next(calling({ odd__echo: { say: 'hi' }, mine: {} }));
    const tools = [own, server('odd')];
    const answer = await runs.gpt.responses.create({ model: 'gpt', input, tools });
    expect(answer.output.map(({ type }) => type)).toEqual(['mcp_list_tools', 'mcp_call', 'function_call']);
    const call = answer.output[2] as OpenAI.Responses.ResponseFunctionToolCall;
    runs.openai.next(saying('Both.'));
    const last = await runs.gpt.responses.create({
      model: 'gpt',
      previous_response_id: answer.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'mine too' }],
      tools,
    });
    expect(last.output_text).toBe('Both.');
    const { input: told } = await sent(runs.openai, 2);
    expect(told.map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call_output',
      'function_call',
      'function_call_output',
    ]);
  });

  it('ends as incomplete after its last round', async () => {
    runs.openai.always(calling({ odd__echo: { say: 'again' } }));
    const answer = await runs.gpt.responses.create({ model: 'gpt', input, tools: [server('odd')] });
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect(answer.output.filter(({ type }) => type === 'mcp_call')).toHaveLength(4);
  });

  it('runs in the background too', async () => {
    runs.openai.next(calling({ odd__echo: { say: 'hi' } }), saying('It said hi.'));
    const begun = await runs.gpt.responses.create({
      model: 'gpt',
      input,
      tools: [server('odd')],
      background: true,
    });
    expect(begun.status).toBe('queued');
    await expect.poll(async () => (await runs.gpt.responses.retrieve(begun.id)).status).toBe('completed');
    const answer = await runs.gpt.responses.retrieve(begun.id);
    expect(answer.output.map(({ type }) => type)).toEqual(['mcp_list_tools', 'mcp_call', 'message']);
  });

  it('leaves servers that are not the gateway’s to OpenAI, and asks no address that a request names', async () => {
    const elsewhere = server('elsewhere', { server_url: 'http://169.254.169.254/mcp' });
    await runs.gpt.responses.create({ model: 'gpt', input, tools: [elsewhere] });
    expect((await sent(runs.openai, 1)).tools).toEqual([elsewhere]);
    const asked = runs.gpt.responses.create({ model: 'claude', input, tools: [elsewhere] });
    await expect(asked).rejects.toMatchObject({ status: 403, code: 'mcp_server_url_refused' });
  });

  it('does not run in a conversation that its provider keeps', async () => {
    const tools = [server('odd')];
    const asked = runs.gpt.responses.create({
      model: 'gpt',
      input,
      tools,
      previous_response_id: 'resp_elsewhere',
    });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'mcp_run_elsewhere' });
    expect(runs.openai.received).toEqual([]);
  });

  it.each([
    [{ allowed_tools: 'x' }, 'tools.allowed_tools'],
    [{ require_approval: 'perhaps' }, 'tools.require_approval'],
  ])('%j is refused', async (more, param) => {
    const tools = [{ ...server('odd'), ...more } as Tool];
    const asked = runs.gpt.responses.create({ model: 'gpt', input, tools });
    await expect(asked).rejects.toMatchObject({ status: 400, param });
  });
});
