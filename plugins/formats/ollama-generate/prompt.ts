import type { JsonObject, Message, Part, Warn } from '@headgate/sdk';
import { documentText } from '../shared/document-text.js';
import { decodeImages, encodeImage, warnOfPart } from '../shared/ollama-images.js';
import { optString } from '../shared/read-json.js';

/** `system` and `prompt` as messages. A request without a prompt loads the model, or unloads it. */
export function decodePrompt(body: JsonObject): Message[] {
  const messages: Message[] = [];
  const system = optString(body, 'system', '') ?? '';
  if (system !== '') messages.push({ role: 'system', parts: [{ type: 'text', text: system }] });
  const parts: Part[] = decodeImages(body, '');
  const prompt = optString(body, 'prompt', '') ?? '';
  if (prompt !== '') parts.push({ type: 'text', text: prompt });
  messages.push({ role: 'user', parts });
  return messages;
}

const SPEAKERS = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
};

/** Text of a message; its pictures are put with the others. */
function textOf(parts: Part[], images: string[], warn: Warn): string {
  const texts: string[] = [];
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') texts.push(part.text);
    else if (part.type === 'image') {
      const image = encodeImage(part, warn);
      if (image !== undefined) images.push(image);
    } else if (part.type === 'tool-result') texts.push(textOf(part.content, images, warn));
    else {
      const text = part.type === 'document' ? documentText(part) : undefined;
      if (text === undefined) warnOfPart(part, warn);
      else texts.push(text);
    }
  }
  return texts.join('\n\n');
}

/**
 * Messages as a system text and a prompt. A single user message stands for itself; a conversation is written as a
 * transcript that ends with the assistant's turn.
 */
export function encodePrompt(body: JsonObject, messages: Message[], warn: Warn): void {
  const images: string[] = [];
  const systems: string[] = [];
  let from = 0;
  for (const { role, parts } of messages) {
    if (role !== 'system' && role !== 'developer') break;
    systems.push(textOf(parts, images, warn));
    from++;
  }
  const rest = messages.slice(from);
  const only = rest[0];
  if (systems.length > 0) body['system'] = systems.join('\n\n');
  if (only === undefined) body['prompt'] = '';
  else if (rest.length === 1 && only.role === 'user') body['prompt'] = textOf(only.parts, images, warn);
  else {
    warn('messages', 'the conversation is written as a transcript, since this format takes one text');
    const lines = rest.map(({ role, parts }) => `${SPEAKERS[role]}: ${textOf(parts, images, warn)}`);
    if (rest.at(-1)?.role !== 'assistant') lines.push('Assistant:');
    body['prompt'] = lines.join('\n\n');
  }
  if (images.length > 0) body['images'] = images;
}
