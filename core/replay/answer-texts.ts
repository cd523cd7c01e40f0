import type { JsonObject, Part, ResponseCodec } from '@headgate/sdk';
import type { IoThread } from '../io-thread.js';
import type { AnswerAsk } from './protocol.js';

/** What the model says in each of these answers; null where one cannot be read. */
export function answerTexts(io: IoThread, asks: readonly AnswerAsk[]): (string | null)[] {
  return asks.map(({ path, body }) => {
    const codec = io.endpoints.at(path)?.endpoint.format.response;
    return codec === undefined ? null : textOf(codec, body);
  });
}

function textOf(codec: ResponseCodec, body: string): string | null {
  try {
    const { choices } = codec.decode(JSON.parse(body) as JsonObject);
    return choices.map(({ parts }) => parts.flatMap(saidBy).join('\n')).join('\n\n');
  } catch {
    return null;
  }
}

/** What it says and what it calls; what it thought before is not its answer. */
function saidBy(part: Part): string[] {
  if (part.type === 'text' || part.type === 'refusal') return [part.text];
  return part.type === 'tool-call' ? [`${part.name}(${part.arguments})`] : [];
}
