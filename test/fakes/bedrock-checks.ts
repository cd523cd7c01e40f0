import { isObject, type Json, listOf, Refused } from './json-value.js';

function bad(message: string): never {
  throw new Refused(400, message);
}

function checkBlock(block: unknown, at: string): void {
  if (!isObject(block)) bad(`The ContentBlock object at ${at} must be an object.`);
  const kinds = Object.keys(block);
  if (kinds.length !== 1) bad(`The ContentBlock object at ${at} must set exactly one member.`);
  if (block['text'] !== undefined && String(block['text']).trim() === '')
    bad(
      `The text field in the ContentBlock object at ${at} is blank. Add text to the text field, and try again.`,
    );
  if (isObject(block['image'])) {
    const { format, source } = block['image'];
    const { bytes } = isObject(source) ? source : {};
    if (!/^(png|jpeg|gif|webp)$/.test(String(format))) bad(`${at}.image.format failed to satisfy constraint`);
    if (typeof bytes !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(bytes))
      bad(`${at}.image.source.bytes must be base64`);
  }
  if (isObject(block['toolUse']) && !isObject(block['toolUse']['input']))
    bad(
      `The format of the value at ${at}.toolUse.input is invalid. Provide a json object for the field and try again.`,
    );
}

const idsOf = (message: Json | undefined, kind: 'toolUse' | 'toolResult'): string[] =>
  listOf(message?.['content']).flatMap((block) =>
    isObject(block) && isObject(block[kind]) ? [String(block[kind]['toolUseId'])] : [],
  );

/** Users and assistants take turns, and a call is answered in the very next turn. */
function checkTurns(messages: Json[]): void {
  if (messages[0]?.['role'] !== 'user')
    bad(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  for (const [i, message] of messages.entries()) {
    if (message['role'] !== (i % 2 === 0 ? 'user' : 'assistant'))
      bad(
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
      );
    const answered = idsOf(messages[i + 1], 'toolResult');
    const missing = idsOf(message, 'toolUse').filter((id) => !answered.includes(id));
    if (missing.length > 0)
      bad(
        `Expected toolResult blocks at messages.${i + 1}.content for the following Ids: ${missing.join(', ')}`,
      );
    const known = idsOf(messages[i - 1], 'toolUse');
    if (idsOf(message, 'toolResult').some((id) => !known.includes(id)))
      bad(
        `The number of toolResult blocks at messages.${i}.content exceeds the number of toolUse blocks of previous turn.`,
      );
  }
}

function checkTools(request: Json, messages: Json[]): void {
  const config = request['toolConfig'];
  if (config === undefined) {
    if (messages.some((one) => idsOf(one, 'toolUse').length + idsOf(one, 'toolResult').length > 0))
      bad('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
    return;
  }
  const tools = isObject(config) ? listOf(config['tools']) : [];
  if (tools.length === 0) bad('1 validation error detected: toolConfig.tools must have length of at least 1');
  for (const [i, tool] of tools.entries()) {
    const spec = isObject(tool) && isObject(tool['toolSpec']) ? tool['toolSpec'] : null;
    if (spec === null) continue;
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(spec['name'])))
      bad(`toolConfig.tools.${i}.toolSpec.name failed to satisfy constraint: [a-zA-Z0-9_-]+`);
    const schema = isObject(spec['inputSchema']) ? spec['inputSchema']['json'] : undefined;
    if (!isObject(schema) || schema['type'] !== 'object')
      bad(
        `The value at toolConfig.tools.${i}.toolSpec.inputSchema.json.type must be one of the following: object.`,
      );
  }
}

/** Throws what the API answers to a request that it refuses. */
export function checkConverse(request: Json): void {
  const messages = listOf(request['messages']);
  if (messages.length === 0) bad('The messages field is required.');
  for (const [i, message] of messages.entries()) {
    if (!isObject(message)) bad(`messages.${i} must be an object`);
    const blocks = listOf(message['content']);
    if (blocks.length === 0) bad(`The content field in the Message object at messages.${i} is empty.`);
    for (const [j, block] of blocks.entries()) checkBlock(block, `messages.${i}.content.${j}`);
  }
  checkTurns(messages as Json[]);
  checkTools(request, messages as Json[]);
  const inference = isObject(request['inferenceConfig']) ? request['inferenceConfig'] : {};
  const { maxTokens, temperature } = inference;
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && Number(maxTokens) >= 1))
    bad(
      "Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1))
    bad(
      "Value at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less than or equal to 1",
    );
}
