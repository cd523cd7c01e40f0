import { z } from 'zod';
import { duration } from '../duration.js';
import { size } from '../size.js';

/** A year; what a timer can wait has nothing to do with it. */
const LONGEST_KEEP_MS = 365 * 86_400_000;

/** State of OpenAI's Responses where the provider has none. */
export const responsesSection = z.strictObject({
  store: z
    .boolean()
    .default(true)
    .describe(
      'Keep responses of providers that do not keep them, with their conversation, unless the request says `store: false`. ' +
        'Needed for `previous_response_id` and `background` there. What was kept before stays readable until it expires.',
    ),
  keep: duration(LONGEST_KEEP_MS)
    .prefault('30d')
    .describe('How long a response is kept. Then it is deleted. For those kept from now on.'),
  max_bytes: size(64 * 1024 ** 2)
    .prefault('10mb')
    .describe(
      'Largest response that is kept, with all of its conversation. A larger one is answered and not kept: it says `store: false`, or, where only the answer was too large, is not found later.',
    ),
  max_total: size(1024 * 1024 ** 3)
    .prefault('1gb')
    .describe('All that is kept. Beyond it the oldest responses are deleted, within a minute or so.'),
});
