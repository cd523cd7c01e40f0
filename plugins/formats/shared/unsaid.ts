import type { Message, Part, Warn } from '@headgate/sdk';

/** What messages of another format may say beside their contents, each with why a format does not send it. */
const REASONS = {
  name: 'participants cannot be named in this format',
  citations: 'citations of another format cannot be sent in this one',
  cache_control: 'this format has no cache marks; prompts are cached automatically where they are',
  document: 'what a document is about, and citations of it, cannot be asked for in this format',
  is_error: 'this format cannot mark a tool result as an error',
  tool_calls: 'tool calls are not part of this format; only their results are written',
};

export type Unsaid = keyof typeof REASONS;

/**
 * Warns of what messages of another format say and the target's format has no words for, wherever it stands: beside a
 * text, on a tool call, inside of a tool's result. `lacks` are the target's gaps.
 */
export function warnOfUnsaid(messages: readonly Message[], lacks: readonly Unsaid[], warn: Warn): void {
  for (const lack of lacks) if (messages.some((message) => says(message, lack))) warn(lack, REASONS[lack]);
}

function says(message: Message, what: Unsaid): boolean {
  // The name of a tool's message is that of its function, which the call says too.
  if (what === 'name') return message.name !== undefined && message.role !== 'tool';
  return message.parts.some((part) => partSays(part, what));
}

function partSays(part: Part, what: Exclude<Unsaid, 'name'>): boolean {
  switch (what) {
    case 'citations':
      if (part.type === 'text' && part.citations !== undefined) return true;
      break;
    case 'cache_control':
      if (part.cache !== undefined) return true;
      break;
    case 'document':
      // The text of a document is headed by what it is about.
      if (
        part.type === 'document' &&
        (part.cited === true || (part.context !== undefined && part.source.kind !== 'text'))
      )
        return true;
      break;
    case 'is_error':
      if (part.type === 'tool-result' && part.isError === true) return true;
      break;
    case 'tool_calls':
      return part.type === 'tool-call';
  }
  return part.type === 'tool-result' && part.content.some((inner) => partSays(inner, what));
}
