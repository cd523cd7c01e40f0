/** What stands in a text in place of what must not be there. */
export const mask = '[hidden]';

/**
 * An e-mail address: a local part of letters, digits and the signs that occur in real ones, and a domain of at least two
 * labels. Every repetition has a bound, so that a long line of letters costs no more than its length.
 */
const address = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}\p{N}-]{0,62}[\p{L}\p{N}]/gu;

/** Code units that the longest address can take, with every character taking two. */
const longest = 2 * (64 + 1 + 8 * 64 + 63);

/** A code unit that an address can hold. Halves of a character count: alone they cannot be judged. */
const inAddress = /[\p{L}\p{N}._%+@\p{Cs}-]/u;

/**
 * Masks e-mail addresses in a text that arrives in pieces. What may be the beginning of an address is held back until the
 * next piece shows what it is; the result is the same for every way to cut the text.
 */
export class Masker {
  private held = '';

  /** The text that can be sent now. */
  push(piece: string): string {
    const text = this.held + piece;
    return this.release(text, holdFrom(text));
  }

  /** The rest: nothing more comes. */
  end(): string {
    return this.release(this.held, this.held.length);
  }

  private release(text: string, from: number): string {
    let out = '';
    let done = 0;
    for (const found of text.matchAll(address)) {
      if (found.index >= from) break;
      out += text.slice(done, found.index) + mask;
      done = found.index + found[0].length;
    }
    // Within a very long word the limit may fall into an address; then all of the address is dealt with now.
    const until = Math.max(done, from);
    this.held = text.slice(until);
    return out + text.slice(done, until);
  }
}

/** Where the last word begins, or as much of it as an address could take. */
function holdFrom(text: string): number {
  const limit = Math.max(0, text.length - longest);
  let from = text.length;
  while (from > limit && inAddress.test(text.charAt(from - 1))) from--;
  const cutsCharacter = /[\uD800-\uDBFF]/.test(text.charAt(from - 1)) && from === limit;
  return cutsCharacter ? from - 1 : from;
}
