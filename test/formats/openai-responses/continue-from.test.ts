import type { JsonObject } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { continueFrom } from '../../../plugins/formats/openai-responses/continue-from.js';

const answer: JsonObject = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
};

describe('the next turn of a stored answer', () => {
  it('has what was asked, what was answered and what is asked now', () => {
    expect(continueFrom({ input: 'hello', output: [answer] }, 'and now?')).toEqual([
      { type: 'message', role: 'user', content: 'hello' },
      answer,
      { type: 'message', role: 'user', content: 'and now?' },
    ]);
  });

  it('can be continued in its turn, by the items of the last link', () => {
    const first = continueFrom({ input: 'hello', output: [answer] }, [{ role: 'user', content: 'two' }]);
    const second = continueFrom({ input: first, output: [{ ...answer, id: 'msg_2' }] }, 'three');
    expect(second.map((item) => item['content'])).toEqual([
      'hello',
      answer['content'],
      'two',
      answer['content'],
      'three',
    ]);
  });

  it('names no item twice', () => {
    const next = [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_9' }, { role: 'user', content: 'x' }];
    expect(continueFrom({ input: [], output: [answer] }, next)).toEqual([
      answer,
      { id: 'msg_9' },
      { role: 'user', content: 'x' },
    ]);
  });

  it('may ask nothing new, and changes nothing that is stored', () => {
    const stored = { input: [{ role: 'user', content: 'hi' }], output: [answer] };
    const before = structuredClone(stored);
    expect(continueFrom(stored)).toEqual([...stored.input, answer]);
    expect(stored).toEqual(before);
  });

  it('is refused when the new input is neither text nor a list', () => {
    expect(() => continueFrom({ input: 'a', output: [] }, { role: 'user' })).toThrow(MalformedBody);
    expect(() => continueFrom({ input: 'a', output: [] }, ['b'])).toThrow("'input[0]' must be an object");
  });
});
