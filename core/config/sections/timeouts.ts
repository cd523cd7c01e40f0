import { z } from 'zod';
import { duration } from '../duration.js';

/** Limits on one attempt at a provider. No zod defaults: model, then provider, then {@link DEFAULT_TIMEOUTS} decide. */
export const timeoutsSection = z.strictObject({
  connect: duration().optional().describe('Until the connection stands. Default `5s`.'),
  first_byte: duration()
    .optional()
    .describe(
      'From the request until the first byte of the answer. Default `5m`: an unstreamed answer may take long.',
    ),
  idle: duration().optional().describe('Longest silence within an answer that has begun. Default `2m`.'),
  total: duration().optional().describe('The whole request, all attempts together. Default `10m`.'),
});

/** Milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = Object.freeze({
  connectMs: 5_000,
  firstByteMs: 300_000,
  idleMs: 120_000,
  totalMs: 600_000,
});

type Given = z.output<typeof timeoutsSection> | undefined;

/** What is given, over `base` for the rest. */
export function resolveTimeouts(given: Given, base: Timeouts): Timeouts {
  return {
    connectMs: given?.connect ?? base.connectMs,
    firstByteMs: given?.first_byte ?? base.firstByteMs,
    idleMs: given?.idle ?? base.idleMs,
    totalMs: given?.total ?? base.totalMs,
  };
}
