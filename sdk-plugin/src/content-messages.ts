import type { SettledContent } from './settled-detail.js';

/**
 * A part of a message in the words of OpenTelemetry's conventions for generative AI:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. `text` has `content`, `tool_call` has `id`, `name` and
 * `arguments`, `tool_call_response` has `id` and `response`; others are as the API of the request has them.
 */
export interface ContentPart {
  readonly type: string;
  readonly [member: string]: unknown;
}

export interface ContentMessage {
  readonly role: string;
  readonly parts: readonly ContentPart[];
}

type Json = Record<string, unknown>;

/** What models were told and said, whatever the API of the request: what is not known by its shape is one text. */
export function messagesOf({ request, answer }: SettledContent): {
  readonly input: readonly ContentMessage[];
  readonly output: readonly ContentMessage[];
} {
  return {
    input: request === null ? [] : (inputOf(parsed(request)) ?? [textMessage('user', request)]),
    output: answer === null ? [] : (outputOf(parsed(answer)) ?? [textMessage('assistant', answer)]),
  };
}

/** The texts of a message, one after the other. */
export function textOf({ parts }: ContentMessage): string {
  return parts.flatMap(({ type, content }) => (type === 'text' ? [String(content)] : [])).join('\n');
}

function inputOf(body: unknown): ContentMessage[] | null {
  if (!isJson(body)) return null;
  const system =
    body['system'] ?? body['instructions'] ?? body['systemInstruction'] ?? body['system_instruction'];
  const said = body['messages'] ?? body['input'] ?? body['contents'] ?? body['prompt'];
  if (said === undefined) return null;
  const messages = conversation(said, 'user');
  return system === undefined ? messages : [...conversation(system, 'system'), ...messages];
}

function outputOf(body: unknown): ContentMessage[] | null {
  if (!isJson(body)) return null;
  const { choices, candidates, output, message, content, response } = body;
  if (Array.isArray(choices))
    return choices
      .filter(isJson)
      .map((choice) => messageOf(choice['message'] ?? choice['text'], 'assistant'));
  if (Array.isArray(candidates))
    return candidates.filter(isJson).map((candidate) => messageOf(candidate['content'], 'assistant'));
  if (Array.isArray(output)) return conversation(output, 'assistant');
  if (isJson(output) && isJson(output['message'])) return [messageOf(output['message'], 'assistant')];
  if (isJson(message)) return [messageOf(message, 'assistant')];
  if (Array.isArray(content)) return [messageOf(body, 'assistant')];
  return typeof response === 'string' ? [textMessage('assistant', response)] : null;
}

function conversation(said: unknown, role: string): ContentMessage[] {
  if (!Array.isArray(said)) return [messageOf(said, role)];
  // Texts, numbers and parts without a role are of one message.
  if (!said.some((one) => isJson(one) && (typeof one['role'] === 'string' || 'call_id' in one)))
    return [{ role, parts: partsOf(said) }];
  return said.map((one) => messageOf(one, role));
}

/** Of parts that stand among messages, as the Responses API has it. */
const ROLES: Readonly<Record<string, string>> = {
  function_call: 'assistant',
  reasoning: 'assistant',
  function_call_output: 'tool',
};

function messageOf(said: unknown, role: string): ContentMessage {
  if (!isJson(said)) return { role, parts: partsOf(said) };
  const own = typeof said['role'] === 'string' ? said['role'] : (ROLES[String(said['type'])] ?? role);
  const parts = partsOf(said['content'] ?? said['parts'] ?? (isPart(said) ? [said] : []));
  const id = said['tool_call_id'];
  if (typeof id === 'string')
    return { role: own, parts: [{ type: 'tool_call_response', id, response: said['content'] }] };
  const calls = said['tool_calls'];
  return { role: own, parts: Array.isArray(calls) ? [...parts, ...calls.filter(isJson).map(callOf)] : parts };
}

const isPart = (said: Json): boolean => !('role' in said) || 'call_id' in said;

function partsOf(said: unknown): ContentPart[] {
  if (said === undefined || said === null) return [];
  if (!Array.isArray(said)) return [partOf(said)];
  return said.map(partOf);
}

function partOf(part: unknown): ContentPart {
  if (!isJson(part)) return { type: 'text', content: typeof part === 'string' ? part : JSON.stringify(part) };
  const type = typeof part['type'] === 'string' ? part['type'] : '';
  if (type === 'tool_use' || type === 'function_call') return callOf(part);
  if (type === 'tool_result' || type === 'function_call_output')
    return {
      type: 'tool_call_response',
      id: part['tool_use_id'] ?? part['call_id'],
      response: part['content'] ?? part['output'],
    };
  if (typeof part['text'] === 'string') return { type: 'text', content: part['text'] };
  const call = part['functionCall'] ?? part['toolUse'];
  if (isJson(call)) return callOf(call);
  return { ...part, type: type === '' ? 'object' : type };
}

/** A call of a tool in whatever API. */
function callOf(call: Json): ContentPart {
  const inner = isJson(call['function']) ? call['function'] : call;
  const given = inner['arguments'] ?? inner['input'] ?? inner['args'];
  return {
    type: 'tool_call',
    id: call['call_id'] ?? call['id'] ?? call['toolUseId'],
    name: inner['name'],
    arguments: typeof given === 'string' ? (parsed(given) ?? given) : given,
  };
}

const textMessage = (role: string, content: string): ContentMessage => ({
  role,
  parts: [{ type: 'text', content }],
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
