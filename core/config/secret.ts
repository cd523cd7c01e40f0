import { inspect } from 'node:util';

/** What is shown wherever a secret would be. */
export const REDACTED = '***';

/**
 * A value that must not be printed. Every ordinary way of turning it into text (template strings, `JSON.stringify`,
 * `util.inspect`, loggers) gives `***`; only {@link reveal} gives the value. `structuredClone` loses the value on
 * purpose: use `packConfig` to hand a configuration to another thread.
 */
export class Secret<T = string> {
  readonly #value: T;
  readonly #shown: unknown;

  /** `shown` replaces `***` in JSON, for structures of which only parts are secret. */
  constructor(value: T, shown: unknown = REDACTED) {
    this.#value = value;
    this.#shown = shown;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): unknown {
    return this.#shown;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): unknown {
    return this.#shown;
  }
}
