import type { ImagePart, Message, Part, Warn } from '@headgate/sdk';
import { documentText } from './document-text.js';
import { warnOfPart } from './ollama-images.js';
import { type Unsaid, warnOfUnsaid } from './unsaid.js';

/** What a text alone cannot say of a conversation. */
const LACKS: readonly Unsaid[] = ['name', 'citations', 'document', 'cache_control', 'is_error', 'tool_calls'];

const SPEAKERS = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
};

/** What becomes of a picture: it is sent beside the text, or warned about. */
export type TakeImage = (part: ImagePart, warn: Warn) => void;

/** Text of a message. */
export function textOfParts(parts: Part[], takeImage: TakeImage, warn: Warn): string {
  const texts: string[] = [];
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') texts.push(part.text);
    else if (part.type === 'image') takeImage(part, warn);
    else if (part.type === 'tool-result') texts.push(textOfParts(part.content, takeImage, warn));
    else if (part.type === 'reasoning')
      warn('reasoning', 'earlier reasoning cannot be sent back in this format');
    else if (part.type !== 'tool-call') {
      const text = part.type === 'document' ? documentText(part) : undefined;
      if (text === undefined) warnOfPart(part, warn);
      else texts.push(text);
    }
  }
  return texts.join('\n\n');
}

/** What one says; '' for nothing, as a message that only calls a tool. */
function line(role: keyof typeof SPEAKERS, parts: Part[], takeImage: TakeImage, warn: Warn): string {
  const text = textOfParts(parts, takeImage, warn);
  return text === '' ? '' : `${SPEAKERS[role]}: ${text}`;
}

/**
 * Messages of another format as one text to be continued, for formats that take no more. A single user message stands
 * for itself; a conversation is written as a transcript that ends with the assistant's turn.
 */
export function transcript(messages: Message[], takeImage: TakeImage, warn: Warn): string {
  warnOfUnsaid(messages, LACKS, warn);
  const only = messages[0];
  if (only === undefined) return '';
  if (messages.length === 1 && only.role === 'user') return textOfParts(only.parts, takeImage, warn);
  warn('messages', 'the conversation is written as a transcript, since this format takes one text');
  const lines = messages.flatMap(({ role, parts }) => {
    const results = parts.filter((part) => part.type === 'tool-result');
    const others = results.length === 0 ? parts : parts.filter((part) => part.type !== 'tool-result');
    return [
      ...results.map((part) => line('tool', [part], takeImage, warn)),
      ...(others.length > 0 || results.length === 0 ? [line(role, others, takeImage, warn)] : []),
    ].filter((text) => text !== '');
  });
  if (messages.at(-1)?.role !== 'assistant') lines.push('Assistant:');
  return lines.join('\n\n');
}
