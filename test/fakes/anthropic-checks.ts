import { isObject, type Json, listOf, Refused } from './json-value.js';

const COUNT_FIELDS =
  'messages model cache_control output_config speed system thinking tool_choice tools user_profile_id workspace_id mcp_servers';
const MESSAGE_FIELDS = `${COUNT_FIELDS} max_tokens container diagnostics inference_geo metadata service_tier stop_sequences stream temperature top_k top_p context_management`;
const fieldsOf = { messages: new Set(MESSAGE_FIELDS.split(' ')), count: new Set(COUNT_FIELDS.split(' ')) };

function bad(message: string): never {
  throw new Refused(400, message);
}

function checkBlock(block: unknown, at: string): void {
  if (!isObject(block)) bad(`${at}: Input should be an object`);
  if (block['type'] === 'text' && (typeof block['text'] !== 'string' || block['text'] === '')) {
    bad(`${at}: text content blocks must be non-empty`);
  }
  if (block['type'] === 'image') {
    const source = isObject(block['source']) ? block['source'] : {};
    const base64 = source['type'] === 'base64' && typeof source['data'] === 'string';
    const known = /^image\/(jpeg|png|gif|webp)$/.test(String(source['media_type']));
    const url = source['type'] === 'url' && typeof source['url'] === 'string';
    if (!(base64 && known) && !url) bad(`${at}.source: Input should be a valid image source`);
  }
  if (block['type'] === 'tool_use' && !isObject(block['input']))
    bad(`${at}.input: Input should be a valid dictionary`);
  if (block['type'] === 'thinking' && typeof block['signature'] !== 'string')
    bad(`${at}.signature: Field required`);
}

const idsOf = (message: Json, type: string, field: string): string[] =>
  listOf(message['content']).flatMap((block) =>
    isObject(block) && block['type'] === type ? [String(block[field])] : [],
  );

/** A `tool_use` must be answered in the very next message, and nothing else may be. */
function checkToolTurns(messages: Json[]): void {
  for (const [i, message] of messages.entries()) {
    const next = messages[i + 1];
    const used = idsOf(message, 'tool_use', 'id');
    const answered = next === undefined ? [] : idsOf(next, 'tool_result', 'tool_use_id');
    const missing = used.filter((id) => !answered.includes(id));
    if (missing.length > 0) {
      bad(
        `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. ` +
          'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
      );
    }
    const before = messages[i - 1];
    const known = before === undefined ? [] : idsOf(before, 'tool_use', 'id');
    const stray = idsOf(message, 'tool_result', 'tool_use_id').find((id) => !known.includes(id));
    if (stray !== undefined)
      bad(`messages.${i}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}.`);
  }
}

function checkTools(request: Json): void {
  for (const [i, tool] of listOf(request['tools']).entries()) {
    if (!isObject(tool)) bad(`tools.${i}: Input should be an object`);
    else if (tool['type'] === undefined || tool['type'] === 'custom') {
      if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(tool['name'])))
        bad(`tools.${i}.custom.name: String should match pattern`);
      const schema = tool['input_schema'];
      if (!isObject(schema)) bad(`tools.${i}.custom.input_schema: Field required`);
      else if (schema['type'] !== 'object')
        bad(`tools.${i}.custom.input_schema.type: Input should be 'object'`);
    }
  }
  const choice = request['tool_choice'];
  if (choice === undefined) return;
  if (!isObject(choice) || !['auto', 'any', 'tool', 'none'].includes(String(choice['type']))) {
    bad("tool_choice: Input tag does not match any of the expected tags: 'any', 'auto', 'none', 'tool'");
  }
}

/** Answers are held to closed objects only. */
function checkSchema(schema: unknown): void {
  if (Array.isArray(schema)) for (const one of schema) checkSchema(one);
  if (!isObject(schema)) return;
  if (schema['type'] === 'object' && schema['additionalProperties'] !== false)
    bad(
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    );
  for (const one of Object.values(schema)) checkSchema(one);
}

/** Throws what the API answers to a request it refuses. `strict` refuses unknown fields too, as the real one does. */
export function checkMessages(request: Json, kind: 'messages' | 'count', strict: boolean): void {
  if (typeof request['model'] !== 'string') bad('model: Field required');
  if (!Array.isArray(request['messages'])) bad('messages: Field required');
  if (request['messages'].length === 0) bad('messages: at least one message is required');
  const { max_tokens: cap, thinking, temperature } = request;
  if (kind === 'messages') {
    if (cap === undefined) bad('max_tokens: Field required');
    if (!Number.isInteger(cap) || Number(cap) < 1)
      bad('max_tokens: Input should be greater than or equal to 1');
  }
  if (strict) {
    const extra = Object.keys(request).find((field) => !fieldsOf[kind].has(field));
    if (extra !== undefined) bad(`${extra}: Extra inputs are not permitted`);
  }
  for (const [i, message] of request['messages'].entries()) {
    if (!isObject(message)) bad(`messages.${i}: Input should be an object`);
    const role = message['role'];
    if (role !== 'user' && role !== 'assistant') {
      bad(`messages: Unexpected role "${String(role)}". Allowed roles are "user" or "assistant".`);
    }
    const { content } = message;
    if (typeof content === 'string') {
      if (content === '') bad(`messages.${i}: ${String(role)} messages must have non-empty content`);
      continue;
    }
    if (!Array.isArray(content)) bad(`messages.${i}.content: Input should be a valid list`);
    for (const [j, block] of listOf(content).entries()) checkBlock(block, `messages.${i}.content.${j}`);
  }
  checkToolTurns(request['messages'] as Json[]);
  checkTools(request);
  const output = request['output_config'];
  if (isObject(output) && isObject(output['format'])) checkSchema(output['format']['schema']);
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1)) {
    bad('temperature: range: 0..1');
  }
  if (isObject(thinking) && thinking['type'] === 'enabled') {
    const budget = Number(thinking['budget_tokens']);
    if (!(budget >= 1024))
      bad('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    if (kind === 'messages' && budget >= Number(cap))
      bad('`max_tokens` must be greater than `thinking.budget_tokens`.');
    if (temperature !== undefined && temperature !== 1)
      bad('`temperature` may only be set to 1 when thinking is enabled.');
  }
}
