import { isObject, type Json, listOf, Refused } from './json-value.js';

// Every field of `POST /v1/responses` that the API reference lists; OpenAI refuses others with 400.
const FIELDS = new Set(
  (
    'background context_management conversation include input instructions max_output_tokens max_tool_calls metadata ' +
    'model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options ' +
    'prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text ' +
    'tool_choice tools top_logprobs top_p truncation user'
  ).split(' '),
);
const PARTS: Record<string, string[]> = {
  user: ['input_text', 'input_image', 'input_file', 'input_audio'],
  system: ['input_text', 'input_image', 'input_file'],
  developer: ['input_text', 'input_image', 'input_file'],
  assistant: ['output_text', 'refusal'],
};

function bad(param: string, message: string): never {
  throw new Refused(400, message, { param, code: 'invalid_value' });
}

function checkMessage(item: Json, at: string): void {
  const allowed = PARTS[String(item['role'])];
  if (allowed === undefined) bad(`${at}.role`, `Invalid value: '${String(item['role'])}'.`);
  if (typeof item['content'] === 'string') return;
  for (const [i, part] of listOf(item['content']).entries()) {
    const type = isObject(part) ? String(part['type']) : 'none';
    const where = `${at}.content[${i}]`;
    if (!isObject(part) || !allowed.includes(type))
      bad(where, `Invalid value: '${type}'. Supported values are: '${allowed.join("', '")}'.`);
    const url = part['image_url'];
    if (type === 'input_image' && part['file_id'] === undefined) {
      if (typeof url !== 'string' || !/^(https?:|data:image\/(png|jpeg|gif|webp);base64,)/.test(url))
        bad(
          `${where}.image_url`,
          `Invalid '${where}.image_url'. Expected a valid URL, but got a value with an invalid format.`,
        );
    }
  }
}

/** Every call has an output somewhere after it, and every output a call before it. */
function checkCalls(items: unknown[]): void {
  const open = new Set<string>();
  const known = new Map<string, string>();
  for (const item of items) {
    if (!isObject(item)) continue;
    const id = String(item['call_id']);
    const kind = item['type'] === 'function_call' || item['type'] === 'custom_tool_call' ? 'call' : 'output';
    const type = String(item['type']).replace('_output', '');
    if (type !== 'function_call' && type !== 'custom_tool_call') continue;
    if (kind === 'call') {
      open.add(id);
      known.set(id, type);
      continue;
    }
    // An output is one of the call's own kind.
    if (known.get(id) !== type)
      bad('input', `No tool call found for ${type.replace('_', ' ')} output with call_id ${id}.`);
    open.delete(id);
  }
  const [left] = open;
  if (left !== undefined) bad('input', `No tool output found for function call ${left}.`);
}

function checkTools(request: Json): void {
  for (const [i, tool] of listOf(request['tools']).entries()) {
    if (!isObject(tool) || typeof tool['type'] !== 'string')
      bad(`tools[${i}].type`, `Missing required parameter: 'tools[${i}].type'.`);
    if (tool['type'] === 'function' && !/^[a-zA-Z0-9_-]{1,64}$/.test(String(tool['name'])))
      bad(`tools[${i}].name`, `Missing required parameter: 'tools[${i}].name'.`);
  }
}

/** Throws what the API answers to a request it refuses. `strict` refuses unknown fields too, as the real one does. */
export function checkResponses(request: Json, strict: boolean): void {
  const { model, input, max_output_tokens: cap } = request;
  if (typeof model !== 'string')
    throw new Refused(400, "Missing required parameter: 'model'.", {
      param: 'model',
      code: 'missing_required_parameter',
    });
  if (input === undefined && request['previous_response_id'] === undefined) {
    throw new Refused(
      400,
      'One of "input" or "previous_response_id" or "prompt" or "conversation_id" must be provided.',
      {
        param: 'input',
        code: 'missing_required_parameter',
      },
    );
  }
  if (input !== undefined && typeof input !== 'string' && !Array.isArray(input))
    bad('input', "Invalid type for 'input': expected one of a string or array of input items.");
  if (strict) {
    const extra = Object.keys(request).find((field) => !FIELDS.has(field));
    if (extra !== undefined)
      throw new Refused(400, `Unknown parameter: '${extra}'.`, { param: extra, code: 'unknown_parameter' });
  }
  if (cap !== undefined && cap !== null && !(Number(cap) >= 16)) {
    throw new Refused(
      400,
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${String(cap)} instead.`,
      { param: 'max_output_tokens', code: 'integer_below_min_value' },
    );
  }
  for (const [i, item] of listOf(input).entries()) {
    if (!isObject(item)) bad(`input[${i}]`, `Invalid type for 'input[${i}]': expected an object.`);
    else if (item['type'] === undefined || item['type'] === 'message') checkMessage(item, `input[${i}]`);
  }
  // A conversation that goes on from a stored one has calls that are not in the request.
  if (request['previous_response_id'] === undefined) checkCalls(listOf(input));
  checkTools(request);
}
