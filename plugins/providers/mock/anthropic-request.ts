import type { JsonObject, JsonValue } from '@headgate/sdk';
import { Refusal } from './answer.js';
import { isObject, stringsOf, textOf } from './fields.js';
import type { Prompt, Tool } from './performance.js';
import { countTokens } from './tokens.js';

const refuse = (message: string): Refusal => new Refusal(400, message);

/**
 * Checks a messages request as Anthropic does, and reads what it asks for. Throws {@link Refusal}.
 *
 * @param counting for count_tokens, which needs no `max_tokens`.
 */
export function readMessages(body: JsonObject, counting: boolean): { prompt: Prompt; inputTokens: number } {
  const maxTokens = body['max_tokens'];
  if (!counting) {
    if (maxTokens === undefined) throw refuse('max_tokens: Field required');
    if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens))
      throw refuse('max_tokens: Input should be a valid integer');
    if (maxTokens < 1) throw refuse('max_tokens: Input should be greater than or equal to 1');
  }
  const temperature = body['temperature'];
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1))
    throw refuse('temperature: range: 0..1');

  const { lastUserText, play, toolResult, tokens } = readConversation(body['messages']);
  const tools = toolsOf(body['tools']);
  const choice = isObject(body['tool_choice']) ? body['tool_choice'] : {};
  const inputTokens =
    3 +
    tokens +
    countTokens(textOf(body['system'])) +
    (tools.length ? countTokens(JSON.stringify(body['tools'])) : 0);
  return {
    prompt: {
      lastUserText,
      play,
      toolResult,
      tools,
      toolChoice: choiceOf(choice),
      parallelTools: choice['disable_parallel_tool_use'] !== true,
      json: schemaOf(body),
      thinking: thinks(body['thinking'], counting ? undefined : (maxTokens as number)),
      maxTokens: counting ? undefined : (maxTokens as number),
      stop: stringsOf(body['stop_sequences']),
    },
    inputTokens,
  };
}

function readConversation(messages: JsonValue | undefined): {
  lastUserText: string;
  play: Prompt['play'];
  toolResult: string | null;
  tokens: number;
} {
  if (messages === undefined) throw refuse('messages: Field required');
  if (!Array.isArray(messages)) throw refuse('messages: Input should be a valid list');
  if (messages.length === 0) throw refuse('messages: at least one message is required');
  let lastUserText = '';
  let play = { text: '', turn: 0 };
  let toolResult: string | null = null;
  let tokens = 0;
  let open = new Set<string>();
  messages.forEach((message, i) => {
    if (!isObject(message)) throw refuse(`messages.${i}: Input should be a valid dictionary`);
    const role = message['role'];
    if (role !== 'user' && role !== 'assistant')
      throw refuse(`messages.${i}.role: Input should be 'user' or 'assistant'`);
    if (message['content'] === undefined) throw refuse(`messages.${i}.content: Field required`);
    const blocks = blocksOf(message['content'], i);
    const called = open;
    open = new Set();
    const results: string[] = [];
    blocks.forEach((block, j) => {
      const text = block['type'] === 'tool_result' ? textOf(block['content']) : textOf([block]);
      tokens += countTokens(text);
      if (block['type'] === 'text' && text === '')
        throw refuse('messages: text content blocks must be non-empty');
      if (block['type'] === 'tool_use') {
        open.add(String(block['id']));
        tokens += countTokens(JSON.stringify(block['input'] ?? {}));
      }
      if (block['type'] !== 'tool_result') return;
      if (!called.delete(String(block['tool_use_id'])))
        throw refuse(unexpected(i, j, String(block['tool_use_id'])));
      results.push(text);
    });
    if (called.size > 0)
      throw refuse(
        `messages.${i - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
          `${[...called].join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    tokens += 3;
    toolResult = results.length > 0 ? results.join('; ') : null;
    if (role === 'user') lastUserText = textOf(message['content']);
    if (role === 'user' && lastUserText !== '') play = { text: lastUserText, turn: 0 };
    if (role === 'assistant') play.turn++;
  });
  return { lastUserText, play, toolResult, tokens };
}

const unexpected = (i: number, j: number, id: string): string =>
  `messages.${i}.content.${j}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
  'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.';

function blocksOf(content: JsonValue | undefined, at: number): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw refuse(`messages.${at}.content: Input should be a valid list`);
  return content.map((block, j) => {
    if (isObject(block) && typeof block['type'] === 'string') return block;
    throw refuse(`messages.${at}.content.${j}.type: Field required`);
  });
}

function toolsOf(tools: JsonValue | undefined): Tool[] {
  if (tools === undefined) return [];
  if (!Array.isArray(tools)) throw refuse('tools: Input should be a valid list');
  const own: Tool[] = [];
  tools.forEach((tool, i) => {
    if (!isObject(tool) || typeof tool['name'] !== 'string')
      throw refuse(`tools.${i}.custom.name: Field required`);
    // Anthropic's server tools come without a schema and are run by Anthropic, never called.
    if (tool['input_schema'] !== undefined) own.push({ name: tool['name'], schema: tool['input_schema'] });
    else if (tool['type'] === undefined || tool['type'] === 'custom')
      throw refuse(`tools.${i}.custom.input_schema: Field required`);
  });
  return own;
}

function choiceOf(choice: JsonObject): Prompt['toolChoice'] {
  if (choice['type'] === 'any') return 'any';
  if (choice['type'] === 'none') return 'none';
  return choice['type'] === 'tool' ? { name: String(choice['name']) } : 'auto';
}

function schemaOf(body: JsonObject): JsonValue | undefined {
  const config = body['output_config'];
  const format = isObject(config) ? config['format'] : body['output_format'];
  return isObject(format) && format['type'] === 'json_schema' ? format['schema'] : undefined;
}

function thinks(thinking: JsonValue | undefined, maxTokens: number | undefined): boolean {
  if (!isObject(thinking)) return false;
  if (thinking['type'] === 'adaptive') return true;
  if (thinking['type'] !== 'enabled') return false;
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number') throw refuse('thinking.enabled.budget_tokens: Field required');
  if (budget < 1024)
    throw refuse('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  if (maxTokens !== undefined && budget >= maxTokens)
    throw refuse('`max_tokens` must be greater than `thinking.budget_tokens`.');
  return true;
}
