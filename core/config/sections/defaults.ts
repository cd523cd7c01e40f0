import { z } from 'zod';
import { wants } from '../wants.js';

const provider = (api: string) =>
  z
    .string(wants('the id of a provider'))
    .optional()
    .describe(`Provider of requests to ${api} that name no model and no known id.`);

/** Where requests go that are only forwarded and name neither a model nor anything whose provider is known. */
export const defaultsSection = z.strictObject({
  openai: provider("OpenAI's API"),
  anthropic: provider("Anthropic's API"),
  gemini: provider("Google's API"),
  cohere: provider("Cohere's API"),
  ollama: provider("Ollama's API"),
});
