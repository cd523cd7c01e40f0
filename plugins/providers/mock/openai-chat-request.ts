import type { JsonObject, JsonValue } from '@headgate/sdk';
import { Refusal } from './answer.js';
import { isObject, messagesOf, numberIn, stringsOf, textOf } from './fields.js';
import type { Prompt, Tool } from './performance.js';
import { countTokens } from './tokens.js';

const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];

/** Checks a chat completions request as OpenAI does, and reads what it asks for. Throws {@link Refusal}. */
export function readChat(body: JsonObject): { prompt: Prompt; inputTokens: number; choices: number } {
  const messages = messagesOf(body, 'messages');
  let lastUserText = '';
  let play = { text: '', turn: 0 };
  let results: string | null = null;
  let inputTokens = 3;
  let open: Set<string> = new Set();
  messages.forEach((message, i) => {
    const role = message['role'];
    if (typeof role !== 'string' || !roles.includes(role))
      throw new Refusal(
        400,
        `Invalid value: '${String(role)}'. Supported values are: ${roles.map((r) => `'${r}'`).join(', ')}.`,
        `messages[${i}].role`,
        'invalid_value',
      );
    if (role !== 'tool' && open.size > 0) throw unanswered(open, i);
    if (role === 'tool') {
      if (!open.delete(String(message['tool_call_id'])))
        throw new Refusal(
          400,
          "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          `messages.[${i}].role`,
        );
    }
    const text = textOf(message['content']);
    inputTokens += 3 + countTokens(text);
    if (role === 'user') lastUserText = text;
    if (role === 'user' && text !== '') play = { text, turn: 0 };
    if (role === 'assistant') play.turn++;
    if (role === 'tool') results = results === null ? text : `${results}; ${text}`;
    else results = null;
    if (role === 'assistant') open = callIds(message);
  });
  if (open.size > 0) throw unanswered(open, messages.length);

  const tools = toolsOf(body['tools']);
  if (tools.length > 0) inputTokens += countTokens(JSON.stringify(body['tools']));
  numberIn(body, 'temperature', 0, 2);
  numberIn(body, 'top_p', 0, 1);
  return {
    prompt: {
      lastUserText,
      play,
      toolResult: results,
      tools,
      toolChoice: choiceOf(body['tool_choice']),
      parallelTools: body['parallel_tool_calls'] !== false,
      json: formatOf(body['response_format']),
      thinking: false,
      maxTokens: numberIn(body, 'max_completion_tokens', 1) ?? numberIn(body, 'max_tokens', 1),
      stop: stringsOf(body['stop']),
    },
    inputTokens,
    choices: numberIn(body, 'n', 1, 128) ?? 1,
  };
}

function callIds(message: JsonObject): Set<string> {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return new Set();
  return new Set(calls.filter(isObject).map((call) => String(call['id'])));
}

function unanswered(ids: ReadonlySet<string>, at: number): Refusal {
  return new Refusal(
    400,
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
    `messages.[${at}].role`,
  );
}

function toolsOf(tools: JsonValue | undefined): Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools))
    throw new Refusal(
      400,
      "Invalid type for 'tools': expected an array of objects.",
      'tools',
      'invalid_type',
    );
  return tools.map((tool, i) => {
    const called = isObject(tool) ? tool['function'] : undefined;
    if (!isObject(called) || typeof called['name'] !== 'string')
      throw new Refusal(
        400,
        `Missing required parameter: 'tools[${i}].function'.`,
        `tools[${i}].function`,
        'missing_required_parameter',
      );
    return { name: called['name'], schema: called['parameters'] };
  });
}

function choiceOf(choice: JsonValue | undefined): Prompt['toolChoice'] {
  if (choice === 'none') return 'none';
  if (choice === 'required') return 'any';
  const called = isObject(choice) ? choice['function'] : undefined;
  return isObject(called) && typeof called['name'] === 'string' ? { name: called['name'] } : 'auto';
}

function formatOf(format: JsonValue | undefined): JsonValue | true | undefined {
  if (!isObject(format)) return undefined;
  if (format['type'] === 'json_object') return true;
  if (format['type'] !== 'json_schema') return undefined;
  const named = format['json_schema'];
  if (!isObject(named) || !isObject(named['schema']))
    throw new Refusal(
      400,
      "Missing required parameter: 'response_format.json_schema.schema'.",
      'response_format.json_schema.schema',
      'missing_required_parameter',
    );
  return named['schema'];
}
