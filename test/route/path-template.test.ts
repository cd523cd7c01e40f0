import { expect, it } from 'vitest';
import { compilePath, isPlain } from '../../core/route/path-template.js';

it('a path without a model is the same whole and streamed', () => {
  expect(isPlain('/chat/completions')).toBe(true);
  expect(compilePath('/chat/completions', 'm')).toEqual({
    whole: '/chat/completions',
    streamed: '/chat/completions',
  });
});

it('the model is percent-encoded, and the last word follows the stream', () => {
  expect(compilePath('/model/{model}/{converse|converse-stream}', 'us.claude:0/x')).toEqual({
    whole: '/model/us.claude%3A0%2Fx/converse',
    streamed: '/model/us.claude%3A0%2Fx/converse-stream',
  });
});

it('a model that looks like a choice stays a model', () => {
  expect(compilePath('/m/{model}:{a|b?alt=sse}', '{x|y}').streamed).toBe('/m/%7Bx%7Cy%7D:b?alt=sse');
});
