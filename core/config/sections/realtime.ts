import { z } from 'zod';
import { duration } from '../duration.js';
import { size } from '../size.js';

/** Sessions over WebSockets. */
export const realtimeSection = z.strictObject({
  message_limit: size(256 * 1024 ** 2)
    .prefault('21mb')
    .describe(
      'Largest message, either way; a larger one closes the socket with 1009. The default holds the 15 MiB of audio that ' +
        'OpenAI takes in one event. Counts from the next start on.',
    ),
  handshake_timeout: duration()
    .prefault('15s')
    .describe(
      'Until a provider has accepted the WebSocket, for each try; also until the client has named its model.',
    ),
  idle_timeout: duration()
    .prefault('15m')
    .describe('Longest time without a message either way; then the socket is closed with 1001.'),
  max_duration: duration()
    .prefault('65m')
    .describe(
      'Longest session; then the socket is closed with 1001. OpenAI itself ends sessions after 60 minutes.',
    ),
});
