const PREFIX = 'expected: ';

/** A zod `error` option saying in our words what a value must be; `wanted` finds it again in the issue. */
export function wants(what: string): { error: string } {
  return { error: PREFIX + what };
}

/** What {@link wants} said, or undefined for zod's own messages. */
export function wanted(message: string): string | undefined {
  return message.startsWith(PREFIX) ? message.slice(PREFIX.length) : undefined;
}
