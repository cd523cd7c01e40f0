import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { name, number, some, text, withExtra } from './json.js';

/** Valid requests of `POST /v1/completions`, with unknown members. */
export const openaiCompletionsRequest: fc.Arbitrary<JsonObject> = withExtra(
  some(
    {
      model: name,
      prompt: fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
      temperature: number,
      top_p: number,
      frequency_penalty: number,
      presence_penalty: number,
      seed: fc.integer(),
      stop: fc.array(text, { minLength: 1, maxLength: 4 }),
      logprobs: fc.nat(5),
      logit_bias: fc.dictionary(fc.stringMatching(/^[0-9]{1,4}$/), fc.integer({ min: -100, max: 100 }), {
        noNullPrototype: true,
      }),
      max_tokens: fc.nat(9999),
      n: fc.integer({ min: 1, max: 4 }),
      best_of: fc.nat(5),
      echo: fc.boolean(),
      suffix: text,
      user: text,
      stream_options: fc.record({ include_usage: fc.boolean() }),
    },
    ['model', 'prompt'],
  ),
).map((body) => JSON.parse(JSON.stringify(body)) as JsonObject);
