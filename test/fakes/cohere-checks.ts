import { isObject, type Json, listOf, Refused } from './json-value.js';

const FIELDS = new Set(
  (
    'model messages tools strict_tools documents citation_options response_format safety_mode max_tokens ' +
    'stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs tool_choice thinking priority stream'
  ).split(' '),
);
const ROLES = ['user', 'assistant', 'system', 'tool'];

function bad(message: string, status = 400): never {
  throw new Refused(status, message);
}

function checkContent(message: Json, at: string): void {
  const { content } = message;
  if (typeof content === 'string') {
    if (content === '') bad(`invalid request: ${at} must have non-empty content`);
    return;
  }
  for (const item of listOf(content)) {
    if (!isObject(item) || typeof item['type'] !== 'string')
      bad(`invalid request: ${at}: content must have a type`);
    if (item['type'] === 'image_url') {
      const image = isObject(item['image_url']) ? item['image_url'] : {};
      if (!/^(data:image\/\w+;base64,|https?:)/.test(String(image['url'])))
        bad(`invalid request: ${at}: image_url must be a base64 data URI or a web URL`);
    }
  }
}

/** A call must be answered by the tool messages right after it, and nothing else may be. */
function checkToolTurns(messages: Json[]): void {
  let open = new Set<string>();
  for (const message of messages) {
    if (message['role'] === 'tool') {
      if (!open.delete(String(message['tool_call_id'])))
        bad('invalid request: tool call id not found in previous tool calls');
      continue;
    }
    if (open.size > 0) bad('invalid request: all tool calls must be answered by tool messages');
    open = new Set(
      listOf(message['tool_calls']).flatMap((call) => (isObject(call) ? [String(call['id'])] : [])),
    );
    for (const call of listOf(message['tool_calls'])) {
      const called = isObject(call) && isObject(call['function']) ? call['function'] : {};
      if (typeof called['arguments'] !== 'string')
        bad('invalid request: function arguments must be a JSON string');
    }
  }
  if (open.size > 0) bad('invalid request: all tool calls must be answered by tool messages');
}

function checkRange(request: Json, field: string, least: number, most: number): void {
  const value = request[field];
  if (value !== undefined && !(typeof value === 'number' && value >= least && value <= most))
    bad(`invalid request: ${field} must be between ${least} and ${most} inclusive.`);
}

/** Throws what the API answers to a request that it refuses. */
export function checkCohere(request: Json): void {
  const extra = Object.keys(request).find((field) => !FIELDS.has(field));
  if (extra !== undefined) bad(`unknown field: parameter '${extra}' is not a valid field`, 422);
  if (typeof request['model'] !== 'string') bad('invalid request: model is required');
  const messages = listOf(request['messages']);
  if (messages.length === 0) bad('invalid request: list of messages must not be empty');
  for (const [i, message] of messages.entries()) {
    if (!isObject(message) || !ROLES.includes(String(message['role'])))
      bad(`invalid request: message at index ${i} must have a role of ${ROLES.join(', ')}`);
    checkContent(message, `message at index ${i}`);
  }
  checkToolTurns(messages as Json[]);
  for (const tool of listOf(request['tools'])) {
    const made = isObject(tool) && isObject(tool['function']) ? tool['function'] : {};
    if (typeof made['name'] !== 'string' || !isObject(made['parameters']))
      bad('invalid request: tools must have a function with a name and parameters');
  }
  const { tool_choice: choice, response_format: format } = request;
  if (choice !== undefined && choice !== 'REQUIRED' && choice !== 'NONE')
    bad("invalid request: tool_choice must be one of 'REQUIRED', 'NONE'");
  if (isObject(format) && format['type'] !== 'json_object' && format['type'] !== 'text')
    bad('invalid request: response_format.type must be text or json_object');
  checkRange(request, 'k', 0, 500);
  checkRange(request, 'p', 0.01, 0.99);
  checkRange(request, 'frequency_penalty', 0, 1);
  checkRange(request, 'presence_penalty', 0, 1);
  if (listOf(request['stop_sequences']).length > 5)
    bad('invalid request: a maximum of 5 stop_sequences are allowed');
}
