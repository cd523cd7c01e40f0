import { type ContentMessage, messagesOf, type SettledContent, textOf } from '@headgate/sdk';

/** A message as pages of vendors show it: its text, calls of tools beside it, and parts that are neither. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly unknown[];
  readonly parts?: readonly unknown[];
}

/** What a model was told and said, as a list of messages each. */
export function chatOf(content: SettledContent): { input: ChatMessage[]; output: ChatMessage[] } {
  const { input, output } = messagesOf(content);
  return { input: input.map(chatMessage), output: output.map(chatMessage) };
}

function chatMessage(message: ContentMessage): ChatMessage {
  const calls = message.parts.filter(({ type }) => type === 'tool_call');
  const others = message.parts.filter(({ type }) => type !== 'tool_call' && type !== 'text');
  return {
    role: message.role,
    content: textOf(message),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, arguments: given }) => ({ id, name, arguments: given })),
    }),
    ...(others.length > 0 && { parts: others }),
  };
}
