import type { Message } from '@headgate/sdk';

/**
 * Assistant messages beside each other made one. Clients of Gemini keep each piece of a streamed answer as a content of
 * its own, and formats that let nothing stand between a tool call and its result would take the last piece for that.
 */
export function assistantTurns(messages: Message[]): Message[] {
  const turns: Message[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (message.role === 'assistant' && last?.role === 'assistant' && last.name === message.name)
      turns[turns.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
    else turns.push(message);
  }
  return turns;
}
