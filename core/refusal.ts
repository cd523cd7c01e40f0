import type { Verdict } from '@headgate/sdk';
import type { Failure } from './failure.js';
import { inflatedText } from './upstream/inflate.js';

/** Most of an error answer that is kept. */
const MAX_BYTES = 64 * 1024;

/** An error answer while its body arrives, and what will be done once it is there. */
export class Refusal {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(
    readonly failure: Failure,
    readonly verdict: Verdict,
  ) {}

  /** True when that is enough. */
  keep(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.size += chunk.length;
    return this.size >= MAX_BYTES;
  }

  /** The failure with all of its body that came. */
  complete(): Failure {
    this.failure.body = inflatedText(Buffer.concat(this.chunks), this.failure.headers);
    return this.failure;
  }
}
