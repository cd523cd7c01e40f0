import type { Message, Part, ReasoningPart } from '@headgate/sdk';
import { fromGeminiSignature } from '../shared/gemini-signature.js';

/** A signature or the encrypted form of another provider's thought, without the text that came before it. */
function isLateSignature(part: Part): part is ReasoningPart {
  if (part.type !== 'reasoning' || part.text !== '') return false;
  const held = part.signature ?? part.encrypted;
  return held !== undefined && fromGeminiSignature(held) === undefined;
}

function isUnsigned(part: Part | undefined): part is ReasoningPart {
  return part?.type === 'reasoning' && part.signature === undefined && part.encrypted === undefined;
}

/** Takes the unsigned thoughts away that stand right before a part, and returns their text. */
function takeBefore(messages: Message[], at: number, number: number): string {
  let text = '';
  for (let i = at, end = number; i >= 0; i--) {
    const message = messages[i] as Message;
    if (message.role !== 'assistant') break;
    const parts = message.parts;
    let last = i === at ? end : parts.length;
    while (last > 0) {
      const before = parts[last - 1];
      if (!isUnsigned(before)) return text;
      text = before.text + text;
      parts.splice(--last, 1);
    }
    end = 0;
  }
  return text;
}

/**
 * Other providers sign a thought when its text was streamed already, so a client of this API gets the signature in a
 * piece of its own, and Google's SDKs send pieces back as they came, each as a content. The text is put together again,
 * for only the whole of it is what was signed.
 */
export function joinSignedThoughts(messages: Message[]): Message[] {
  let joined = false;
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as Message;
    if (message.role !== 'assistant') continue;
    for (const part of [...message.parts]) {
      if (!isLateSignature(part)) continue;
      const text = takeBefore(messages, i, message.parts.indexOf(part));
      if (text === '') continue;
      part.text = text;
      joined = true;
    }
  }
  return joined ? messages.filter((message) => message.parts.length > 0) : messages;
}
