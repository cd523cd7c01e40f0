import Anthropic from '@anthropic-ai/sdk';
import { CountTokensCommand } from '@aws-sdk/client-bedrock-runtime';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { bedrockClient } from '../e2e/bedrock-client.js';
import { json } from '../gateway/embedded.js';

export const KEY = 'hg-count-key-0123456789';

/** The same question from a client of each API, by its official SDK where that has the call. */
export interface CountingClient {
  readonly name: string;
  count(model: string): Promise<number | undefined>;
}

const SYSTEM = 'Be brief.';
const TEXT = 'How many tokens are these?';
const TOOL = 'stock';
const DESCRIPTION = 'Pieces in stock';
const PARAMETERS = { type: 'object', properties: { part: { type: 'string' } } };

/** The characters of all that every client below says. */
export const CHARACTERS = SYSTEM.length + TEXT.length + TOOL.length;

export function clientsAt(url: string): { clients: CountingClient[]; close(): void } {
  const anthropic = new Anthropic({ apiKey: KEY, baseURL: url, maxRetries: 0 });
  const openai = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 });
  const google = new GoogleGenAI({ apiKey: KEY, vertexai: false, httpOptions: { baseUrl: url } });
  const vertex = new GoogleGenAI({ apiKey: KEY, vertexai: true, httpOptions: { baseUrl: url } });
  const bedrock = bedrockClient(url, KEY);
  const system = [{ text: SYSTEM }];
  const converse = {
    messages: [{ role: 'user' as const, content: [{ text: TEXT }] }],
    system,
    toolConfig: {
      tools: [{ toolSpec: { name: TOOL, description: DESCRIPTION, inputSchema: { json: PARAMETERS } } }],
    },
  };
  const claude = {
    system: SYSTEM,
    messages: [{ role: 'user' as const, content: TEXT }],
    tools: [{ name: TOOL, description: DESCRIPTION, input_schema: PARAMETERS as Anthropic.Tool.InputSchema }],
  };
  const invoked = { anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, ...claude };
  const contents = [{ role: 'user', parts: [{ text: TEXT }] }];
  const tools = [
    { functionDeclarations: [{ name: TOOL, description: DESCRIPTION, parametersJsonSchema: PARAMETERS }] },
  ];
  /** The SDK for the Gemini API sends contents alone, so the whole request is written by hand. */
  const googleBody = (path: string, body: object): Promise<number> =>
    fetch(url + path, json(body, { headers: { 'x-goog-api-key': KEY, 'content-type': 'application/json' } }))
      .then((answer) => answer.json())
      .then((answer) => (answer as { totalTokens: number }).totalTokens);
  const whole = { contents, systemInstruction: { parts: system }, tools };
  const clients: CountingClient[] = [
    {
      name: 'Anthropic',
      count: async (model) => (await anthropic.messages.countTokens({ model, ...claude })).input_tokens,
    },
    {
      name: 'OpenAI',
      count: async (model) => {
        const counted = await openai.responses.inputTokens.count({
          model,
          instructions: SYSTEM,
          input: TEXT,
          tools: [
            { type: 'function', name: TOOL, description: DESCRIPTION, parameters: PARAMETERS, strict: false },
          ],
        });
        return counted.object === 'response.input_tokens' ? counted.input_tokens : undefined;
      },
    },
    {
      name: 'the Gemini API',
      count: (model) =>
        googleBody(`/v1beta/models/${model}:countTokens`, {
          generateContentRequest: { model: `models/${model}`, ...whole },
        }),
    },
    {
      name: 'the Gemini API (contents by the SDK)',
      // Contents alone: the others' instructions and tools are their difference.
      count: async (model) =>
        ((await google.models.countTokens({ model, contents })).totalTokens ?? 0) +
        SYSTEM.length +
        TOOL.length,
    },
    {
      name: 'Vertex AI',
      count: (model) =>
        googleBody(`/v1/projects/any/locations/any/publishers/google/models/${model}:countTokens`, whole),
    },
    {
      name: 'Vertex AI (by the SDK)',
      count: async (model) =>
        (await vertex.models.countTokens({ model, contents, config: { systemInstruction: SYSTEM, tools } }))
          .totalTokens,
    },
    {
      name: 'Bedrock (Converse)',
      count: async (modelId) =>
        (await bedrock.send(new CountTokensCommand({ modelId, input: { converse } }))).inputTokens,
    },
    {
      name: 'Bedrock (InvokeModel)',
      count: async (modelId) => {
        const body = Buffer.from(JSON.stringify(invoked));
        return (await bedrock.send(new CountTokensCommand({ modelId, input: { invokeModel: { body } } })))
          .inputTokens;
      },
    },
  ];
  return { clients, close: () => bedrock.destroy() };
}
