import type { JsonObject, JsonValue } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject, needString } from '../shared/read-json.js';

const AT = 'input.invokeModel.body';

/**
 * The body of an InvokeModel request, in its model's own words, as a Converse request: base64 of JSON. Of Claude and Nova
 * the messages, system prompt and tools are read, of other models the one prompt that they take.
 */
export function converseOf(invoked: JsonObject): JsonObject {
  const body = tryParse(
    Buffer.from(needString(invoked, 'body', 'input.invokeModel'), 'base64').toString('utf8'),
  );
  if (!isObject(body)) throw new MalformedBody(`'${AT}' must be base64 of a JSON object`, AT);
  if (Array.isArray(body['messages'])) return conversation(body, body['messages']);
  const prompt = body['prompt'] ?? body['inputText'] ?? body['message'];
  if (typeof prompt === 'string') return { messages: [{ role: 'user', content: [{ text: prompt }] }] };
  throw new MalformedBody(
    `'${AT}' must hold messages or a prompt; 'input.converse' is counted for any model`,
    AT,
  );
}

function conversation(body: JsonObject, messages: JsonValue[]): JsonObject {
  const system = blocksOf(body['system']);
  const tools = toolsOf(body);
  return {
    messages: messages.map((message) =>
      isObject(message) ? { role: message['role'], content: blocksOf(message['content']) } : message,
    ),
    ...(system.length > 0 && { system }),
    ...(tools !== undefined && { toolConfig: { tools } }),
  };
}

/** Claude's content may be one text; blocks with a `type` are Claude's, others already Converse's, which Nova speaks. */
function blocksOf(content: JsonValue | undefined): JsonValue[] {
  if (typeof content === 'string') return [{ text: content }];
  if (!Array.isArray(content)) return [];
  return content.map((block) =>
    isObject(block) && typeof block['type'] === 'string' ? blockOf(block) : block,
  );
}

/** What nobody here has a word for is counted as the text that it is. */
function blockOf(block: JsonObject): JsonObject {
  switch (block['type']) {
    case 'text':
      return { text: block['text'] };
    case 'thinking':
      return {
        reasoningContent: { reasoningText: { text: block['thinking'], signature: block['signature'] } },
      };
    case 'tool_use':
      return { toolUse: { toolUseId: block['id'], name: block['name'], input: block['input'] } };
    case 'tool_result':
      return { toolResult: { toolUseId: block['tool_use_id'], content: blocksOf(block['content']) } };
    case 'image':
      return imageOf(block);
    default:
      return { text: JSON.stringify(block) };
  }
}

function imageOf(block: JsonObject): JsonObject {
  const source = isObject(block['source']) ? block['source'] : {};
  const format = String(source['media_type'] ?? '').replace('image/', '');
  return { image: { format, source: { bytes: source['data'] } } };
}

function toolsOf(body: JsonObject): JsonValue[] | undefined {
  const config = body['toolConfig'];
  if (isObject(config) && Array.isArray(config['tools'])) return config['tools'];
  const { tools } = body;
  if (!Array.isArray(tools)) return undefined;
  return tools.flatMap((tool) =>
    isObject(tool) && isObject(tool['input_schema'])
      ? [
          {
            toolSpec: {
              name: tool['name'],
              inputSchema: { json: tool['input_schema'] },
              ...(typeof tool['description'] === 'string' && { description: tool['description'] }),
            },
          },
        ]
      : [],
  );
}
