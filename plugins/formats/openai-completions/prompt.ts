import type { ImagePart, JsonObject, Message, Part, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { transcript } from '../shared/transcript.js';
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

function noImage(_: ImagePart, warn: Warn): void {
  warn('image', 'pictures are not part of this format');
}

/** A request of this format gets its prompts back; messages of another are written as one text. */
export function encodePrompt(messages: Message[], origin: string, warn: Warn): string | string[] {
  const only = messages[0];
  if (origin !== OPENAI_COMPLETIONS || messages.length !== 1 || only === undefined)
    return transcript(messages, noImage, warn);
  const texts = only.parts.map((part) => (part.type === 'text' ? part.text : ''));
  return texts.length === 1 ? (texts[0] as string) : texts;
}
