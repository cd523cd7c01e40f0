import type { Headgate } from '../e2e/harness.js';
import { type Answered, post } from '../e2e/http-client.js';
import { sseEvents } from '../e2e/sse-text.js';

export type Client = 'OpenAI' | 'Anthropic';

interface Asked extends Answered {
  /** What the model said, from the whole answer or all the pieces. */
  said: string;
  /** The `code` of an error of either API, in the body or as the last event. */
  code: string | undefined;
}

/** Every way to ask for a chat: both client APIs, streamed and not. */
export const ways: [client: Client, stream: boolean][] = [
  ['OpenAI', false],
  ['OpenAI', true],
  ['Anthropic', false],
  ['Anthropic', true],
];

export async function ask(
  gateway: Pick<Headgate, 'url'>,
  client: Client,
  model: string,
  { stream = false, prompt = 'Hi', headers = {} as Record<string, string> } = {},
): Promise<Asked> {
  const body = { model, stream, max_tokens: 2_000, messages: [{ role: 'user', content: prompt }] };
  const path = client === 'OpenAI' ? '/v1/chat/completions' : '/v1/messages';
  const answer = await post(gateway, path, body, headers);
  const values = isStream(answer) ? streamed(answer.text) : [parsed(answer.text)];
  return { ...answer, said: values.map(textIn).join(''), code: values.map(codeIn).findLast((code) => code) };
}

interface Message {
  // OpenAI
  choices?: { message?: { content?: string | null }; delta?: { content?: string | null } }[];
  // Anthropic
  content?: { text?: string }[];
  delta?: { text?: string };
  error?: { code?: string };
}

const isStream = (answer: Answered): boolean =>
  answer.headers.get('content-type')?.startsWith('text/event-stream') === true;

const streamed = (text: string): Message[] =>
  sseEvents(text)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => parsed(data));

function parsed(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return {};
  }
}

function textIn({ choices = [], content = [], delta }: Message): string {
  const openai = choices.map((choice) => choice.message?.content ?? choice.delta?.content ?? '');
  return [...openai, ...content.map(({ text }) => text ?? ''), delta?.text ?? ''].join('');
}

const codeIn = ({ error }: Message): string | undefined => error?.code;
