import { createHash } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Ids that look like a provider's. They come from a seed, the request's number in its thread: the same run gives the
 * same ids, and two requests never share one.
 */
export class Ids {
  #round = 0;
  constructor(private readonly seed: string) {}

  next(prefix: string, length: number): string {
    const bytes = createHash('sha256')
      .update(`${this.seed}:${prefix}:${this.#round++}`)
      .digest();
    let id = prefix;
    for (let i = 0; i < length; i++) id += alphabet[(bytes[i % bytes.length] as number) % alphabet.length];
    return id;
  }

  hex(prefix: string, length: number): string {
    const text = createHash('sha256')
      .update(`${this.seed}:${prefix}:${this.#round++}`)
      .digest('hex');
    return prefix + text.slice(0, length);
  }
}
