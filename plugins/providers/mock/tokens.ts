/**
 * The mock's tokenizer: a word with the space before it, cut every six characters. Deterministic and cheap; a stream
 * sends one token an event, so usage always equals the number of events.
 */
const token = /\s*\S{1,6}|\s+/gu;

export function tokensOf(text: string): string[] {
  return text.match(token) ?? [];
}

export function countTokens(text: string): number {
  let count = 0;
  token.lastIndex = 0;
  while (token.exec(text)) count++;
  return count;
}
