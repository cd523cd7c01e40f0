import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { format, translate } from '../harness.js';

/** What a provider signed or encrypted has to come back to it, whatever API the client speaks, and to no one else. */

const OWN = 'openai-responses';

describe('reasoning of a turn before', () => {
  const item = {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'Think.' }],
    encrypted_content: 'gAAAA',
  };
  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' };
  const answer = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    output: [item, call],
  };

  /** The next turn of a client that sends back what it got, with the result of the call. */
  function nextTurn(client: string): JsonObject {
    const response = format(client).response!.encode(format(OWN).response!.decode(structuredClone(answer)));
    const messages =
      client === 'openai-chat'
        ? [
            { role: 'user', content: 'hi' },
            (response['choices'] as JsonObject[])[0]!['message']!,
            { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
          ]
        : [
            { role: 'user', content: 'hi' },
            { role: 'assistant', content: response['content']! },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
          ];
    return { model: 'm', max_tokens: 100, messages };
  }

  for (const client of ['openai-chat', 'anthropic-messages'])
    it(`that this API encrypted comes back to it through a client of ${client}`, () => {
      const { body, warnings } = translate(client, OWN, nextTurn(client));
      expect((body['input'] as JsonObject[])[1]).toEqual(item);
      expect((body['input'] as JsonObject[])[2]).toEqual(call);
      expect(warnings).toEqual([]);
    });

  it('that Anthropic signed comes back to it through a client of this API', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZW5j' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
    ];
    const response = format(OWN).response!.encode(
      format('anthropic-messages').response!.decode({ id: 'msg_1', content, stop_reason: 'tool_use' }),
    );
    const input = [
      { role: 'user', content: 'hi' },
      ...(response['output'] as JsonObject[]),
      { type: 'function_call_output', call_id: 'toolu_1', output: 'ok' },
    ];
    const { body, warnings } = translate(OWN, 'anthropic-messages', { model: 'm', input });
    expect((body['messages'] as JsonObject[])[1]).toEqual({ role: 'assistant', content });
    expect(warnings).toEqual([]);
  });

  it('is not sent to a provider that did not make it', () => {
    const foreign = { ...item, encrypted_content: 'hg1:{"signature":"c2ln"}' };
    const same = translate(OWN, OWN, { model: 'm', input: [{ role: 'user', content: 'hi' }, foreign] });
    expect(same.body['input']).toEqual([{ role: 'user', content: 'hi' }]);
    expect(same.warnings).toHaveLength(1);
    const there = translate(OWN, 'anthropic-messages', {
      model: 'm',
      input: [{ role: 'user', content: 'hi' }, item, { role: 'assistant', content: 'a' }],
    });
    expect(JSON.stringify(there.body)).not.toContain('openai//');
    expect(there.warnings).toHaveLength(1);
  });
});
