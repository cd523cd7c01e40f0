import { ChatAnthropic } from '@langchain/anthropic';
import { ChatBedrockConverse } from '@langchain/aws';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatGoogle } from '@langchain/google';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeEach } from 'vitest';
import { bedrockClient } from '../e2e/bedrock-client.js';
import { degreesSchema, KEY, pixel, weatherSchema } from '../e2e/beside-openai.js';
import { isObject } from '../fakes/json-value.js';
import { everyFormat, startEveryFormat } from './every-format.js';
import { type Client, describeSevenCases, FUNCTION, type StructuredBy } from './seven-cases.js';

const setup = await startEveryFormat();
const { url } = setup.gateway;
const aws = bedrockClient(url);

beforeEach(() => setup.reset());
afterAll(async () => {
  aws.destroy();
  await setup.close();
});

const question = [new SystemMessage('Be brief.'), new HumanMessage('Hi, how is the weather?')];
const weather = {
  type: 'function' as const,
  function: { name: 'weather', description: 'The weather of a city', parameters: weatherSchema },
};

const spoken = (message: AIMessageChunk) => ({
  text: message.text,
  input: message.usage_metadata?.input_tokens ?? 0,
  output: message.usage_metadata?.output_tokens ?? 0,
});

/** Each package leaves the status where its provider's own library puts it. */
function statusOf(error: unknown): number | undefined {
  if (!isObject(error)) return undefined;
  const metadata = isObject(error['$metadata']) ? error['$metadata']['httpStatusCode'] : undefined;
  const found = error['status'] ?? error['status_code'] ?? error['statusCode'] ?? metadata;
  return typeof found === 'number' ? found : statusOf(error['cause']);
}

function clientOf<Model extends BaseChatModel>(
  create: (model: string) => Model,
  structuredBy: StructuredBy,
  /** How a stream is left where a signal does not reach the connection. */
  leave?: (chat: Model) => void,
): Client {
  return {
    chat: async (model) => spoken((await create(model).invoke(question)) as AIMessageChunk),
    async stream(model) {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await create(model).stream(question))
        whole = whole === undefined ? (chunk as AIMessageChunk) : whole.concat(chunk as AIMessageChunk);
      return spoken(whole ?? new AIMessageChunk(''));
    },
    async tools(model) {
      const bound = create(model).bindTools?.([weather]);
      if (bound === undefined) throw new Error('it knows no tools');
      const first = await bound.invoke(question);
      const call = first.tool_calls?.[0];
      if (call === undefined) throw new Error('no call was made');
      const result = new ToolMessage({ content: 'rain', tool_call_id: call.id ?? '', name: call.name });
      const second = await bound.invoke([...question, first, result]);
      return { name: call.name, arguments: call.args, text: second.text };
    },
    image: (model) =>
      create(model).invoke([
        new HumanMessage({
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
          ],
        }),
      ]),
    structured(model) {
      const method = structuredBy === 'schema' ? 'jsonSchema' : 'functionCalling';
      const schema = { title: FUNCTION, description: 'The degrees', ...degreesSchema };
      return create(model).withStructuredOutput(schema, { name: FUNCTION, method }).invoke(question);
    },
    error: (model) =>
      create(model)
        .invoke(question)
        .then(() => undefined, statusOf),
    async abort(model) {
      const leaving = new AbortController();
      const chat = create(model);
      try {
        for await (const chunk of await chat.stream(question, { signal: leaving.signal })) {
          if (chunk.text === '') continue;
          leave?.(chat);
          leaving.abort();
        }
      } catch (error) {
        if (!leaving.signal.aborted) throw error;
      }
    },
  };
}

const common = { apiKey: KEY, maxRetries: 0 };

describeSevenCases(
  'LangChain with its package of OpenAI',
  clientOf(
    (model) => new ChatOpenAI({ ...common, model, configuration: { baseURL: `${url}/v1` } }),
    'schema',
  ),
  setup.upstreams(...everyFormat),
);
describeSevenCases(
  'LangChain with its package of OpenAI, by responses,',
  clientOf(
    (model) =>
      new ChatOpenAI({ ...common, model, useResponsesApi: true, configuration: { baseURL: `${url}/v1` } }),
    'schema',
  ),
  setup.upstreams('openai-responses', 'gemini'),
);
describeSevenCases(
  'LangChain with its package of Anthropic',
  clientOf(
    (model) => new ChatAnthropic({ ...common, model, maxTokens: 300, anthropicApiUrl: url }),
    'function',
  ),
  setup.upstreams(...everyFormat),
  {
    structuredBy: 'function',
    // It takes the input from `message_start` alone, where only Anthropic knows it already, and adds to the output what
    // stands there.
    streamed: (format) => (format === 'anthropic-messages' ? { output: 8 } : { input: 0 }),
  },
);
describeSevenCases(
  'LangChain with its package of Google',
  clientOf(
    (model) =>
      new ChatGoogle({ ...common, model: `gemini-2.5-${model}`, endpoint: url, platformType: 'gai' }),
    'schema',
  ),
  setup.upstreams('gemini', 'openai-chat'),
);
describeSevenCases(
  'LangChain with its package of Ollama',
  clientOf(
    (model) =>
      new ChatOllama({ model, maxRetries: 0, baseUrl: url, headers: { Authorization: `Bearer ${KEY}` } }),
    'schema',
    (chat) => chat.client.abort(),
  ),
  setup.upstreams('ollama-chat', 'anthropic-messages'),
);
describeSevenCases(
  'LangChain with its package of AWS',
  clientOf(
    (model) =>
      new ChatBedrockConverse({
        model,
        maxRetries: 0,
        region: 'us-east-1',
        client: aws,
        supportsToolChoiceValues: ['auto', 'any', 'tool'],
      }),
    'function',
  ),
  setup.upstreams('bedrock-converse', 'openai-chat'),
  { structuredBy: 'function' },
);
