import type { JsonObject, Message, Part, Warn } from '@headgate/sdk';
import { decodeImages, encodeImage } from '../shared/ollama-images.js';
import { optString } from '../shared/read-json.js';
import { type TakeImage, textOfParts, transcript } from '../shared/transcript.js';
import { warnOfUnsaid } from '../shared/unsaid.js';

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

/** Messages as a system text and a prompt, with all their pictures beside it. */
export function encodePrompt(body: JsonObject, messages: Message[], warn: Warn): void {
  const images: string[] = [];
  const takeImage: TakeImage = (part) => {
    const image = encodeImage(part, warn);
    if (image !== undefined) images.push(image);
  };
  const systems: string[] = [];
  let from = 0;
  for (const { role, parts } of messages) {
    if (role !== 'system' && role !== 'developer') break;
    systems.push(textOfParts(parts, takeImage, warn));
    from++;
  }
  warnOfUnsaid(messages.slice(0, from), ['name', 'citations', 'document', 'cache_control'], warn);
  const system = systems.join('\n\n');
  if (system !== '') body['system'] = system;
  body['prompt'] = transcript(messages.slice(from), takeImage, warn);
  if (images.length > 0) body['images'] = images;
}
