import { isObject, type Json, listOf, Refused } from './json-value.js';

function bad(message: string): never {
  throw new Refused(400, message);
}

/** Go's words for a member of another type. Members that nobody knows are read over. */
function checkType(object: Json, field: string, type: 'string' | 'boolean' | 'object', struct: string): void {
  const value = object[field];
  if (value === undefined || value === null) return;
  const right = type === 'object' ? isObject(value) : typeof value === type;
  const goType = { string: 'string', boolean: 'bool', object: 'map[string]interface {}' }[type];
  if (!right)
    bad(`json: cannot unmarshal ${typeof value} into Go struct field ${struct}.${field} of type ${goType}`);
}

function checkImages(images: unknown): void {
  for (const image of listOf(images)) {
    if (typeof image !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(image))
      bad('illegal base64 data at input byte 4');
  }
}

function checkMessage(message: unknown): void {
  if (!isObject(message)) bad('json: cannot unmarshal into Go struct field ChatRequest.messages');
  checkType(message, 'role', 'string', 'ChatRequest.messages');
  checkType(message, 'content', 'string', 'ChatRequest.messages');
  checkImages(message['images']);
  for (const call of listOf(message['tool_calls'])) {
    const called = isObject(call) && isObject(call['function']) ? call['function'] : {};
    checkType(called, 'arguments', 'object', 'ChatRequest.messages.tool_calls.function');
  }
}

/** Throws what the server answers to a request that it refuses. */
export function checkOllama(request: Json, struct: 'ChatRequest' | 'GenerateRequest'): void {
  checkType(request, 'model', 'string', struct);
  if (typeof request['model'] !== 'string' || request['model'] === '') bad('model is required');
  checkType(request, 'stream', 'boolean', struct);
  checkType(request, 'options', 'object', struct);
  checkType(request, 'prompt', 'string', struct);
  checkType(request, 'system', 'string', struct);
  checkImages(request['images']);
  for (const message of listOf(request['messages'])) checkMessage(message);
  const { format } = request;
  if (format !== undefined && format !== null && format !== 'json' && format !== '' && !isObject(format))
    bad(`invalid format: ${JSON.stringify(format)}; expected "json" or a valid JSON Schema object`);
  for (const tool of listOf(request['tools'])) {
    const made = isObject(tool) && isObject(tool['function']) ? tool['function'] : {};
    checkType(made, 'name', 'string', `${struct}.tools.function`);
    checkType(made, 'parameters', 'object', `${struct}.tools.function`);
  }
}
