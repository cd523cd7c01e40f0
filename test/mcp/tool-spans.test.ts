import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { until } from '../gateway/embedded.js';
import { type ReadSpan, readTraces } from '../sinks/trace-proto.js';
import { startVendor, type VendorServer } from '../sinks/vendor-server.js';
import { calling, KEY, type Runs, saying, startRuns } from './run-setup.js';

const SLEEP_MS = 150;
/** Timers may be early by a part of a millisecond. */
const EARLY_MS = 2;

let collector: VendorServer;
let runs: Runs;
beforeAll(async () => {
  collector = await startVendor();
  runs = await startRuns(
    {},
    {},
    {
      observability: {
        log_level: 'error',
        otlp: [{ url: collector.url, metrics: false, batch: { wait: '10ms' } }],
      },
    },
  );
});
afterEach(() => {
  runs.reset();
  collector.received.length = 0;
});
afterAll(async () => {
  await runs.close();
  await collector.close();
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const messages = [{ role: 'user' as const, content: 'How long do refunds take?' }];

/** Those of one trace, once the collector has its root. */
async function spansBelow(isRoot: (span: ReadSpan) => boolean): Promise<ReadSpan[]> {
  let spans: ReadSpan[] = [];
  await expect
    .poll(
      () => {
        const all = collector.received.flatMap(({ body }) => [...readTraces(body).spans]);
        const traceId = all.find(isRoot)?.traceId;
        spans = all.filter((span) => span.traceId === traceId);
        return traceId !== undefined;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  return spans;
}
const isRun = ({ name }: ReadSpan): boolean => name.startsWith('invoke_agent');
const msOf = ({ startNs, endNs }: ReadSpan): number => Number(endNs - startNs) / 1e6;

/** The call of a tool, and what its server was asked. */
function callIn(spans: readonly ReadSpan[], tool: string): { call: ReadSpan; server: ReadSpan | undefined } {
  const [call, ...more] = spans.filter(
    ({ name, attributes }) => name.startsWith('execute_tool') && attributes['gen_ai.tool.name'] === tool,
  );
  expect([tool, call === undefined, more.length]).toEqual([tool, false, 0]);
  const { spanId } = call as ReadSpan;
  const server = spans.find(({ parentId, kind }) => parentId === spanId && kind === 3);
  return { call: call as ReadSpan, server };
}

it('each call of a run has a span below it, and one of what its server did, with time and error', async () => {
  runs.openai.next(
    calling({
      odd__echo: { say: 'hi' },
      odd__sleep: { ms: SLEEP_MS },
      files__read_text_file: { path: '/etc/passwd' },
      odd__fail: {},
    }),
    saying('I give up.'),
  );
  await runs.gpt.chat.completions.create({ model: 'gpt-agent', messages });
  const spans = await spansBelow(isRun);
  const root = spans.find(isRun) as ReadSpan;

  for (const tool of ['echo', 'sleep', 'read_text_file', 'fail']) {
    const { call, server } = callIn(spans, tool);
    expect([tool, call.parentId]).toEqual([tool, root.spanId]);
    expect(server).toMatchObject({
      name: `tools/call ${tool}`,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool },
    });
    expect(Number((server as ReadSpan).startNs - call.startNs)).toBeGreaterThanOrEqual(0);
    expect(Number(call.endNs - (server as ReadSpan).endNs)).toBeGreaterThanOrEqual(0);
  }
  expect(callIn(spans, 'echo').call.error).toBeNull();
  expect(callIn(spans, 'echo').server?.error).toBeNull();
  const slept = callIn(spans, 'sleep');
  expect(msOf(slept.server as ReadSpan)).toBeGreaterThanOrEqual(SLEEP_MS - EARLY_MS);
  expect(msOf(slept.call)).toBeGreaterThanOrEqual(SLEEP_MS - EARLY_MS);

  // The call went well, but what the tool says of itself is that it has failed.
  for (const span of Object.values(callIn(spans, 'read_text_file'))) {
    expect(span).toMatchObject({
      error: expect.stringContaining('failed'),
      attributes: { 'error.type': 'tool_error' },
    });
    expect(span?.attributes).toMatchObject({ 'http.response.status_code': 200 });
    expect(span?.attributes).not.toHaveProperty('gen_ai.response.finish_reasons');
  }
  expect(runs.records.find(({ targetModel }) => targetModel === 'read_text_file')).toMatchObject({
    outcome: 'ok',
    finish: 'tool_error',
  });
  // The protocol's own error is one of the call.
  const broken = callIn(spans, 'fail');
  expect(broken.call.attributes['error.type']).toBe('mcp_call_failed');
  expect(broken.server).toMatchObject({ attributes: { 'error.type': 'mcp_call_failed' } });
  expect(broken.call.error).not.toBeNull();
});

it('so has a call that was not made, without one of its server', async () => {
  runs.openai.next(calling({ odd__echo: { say: 1 } }), saying('I give up.'));
  await runs.gpt.chat.completions.create({ model: 'gpt-agent', messages });
  const spans = await spansBelow(isRun);
  const call = spans.find(({ name }) => name.startsWith('execute_tool'));
  expect(call).toMatchObject({ attributes: { 'error.type': 'mcp_arguments_invalid' } });
  expect(spans.some(({ name }) => name.startsWith('tools/call'))).toBe(false);
});

it('of a call whose client leaves, the time of the server until then is known', async () => {
  runs.openai.next(calling({ odd__sleep: { ms: 60_000 } }));
  const noted = (word: string): number => readFileSync(join(runs.folder, 'log'), 'utf8').split(word).length;
  const [asked, told] = [noted('call sleep'), noted('cancelled')];
  const leaving = new AbortController();
  const run = runs.gpt.chat.completions.create({ model: 'gpt-agent', messages }, { signal: leaving.signal });
  run.catch(() => {});
  await until('the server is asked', () => noted('call sleep') > asked);
  leaving.abort();
  await expect(run).rejects.toThrow();
  await until('the server is told', () => noted('cancelled') > told);
  const spans = await spansBelow(isRun);
  const { call, server } = callIn(spans, 'sleep');
  expect(call.error).toContain('the client left');
  expect(server).toMatchObject({ name: 'tools/call sleep' });
  expect(msOf(server as ReadSpan)).toBeGreaterThan(0);
});

it('a call at /mcp has them in the trace of its client', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const ask = async (tool: string, args: object, meta: object = {}): Promise<void> => {
    const answer = await runs.gateway.fetch('/mcp', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': tool,
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: tool, arguments: args, _meta: { ...META, ...meta } },
      }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  await ask('odd__sleep', { ms: SLEEP_MS });
  // Where a client says in the call itself what it was doing, that is nearer.
  await ask(
    'files__read_text_file',
    { path: '/etc/passwd' },
    { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  );
  const isLast = ({ attributes, name }: ReadSpan): boolean =>
    name.startsWith('execute_tool') && attributes['gen_ai.tool.name'] === 'read_text_file';
  const spans = await spansBelow(isLast);
  const slept = callIn(spans, 'sleep');
  expect(slept.call).toMatchObject({ traceId, parentId: 'b7ad6b7169203331', error: null });
  expect(msOf(slept.server as ReadSpan)).toBeGreaterThanOrEqual(SLEEP_MS - EARLY_MS);
  const failed = callIn(spans, 'read_text_file');
  expect(failed.call).toMatchObject({ traceId, parentId: '00f067aa0ba902b7' });
  expect(failed.call.attributes['error.type']).toBe('tool_error');
  expect(failed.server?.attributes['error.type']).toBe('tool_error');
});
