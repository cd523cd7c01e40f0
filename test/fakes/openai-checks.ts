import { isObject, type Json, listOf, Refused } from './json-value.js';

// Every field of a chat request that the API reference lists; OpenAI refuses others with 400.
const CHAT_FIELDS = new Set(
  (
    'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens ' +
    'max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key ' +
    'prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier ' +
    'stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
  ).split(' '),
);
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const PARTS: Record<string, string> = {
  text: 'text',
  image_url: 'image_url',
  input_audio: 'input_audio',
  file: 'file',
  refusal: 'refusal',
};

function bad(param: string, message: string): never {
  throw new Refused(400, message, { param, code: 'invalid_value' });
}

function checkContent(content: unknown, at: string): void {
  if (typeof content === 'string' || content === null || content === undefined) return;
  if (!Array.isArray(content))
    bad(at, `Invalid type for '${at}': expected one of a string or array of objects.`);
  for (const [i, part] of listOf(content).entries()) {
    const type = isObject(part) ? part['type'] : undefined;
    const field = typeof type === 'string' ? PARTS[type] : undefined;
    if (field === undefined) {
      bad(
        `${at}[${i}].type`,
        `Invalid value: '${String(type)}'. Supported values are: 'text', 'image_url', …`,
      );
    } else if (isObject(part) && part[field] === undefined) {
      bad(`${at}[${i}].${field}`, `Missing required parameter: '${at}[${i}].${field}'.`);
    }
    if (type === 'image_url' && isObject(part)) {
      const url = isObject(part['image_url']) ? part['image_url']['url'] : undefined;
      if (typeof url !== 'string' || !/^(https?:|data:image\/(png|jpeg|gif|webp);base64,)/.test(url)) {
        bad(
          `${at}[${i}].image_url.url`,
          `Invalid '${at}[${i}].image_url.url'. Expected a valid URL or a data URL.`,
        );
      }
    }
  }
}

/** Each tool call must be answered before anything else is said, and nothing else may be answered. */
function checkToolTurns(messages: unknown[]): void {
  let open: string[] = [];
  for (const [i, message] of messages.entries()) {
    if (!isObject(message)) return;
    if (message['role'] === 'tool') {
      const id = String(message['tool_call_id']);
      if (!open.includes(id)) {
        bad(
          `messages[${i}].role`,
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        );
      }
      open = open.filter((other) => other !== id);
      continue;
    }
    if (open.length > 0) break;
    open = listOf(message['tool_calls']).map((call) => (isObject(call) ? String(call['id']) : ''));
  }
  if (open.length > 0) {
    bad(
      'messages',
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
        `The following tool_call_ids did not have response messages: ${open.join(', ')}`,
    );
  }
}

function checkTools(request: Json): void {
  for (const [i, tool] of listOf(request['tools']).entries()) {
    const made = isObject(tool) && isObject(tool['function']) ? tool['function'] : {};
    if (typeof made['name'] !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(made['name'])) {
      bad(`tools[${i}].function.name`, `Missing or invalid parameter: 'tools[${i}].function.name'.`);
    }
  }
  const choice = request['tool_choice'];
  const named = isObject(choice) && choice['type'] === 'function' && isObject(choice['function']);
  if (choice !== undefined && !named && !['none', 'auto', 'required'].includes(String(choice))) {
    bad(
      'tool_choice',
      `Invalid value: '${JSON.stringify(choice)}'. Supported values are: 'none', 'auto', and 'required'.`,
    );
  }
  if (choice !== undefined && choice !== 'none' && request['tools'] === undefined) {
    bad(
      'tool_choice',
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    );
  }
}

/** Throws what the API answers to a request it refuses. `strict` refuses unknown fields too, as the real one does. */
export function checkChat(request: Json, strict: boolean): void {
  if (typeof request['model'] !== 'string') {
    throw new Refused(400, 'you must provide a model parameter', { param: null, code: null });
  }
  if (!Array.isArray(request['messages']) || request['messages'].length === 0) {
    throw new Refused(400, "Missing required parameter: 'messages'.", {
      param: 'messages',
      code: 'missing_required_parameter',
    });
  }
  if (strict) {
    for (const field of Object.keys(request)) {
      if (CHAT_FIELDS.has(field)) continue;
      throw new Refused(400, `Unknown parameter: '${field}'.`, { param: field, code: 'unknown_parameter' });
    }
  }
  for (const [i, message] of request['messages'].entries()) {
    const role = isObject(message) ? String(message['role']) : undefined;
    if (role === undefined || !ROLES.includes(role)) bad(`messages[${i}].role`, `Invalid value: '${role}'.`);
    if (isObject(message)) checkContent(message['content'], `messages[${i}].content`);
  }
  checkToolTurns(request['messages']);
  checkTools(request);
  if (
    request['stream_options'] !== undefined &&
    request['stream_options'] !== null &&
    request['stream'] !== true
  ) {
    bad('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
}
