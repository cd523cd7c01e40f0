import type { JsonObject, Message, Part, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { OPENAI_COMPLETIONS } from './types.js';

/** The prompt as one user message. Several prompts are several text parts of it. */
export function decodePrompt(body: JsonObject): Message[] {
  const { prompt } = body;
  if (typeof prompt === 'string') return [{ role: 'user', parts: [{ type: 'text', text: prompt }] }];
  if (!Array.isArray(prompt) || prompt.length === 0)
    throw new MalformedBody("'prompt' must be a string or an array of strings", 'prompt');
  const parts = prompt.map((text): Part => {
    if (typeof text === 'string') return { type: 'text', text };
    // Tokens mean nothing without the tokenizer of the model they were made for.
    throw new MalformedBody("'prompt' must be text here; tokens can only be forwarded unread", 'prompt');
  });
  return [{ role: 'user', parts }];
}

function textOf(parts: Part[], warn: Warn): string {
  const texts: string[] = [];
  for (const part of parts) {
    if (part.type === 'text') texts.push(part.text);
    else if (part.type === 'document' && part.source.kind === 'text') texts.push(part.source.text);
    else if (part.type === 'tool-result') texts.push(textOf(part.content, warn));
    else warn('messages', `parts of type '${part.type}' cannot be written into a prompt`);
  }
  return texts.join('\n\n');
}

const SPEAKERS = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
};

/**
 * Messages as text to be continued. A request of this format gets its prompts back; a single user message stands for
 * itself; a conversation is written as a transcript that ends with the assistant's turn.
 */
export function encodePrompt(messages: Message[], origin: string, warn: Warn): string | string[] {
  const only = messages[0];
  if (origin === OPENAI_COMPLETIONS && messages.length === 1 && only !== undefined) {
    const texts = only.parts.map((part) => (part.type === 'text' ? part.text : ''));
    return texts.length === 1 ? (texts[0] as string) : texts;
  }
  if (messages.length === 1 && only?.role === 'user') return textOf(only.parts, warn);
  warn('messages', 'the conversation is written as a transcript, since this format takes one text');
  const lines = messages.map((message) => `${SPEAKERS[message.role]}: ${textOf(message.parts, warn)}`);
  if (messages.at(-1)?.role !== 'assistant') lines.push('Assistant:');
  return lines.join('\n\n');
}
