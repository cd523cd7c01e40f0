import type { HookTime, SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detailOf } from '../../core/observe/settled-detail.js';
import { OtlpTraces } from '../../core/trace/otlp-traces.js';
import { type ReadSpan, readJsonTraces, readTraces } from '../sinks/trace-proto.js';
import { attempt, settled, usage } from '../store/records.js';

const traces = new OtlpTraces({ 'service.name': 'headgate' }, 'headgate');

function spansOf(...records: SettledRecord[]): ReadSpan[] {
  return [...readTraces(traces.encode(records.map(detailOf)).body).spans];
}

const named = (spans: readonly ReadSpan[], name: string): ReadSpan => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined)
    throw new Error(`no span ${name} among ${spans.map((one) => one.name).join(', ')}`);
  return found;
};

describe('the trace of a request', () => {
  const record = settled({
    time: 1_770_000_000_123,
    stream: true,
    session: 'chat-7',
    user: 'u1',
    team: 'support',
    tags: ['a', 'b'],
    bodyMs: 1,
    checkMs: 1,
    checkedMs: 3.5,
    routedMs: 4,
    usage: usage({ inputTokens: 120, outputTokens: 30, cacheReadTokens: 100, reasoningTokens: 7 }),
    costNano: 1_500_000,
    attempts: [
      attempt({
        provider: 'openai',
        model: 'gpt-4o',
        status: 500,
        error: 'upstream_error',
        startMs: 4,
        ms: 20,
      }),
      attempt({ provider: 'bedrock', model: 'claude', status: 200, error: null, startMs: 24.5, ms: 75 }),
    ],
    provider: 'bedrock',
    targetModel: 'claude',
    totalMs: 100,
    firstByteMs: 60,
    firstTokenMs: 64.5,
    passedOver: [{ provider: 'groq', model: 'llama', why: 'ejected' }],
  });
  const spans = spansOf(record);

  it('has a span for the request, the parts of the gateway and each attempt, with the times of each', () => {
    const start = 1_770_000_000_123_000_000n;
    const times = spans.map(({ name, kind, startNs, endNs }) => [
      name,
      kind,
      Number(startNs - start) / 1e6,
      Number(endNs - start) / 1e6,
    ]);
    expect(times).toEqual([
      ['chat support', 2, 0, 100],
      ['receive', 1, 0, 1],
      ['guards', 1, 1, 3.5],
      ['route', 1, 3.5, 4],
      ['chat gpt-4o', 3, 4, 24],
      ['chat claude', 3, 24.5, 99.5],
    ]);
    const [root, ...others] = spans;
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(others.every(({ parentId }) => parentId === root?.spanId)).toBe(true);
  });

  it('speaks of models in the words of the conventions, and of what was used at the attempt that answered alone', () => {
    expect(named(spans, 'chat claude').attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'aws.bedrock',
      'gen_ai.request.model': 'claude',
      'gen_ai.response.model': 'claude',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 120,
      'gen_ai.usage.output_tokens': 30,
      'gen_ai.usage.cache_read.input_tokens': 100,
      'gen_ai.response.time_to_first_chunk': 0.04,
      'gen_ai.conversation.id': 'chat-7',
      'http.response.status_code': 200,
    });
    const failed = named(spans, 'chat gpt-4o');
    expect(failed).toMatchObject({ error: 'upstream_error', attributes: { 'error.type': 'upstream_error' } });
    expect(Object.keys(failed.attributes).filter((name) => name.startsWith('gen_ai.usage'))).toEqual([]);
    expect(spans[0]?.attributes).toMatchObject({
      'headgate.request.id': record.id,
      'headgate.team': 'support',
      'headgate.tags': ['a', 'b'],
      'headgate.customer': 'acme',
      'headgate.passed_over': ['groq/llama ejected'],
      'headgate.cost_usd': 0.0015,
      'user.id': 'u1',
    });
  });

  it('has a span for each hook of a plugin, below the step that it was in, and ids of their own for any number', () => {
    const hook = (plugin: string, over: Partial<HookTime> = {}): HookTime => ({
      plugin,
      phase: 'request',
      outcome: 'passed',
      startMs: 1,
      ms: 0.5,
      restMs: 0,
      calls: 1,
      ...over,
    });
    const hooks = [
      hook('guard', { startMs: 1, ms: 2 }),
      hook('picker', { phase: 'route', startMs: 3.5, ms: 0.25, outcome: 'changed' }),
      hook('words', { phase: 'event', startMs: 30, ms: 1.5, restMs: 58.5, calls: 40 }),
      ...Array.from({ length: 600 }, (_, i) => hook(`more-${i}`, { phase: 'head' })),
    ];
    const all = spansOf({ ...record, hooks });
    expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(all.length);
    const root = all[0] as ReadSpan;
    const told = ({ parentId, startNs, endNs }: ReadSpan) => [
      parentId,
      Number(startNs - root.startNs) / 1e6,
      Number(endNs - root.startNs) / 1e6,
    ];
    expect(told(named(all, 'plugin guard'))).toEqual([named(all, 'guards').spanId, 1, 3]);
    expect(told(named(all, 'plugin picker'))).toEqual([named(all, 'route').spanId, 3.5, 3.75]);
    expect(told(named(all, 'plugin words'))).toEqual([root.spanId, 30, 90]);
    expect(named(all, 'plugin picker').attributes).toMatchObject({ 'headgate.hook.outcome': 'changed' });
    expect(named(all, 'plugin words').attributes).toEqual({
      'headgate.plugin': 'words',
      'headgate.hook.phase': 'event',
      'headgate.hook.calls': 40,
      'headgate.hook.busy_us': 1500,
    });
  });

  it('goes on from what the client was doing', () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [root] = spansOf(settled({ trace }));
    expect(root).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentId: 'b7ad6b7169203331' });
  });

  it('holds all rounds and calls of tools of a run', () => {
    const run = settled({ operation: 'run', attempts: [], usage: null, costNano: null });
    const round = settled({ id: `${run.id}.1` });
    const call = settled({
      id: `${run.id}.1.1`,
      operation: 'tool',
      model: 'mcp:files/read',
      provider: 'mcp:files',
      targetModel: 'read',
      attempts: [attempt({ provider: 'mcp:files', model: 'read' })],
    });
    const all = spansOf(round, call, run);
    const root = named(all, 'invoke_agent support');
    expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
    expect(named(all, 'chat support').parentId).toBe(root.spanId);
    const tool = named(all, 'execute_tool read');
    expect(tool).toMatchObject({
      parentId: root.spanId,
      attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'read' },
    });
    expect(named(all, 'tools/call read').parentId).toBe(tool.spanId);
  });

  it('says what the answer from a cache was, and what went wrong', () => {
    const hit = spansOf(settled({ cache: 'hit-exact', attempts: [], checkMs: 1, checkedMs: 2 }));
    expect(named(hit, 'cache').attributes).toEqual({ 'headgate.cache': 'hit-exact' });
    const [refused] = spansOf(
      settled({
        outcome: 'error',
        error: 'budget_exceeded',
        errorMessage: 'no money left',
        status: 402,
        attempts: [],
      }),
    );
    expect(refused).toMatchObject({
      error: 'no money left',
      attributes: { 'error.type': 'budget_exceeded', 'http.response.status_code': 402 },
    });
  });
});

describe('the two encodings of traces', () => {
  it('say the same, whatever is in a record', () => {
    fc.assert(
      fc.property(
        fc.record({
          model: fc.string({ unit: 'grapheme', maxLength: 300 }),
          customer: fc.string({ unit: 'binary', maxLength: 40 }),
          tags: fc.array(fc.string(), { maxLength: 4 }),
          costNano: fc.option(fc.integer({ min: 0, max: 2 ** 45 })),
          totalMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
          time: fc.integer({ min: 0, max: 4e12 }),
        }),
        (over) => {
          const detail = detailOf(settled(over));
          const resource = { 'service.namespace': over.model };
          const json = traces.encode([detail, detail], { encoding: 'json', resource });
          const proto = traces.encode([detail, detail], { resource });
          expect(readTraces(proto.body)).toEqual(readJsonTraces(Buffer.from(json.body).toString('utf8')));
        },
      ),
    );
  });

  it('take what a vendor wants to see beside', () => {
    const { body } = traces.encode([detailOf(settled())], {
      attributes: ({ record }, role) =>
        role === 'request' ? { 'vendor.user': record.customer, none: undefined } : null,
    });
    const [root, ...others] = readTraces(body).spans;
    expect(root?.attributes).toMatchObject({ 'vendor.user': 'acme' });
    expect(root?.attributes).not.toHaveProperty('none');
    expect(others.some(({ attributes }) => 'vendor.user' in attributes)).toBe(false);
  });
});
