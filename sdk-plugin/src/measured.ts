import type { Measure } from './chain.js';
import type { UsedSoFar } from './host.js';

/** How much of a measure was used. */
export function measured(measure: Measure, used: UsedSoFar): number {
  switch (measure) {
    case 'requests':
      return used.requests;
    case 'input_tokens':
      return used.inputTokens;
    case 'output_tokens':
      return used.outputTokens;
    case 'total_tokens':
      return used.inputTokens + used.outputTokens;
    case 'nanos':
      return used.nanos;
  }
}
