import type { CanonicalError, HeaderList } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import { BAD_CURSOR } from '../store/usage-cursor.js';
import { BadParameter } from './parameters.js';

/** A report as it is sent, or why there is none. */
export type Answer = { contentType: string; body: string; headers?: HeaderList } | { error: CanonicalError };

/** Runs what answers a question; what it throws becomes an error for the client. */
export async function answering(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadParameter)
      return {
        error: { ...canonicalError('invalid_parameter', { why: error.message }), param: error.param },
      };
    const why = error instanceof Error ? error.message : String(error);
    if (why === BAD_CURSOR)
      return { error: { ...canonicalError('invalid_parameter', { why }), param: 'cursor' } };
    return { error: canonicalError('usage_unavailable', { why }) };
  }
}
