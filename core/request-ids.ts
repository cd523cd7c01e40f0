import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Ids that are unique over threads, restarts and nodes and sort by time: 9 digits of milliseconds, 5 of a counter,
 * 10 random ones of this thread, all base 32.
 */
export class RequestIds {
  private readonly thread: string;
  private count = 0;
  private lastMs = 0;
  private lastText = '';

  constructor(private readonly now: () => number = Date.now) {
    this.thread = [...randomBytes(10)].map((byte) => DIGITS[byte & 31]).join('');
  }

  next(): string {
    const ms = this.now();
    if (ms !== this.lastMs) {
      this.lastMs = ms;
      this.lastText = base32(ms, 9);
    }
    this.count = (this.count + 1) % 0x2000000;
    return `req_${this.lastText}${base32(this.count, 5)}${this.thread}`;
  }
}

/** Unix milliseconds at which an id was made; null when it is none of ours. Parts of a run have more behind a dot. */
export function arrivalOf(id: string): number | null {
  const [, digits] = /^req_([0-9a-z]{9})[0-9a-z]{15}(?:\.[\w.]{1,32})?$/.exec(id) ?? [];
  if (digits === undefined) return null;
  let ms = 0;
  for (const digit of digits) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return null;
    ms = ms * 32 + value;
  }
  return ms;
}

function base32(value: number, digits: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < digits; i++) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
